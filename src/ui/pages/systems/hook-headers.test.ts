import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headersOf, printHeaders } from './hook-headers.ts'

test('headers are read as they are printed; a secret is the file that holds it', () => {
  const headers = { 'X-Reason': 'backup: nightly', Authorization: { file: '/etc/integrum/hook-token' } }
  assert.equal(printHeaders(headers), 'X-Reason: backup: nightly\nAuthorization: @/etc/integrum/hook-token')
  assert.deepEqual(headersOf(printHeaders(headers)), headers)
  assert.deepEqual(headersOf('\n A:1 \n\n'), { A: '1' })
})
