import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { predict } from './prediction.ts'

test('what stays is predicted as it is, what grows evenly a step further, and an outlier moves neither', () => {
  assert.deepEqual(predict([10, 10, 10, 10, 10]), { value: 10, typicalError: 0, triedOn: 3 })
  assert.deepEqual(predict([10, 20, 30, 40, 50, 60]), { value: 70, typicalError: 0, triedOn: 4 })
  assert.equal(predict([10, 10, 10, 900, 10, 10, 10]).value, 10)
  assert.equal(predict([1_000_000, 10, 11, 10, 12, 10, 11]).value, 11)
})

test('what nobody knows is not predicted, and how good a prediction is only when it was tried', () => {
  assert.deepEqual(predict([]), { value: null, typicalError: null, triedOn: 0 })
  assert.deepEqual(predict([7]), { value: 7, typicalError: null, triedOn: 0 })
  assert.equal(predict([7, 8, 9, 10]).typicalError, null)
})

test('the error that is told is the one that past runs show: of noise within a tenth it is below a quarter', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 90, max: 110 }), { minLength: 8, maxLength: 30 }), (values) => {
      const { value, typicalError } = predict(values)
      assert.ok(typicalError! <= 0.25)
      assert.ok(value! >= 50 && value! <= 150)
    }),
  )
})
