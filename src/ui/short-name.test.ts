import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameSchema } from '#contract/shapes.ts'
import { shortNameOf } from './short-name.ts'

test('a short name is made of a title, and is one that the service takes', () => {
  for (const [title, name] of [
    ['Harbour Clinic, Kiel', 'harbour-clinic-kiel'],
    ['Hôpital Saint-Étienne', 'hopital-saint-etienne'],
    ['  3rd Ward ', '3rd-ward'],
  ] as const) {
    assert.equal(shortNameOf(title), name)
    assert.equal(nameSchema.safeParse(name).success, true)
  }
})

test('a title without any letter that a name may have leaves it to be typed', () => {
  assert.equal(shortNameOf('病院'), '')
})
