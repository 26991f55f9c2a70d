import assert from 'node:assert/strict'
import test from 'node:test'
import { GiB } from '#base/units.ts'
import { faultsOf, firstChoice, missingRoles, orderOf, urlBeside, withHanded, type ScopeChoice } from './scope-order.ts'

const backupId = '0b0f8c3e-61f1-4a55-8ef5-8bb7b5b4f4b5'
const parts = {
  startedAt: '2026-11-22T01:02:03.000Z',
  databases: [{ name: 'clinic', database: 'clinic', roles: ['clinic_owner', 'clinic_staff'] }],
  roots: [{ name: 'documents', path: '/srv/documents' }],
}
const own = {
  databases: [{ name: 'clinic', url: 'postgresql://postgres@/clinic?host=%2Frun' }],
  roots: [{ name: 'documents', path: '/srv/documents' }],
}
const choice = (change: Partial<ScopeChoice> = {}) => ({ ...firstChoice(parts, own, 'full'), ...change })
const order = (change: Partial<ScopeChoice> = {}) => orderOf(choice(change), backupId, parts)

test('everything in place names no place: each part goes to where its system has it now', () => {
  assert.deepEqual(order(), { backupId, scope: 'full', roles: [] })
})

test('elsewhere each part has a place that is proposed beside its own', () => {
  assert.deepEqual(order({ where: 'elsewhere' }), {
    backupId,
    scope: 'full',
    databases: [{ name: 'clinic', url: 'postgresql://postgres@/clinic_202611220102?host=%2Frun' }],
    roots: [{ name: 'documents', path: '/srv/documents-202611220102' }],
    roles: [],
  })
  assert.equal(urlBeside('postgresql://u@h:5432/a', 'b'), 'postgresql://u@h:5432/b')
})

test('chosen tables always go into another database, and never touch the files', () => {
  const asked = order({ what: 'tables', tables: ['clinic.patient'] })
  assert.deepEqual([asked.scope, asked.tables, asked.roots], ['database', ['clinic.patient'], []])
  assert.match(asked.databases![0]!.url!, /clinic_202611220102/)
})

test('the files alone leave out the databases; free space that is stated names every part', () => {
  assert.deepEqual(order({ what: 'files' }), { backupId, scope: 'files', databases: [], roots: [{ name: 'documents' }], roles: [] })
  const stated = order({ freeGiB: { clinic: 2 } })
  assert.deepEqual([stated.databases, stated.roots], [[{ name: 'clinic', freeBytes: 2 * GiB }], [{ name: 'documents' }]])
})

test('a backup of no system goes elsewhere, and what is missing is said at its field', () => {
  const free = firstChoice(parts, null, 'full')
  assert.equal(free.where, 'elsewhere')
  const faults = faultsOf(free, orderOf(free, backupId, parts), parts)
  assert.deepEqual(Object.keys(faults).toSorted(), ['databases.0.url', 'roots.0.path'])
  const asked = choice({ what: 'tables', roles: { clinic_staff: { kind: 'map', to: '' } } })
  const missing = faultsOf(asked, orderOf(asked, backupId, parts), parts)
  assert.deepEqual(Object.keys(missing).toSorted(), ['roles.0.to', 'tables'])
})

test('roles that a refusal names are found among those of the backup', () => {
  assert.deepEqual(missingRoles('the server has no role clinic_staff, other, and the plan chooses none', parts), ['clinic_staff'])
})

test('what holds some of its system, or is masked, is proposed for another place; a record that was handed over is what is wanted', () => {
  for (const type of ['entity', 'masked'] as const) assert.equal(firstChoice(parts, own, type).where, 'elsewhere')
  assert.equal(firstChoice(parts, own, 'database').where, 'in-place')
  const wish = { kind: 'patient', key: 'LX-1' }
  assert.deepEqual(orderOf(withHanded(choice(), wish), backupId, parts), { backupId, scope: 'records', records: [wish] })
  assert.deepEqual(withHanded(choice(), undefined), choice())
})
