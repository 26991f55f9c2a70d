import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { faultPage } from './fault-page.ts'

test('docs/guide/fault-codes.md is the table of the product, hint by hint', () => {
  const place = 'docs/guide/fault-codes.md'
  assert.equal(readFileSync(place, 'utf8'), faultPage(), `print it again: node tools/fault-page.ts > ${place}`)
})
