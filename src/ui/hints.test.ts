import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultCodes } from '#base/fault-codes.ts'
import { factOf, hintOf } from './hints.ts'

/** Of what happens before there is a service, to whoever types a command, or is done at the command line alone. */
const neverOnPages = new Set([
  'PASSWORD_MISSING',
  'PLAN_INVALID',
  'ARCHIVE_EXISTS',
  'DUMP_INVALID',
  'CATALOG_ROLE',
  'SERVICE_ABSENT',
  'DATA_IN_USE',
  'PORT_IN_USE',
])

/** Single records and masks are worked with at the command line. */
const withoutPages = /^(ENTITY|MASK)_/

test('no hint tells whoever has the pages before them to type a command, but for the repair that is done there alone', () => {
  const typed = Object.entries(faultCodes)
    .map(([code, { hint }]) => [code, hintOf({ code, hint })] as const)
    .filter(([code]) => !neverOnPages.has(code) && !withoutPages.test(code))
    .filter(([, hint]) => /(^|\s)--[a-z]|`integrum /.test(hint.replaceAll(/`integrum repository repair[^`]*`/g, '')))
  assert.deepEqual(typed, [])
})

test('a tenant is an organization in what people read; a table of that name stays what it is', () => {
  assert.equal(factOf('there is or was a tenant lake'), 'there is or was an organization lake')
  assert.equal(factOf('the tenant lake has 2 systems'), 'the organization lake has 2 systems')
  assert.equal(factOf('olga has roles in other tenants too'), 'olga has roles in other organizations too')
  for (const fact of ['table public.tenant is not in the backup', 'the tenant.id column']) assert.equal(factOf(fact), fact)
})
