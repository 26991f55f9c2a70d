import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attachmentNamed, namesTag, rangeOf } from './range.ts'

const whole = { kind: 'whole' }
const part = (from: number, to: number) => ({ kind: 'part', from, to })

test('one range of bytes is understood as RFC 9110 says it, anything else is the whole file', () => {
  const cases: [string | undefined, object][] = [
    [undefined, whole],
    ['bytes=0-', part(0, 99)],
    ['bytes=0-0', part(0, 0)],
    ['bytes=10-19', part(10, 19)],
    ['bytes=90-1000', part(90, 99)],
    ['bytes=-10', part(90, 99)],
    ['bytes=-1000', part(0, 99)],
    ['bytes=100-', { kind: 'unsatisfiable' }],
    ['bytes=-0', { kind: 'unsatisfiable' }],
    ['bytes=20-10', whole],
    ['bytes=-', whole],
    ['bytes=0-1,5-6', whole],
    ['lines=0-1', whole],
    ['bytes=1e1-', whole],
  ]
  for (const [header, expected] of cases) assert.deepEqual(rangeOf(header, 100), expected, header ?? 'none')
})

test('a tag is found in a list, weak or strong, and by the star', () => {
  assert.ok(namesTag('"a", W/"b"', '"b"'))
  assert.ok(namesTag('*', '"b"'))
  assert.ok(!namesTag('"a"', '"b"'))
  assert.ok(!namesTag(undefined, '"b"'))
})

test('the name of a download says nothing that ends its header', () => {
  assert.equal(attachmentNamed('a"b\r\nc;é.tar'), `attachment; filename="a_b__c__.tar"; filename*=UTF-8''a%22b%0D%0Ac%3B%C3%A9.tar`)
})
