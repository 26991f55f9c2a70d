import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { permissionPage } from './permission-page.ts'

test('docs/api/permissions.md is the matrix of the product, endpoint by endpoint', () => {
  const place = 'docs/api/permissions.md'
  assert.equal(readFileSync(place, 'utf8'), permissionPage(), `print it again: node tools/permission-page.ts > ${place}`)
})
