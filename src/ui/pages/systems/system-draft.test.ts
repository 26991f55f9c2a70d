import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDatabaseUrl } from '#engine/sources/postgres/target.ts'
import { databaseBodyOf, emptyDatabase, urlOf, type DatabaseDraft } from './database-draft.ts'
import { bodyOf, emptyDraft, errorsBelow, errorsOf, type SystemDraft } from './system-draft.ts'

const fields: DatabaseDraft = { ...emptyDatabase, name: 'main', host: 'db.example.org', database: 'clinic', user: 'backup' }
const whole: SystemDraft = {
  ...emptyDraft('6f1d6a2e-8f7e-4b7e-9a51-2f0f5f6f7a01'),
  name: 'clinic',
  title: 'Clinical records',
  databases: [fields],
  roots: [{ name: 'uploads', path: '/data/uploads/' }],
}

test('fields become the URL that the service reads back as the same place', () => {
  const cases: readonly (readonly [Partial<DatabaseDraft>, object])[] = [
    [{}, { host: 'db.example.org', port: 5432, user: 'backup', database: 'clinic' }],
    [{ port: '' }, { host: 'db.example.org', port: 5432, user: 'backup', database: 'clinic' }],
    [
      { host: '::1', port: '5433' },
      { host: '::1', port: 5433, user: 'backup', database: 'clinic' },
    ],
    [
      { host: '/run/pg dir', port: '5555' },
      { host: '/run/pg dir', port: 5555, user: 'backup', database: 'clinic' },
    ],
    [
      { user: 'a@b/c', database: 'x?y&z' },
      { host: 'db.example.org', port: 5432, user: 'a@b/c', database: 'x?y&z' },
    ],
    [
      { sslMode: 'verify-full', sslRootCertificate: '/etc/ssl/our ca.pem' },
      {
        host: 'db.example.org',
        port: 5432,
        user: 'backup',
        database: 'clinic',
        sslMode: 'verify-full',
        sslRootCertificate: '/etc/ssl/our ca.pem',
      },
    ],
  ]
  for (const [change, expected] of cases) assert.deepEqual(parseDatabaseUrl('main', urlOf({ ...fields, ...change }), {}), expected)
})

test('a password stands beside the URL; one that is kept is not sent, one that is taken away is null', () => {
  assert.equal(databaseBodyOf({ ...fields, password: 'lamp' }).password, 'lamp')
  assert.equal(databaseBodyOf(fields).password, null)
  assert.equal(databaseBodyOf({ ...fields, password: 'lamp', passwordIs: 'none' }).password, null)
  assert.equal('password' in databaseBodyOf({ ...fields, passwordIs: 'kept' }), false)
})

test('a whole draft has no error, and its body nothing that was typed in vain', () => {
  const settings = {
    ...whole.settings,
    exclude: { uploads: ['tmp/**', '', ' *.part '], gone: ['x'] },
    containerisedRoots: ['gone', 'uploads'],
    readyAssertions: [],
  }
  assert.deepEqual(errorsOf({ ...whole, settings }), {})
  const body = bodyOf({ ...whole, settings })
  assert.deepEqual(body.roots, [{ name: 'uploads', path: '/data/uploads' }])
  assert.deepEqual(body.settings.exclude, { uploads: ['tmp/**', '*.part'] })
  assert.deepEqual(body.settings.containerisedRoots, ['uploads'])
  assert.equal('readyAssertions' in body.settings, false)
})

test('what is wrong is named where it stands, in words', () => {
  assert.deepEqual(Object.keys(errorsOf({ ...whole, databases: [], roots: [] })), ['databases'])
  assert.equal(errorsOf({ ...whole, title: ' ' })['title'], 'Needed')
  assert.match(errorsOf({ ...whole, name: 'Clinic' })['name']!, /^A name is/)
  assert.match(errorsOf({ ...whole, roots: [{ name: 'uploads', path: 'data' }] })['roots.0.path']!, /^An absolute path/)
  assert.equal(errorsOf({ ...whole, databases: [{ ...fields, host: '' }] })['databases.0.host'], 'Needed')
  assert.equal(errorsOf({ ...whole, databases: [{ ...fields, way: 'url', url: '' }] })['databases.0.url'], 'Needed')
  assert.equal(errorsOf({ ...whole, repositoryId: '' })['repositoryId'], 'Choose where the backups go')
  const settings = { ...whole.settings, hooks: { beforeBackup: { command: [], timeoutMs: 1 } }, objectives: { rpoMinutes: -1 } }
  const found = errorsOf({ ...whole, settings })
  assert.ok(Object.keys(errorsBelow(found, ['settings.hooks'])).length === 1, JSON.stringify(found))
  assert.ok('settings.objectives.rpoMinutes' in found)
  assert.deepEqual(errorsBelow(found, ['databases']), {})
})
