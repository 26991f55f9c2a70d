import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDatabaseUrl, printDatabaseUrl } from './target.ts'

test('the URL of a database keeps its TLS parameters, and an unknown mode is refused', () => {
  const url = 'postgresql://a@h:5433/d?sslmode=verify-full&sslrootcert=%2Fetc%2Froot%20ca.pem'
  const target = parseDatabaseUrl('d', url, {})
  assert.deepEqual([target.sslMode, target.sslRootCertificate], ['verify-full', '/etc/root ca.pem'])
  assert.equal(printDatabaseUrl(target), url)
  assert.throws(() => parseDatabaseUrl('d', 'postgresql://h/d?sslmode=strict', {}), /an invalid sslMode/)
})
