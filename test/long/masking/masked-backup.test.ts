import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { assertJoined, assertNobodyFound } from '#test/masking/judge.ts'
import { clinicMasks, maskedClinic, type MaskedClinic } from '#test/masking/masked-clinic.ts'

let clinic: MaskedClinic
let settings: string
let told: Readonly<Record<string, any>>
before(async () => {
  clinic = await maskedClinic(0.02)
  settings = await clinic.settings('settings.json', clinicMasks)
  told = await clinic.restored('research', settings)
})
after(() => clinic[Symbol.asyncDispose]())

const pairs = `select subject_code, family_name, id, born_on from clinic.patient order by subject_code`

test('INV-920 INV-921 INV-922 INV-923 of a masked backup nobody is found by value, joins hold, counts and intervals are equal', async () => {
  assert.ok((await assertNobodyFound(clinic.cluster, 'clinic', 'research')) > 60)
  await assertJoined(clinic.cluster, 'clinic', 'research')
})

test('columns that refer to a masked one are masked alike, and the backup says why', () => {
  const columns = told['sanitization'].databases[0].columns.map(
    (one: Record<string, string>) => `${one['table']}.${one['column']} ${one['mask']}: ${one['because']}`,
  )
  for (const table of ['visit', 'observation', 'lab_result', 'medication', 'consent', 'document'])
    assert.ok(columns.includes(`${table}.patient_id hash: it is linked with clinic.patient.id`), table)
  assert.ok(columns.includes('audit_log.entity_id hash: it is linked with clinic.patient.id'))
  assert.ok(columns.includes('patient.id hash: the settings say so'))
  // By the audit log alone a visit is masked as a patient is.
  assert.ok(columns.includes('observation.visit_id hash: it is linked with clinic.patient.id'))
})

test('large objects and files are left out, and that is said', async () => {
  assert.notEqual((await clinic.cluster.psql('clinic', 'select count(*) from pg_largeobject_metadata')).trim(), '0')
  assert.equal((await clinic.cluster.psql('research', 'select count(*) from pg_largeobject_metadata')).trim(), '0')
  assert.equal(told['files'].count, 0)
  assert.deepEqual(told['sanitization'].rootsLeftOut, ['documents'])
  assert.ok(told['exactness'].some(({ what }: { what: string }) => what === 'large objects'))
  assert.ok(told['exactness'].some(({ what }: { what: string }) => what.startsWith('masked columns: ')))
})

test('a masked backup is read back by a verify and proven by a drill like any other', async () => {
  const { json: verified } = await clinic.place.expect(0, 'verify', told['backup'])
  assert.equal(verified['status'], 'completed')
  const { json: drilled } = await clinic.place.expect(0, 'drill', told['backup'])
  assert.equal(drilled['outcome'], 'proven')
})

test('INV-924 the next backup masks the same values alike, another key masks them otherwise', async () => {
  const again = await clinic.restored('again', settings)
  assert.equal(again['sanitization'].key, told['sanitization'].key)
  assert.equal(await clinic.cluster.psql('again', pairs), await clinic.cluster.psql('research', pairs))
  const key = clinic.place.file('key')
  await writeFile(key, 'a'.repeat(64))
  const other = await clinic.restored('other', settings, '--mask-key-file', key)
  assert.equal(other['sanitization'].keyedBy, 'key-file')
  assert.notEqual(other['sanitization'].key, told['sanitization'].key)
  const before = new Set((await clinic.cluster.psql('research', pairs)).split('\n'))
  const rows = (await clinic.cluster.psql('other', pairs)).trim().split('\n')
  assert.deepEqual(
    rows.filter((row) => before.has(row)),
    [],
  )
})

test('INV-924 INV-925 a masked copy of a stored backup holds what a masked backup of the system then held, and is refused in place as well', async () => {
  const { place, cluster } = clinic
  const source = ['--system', 'emr', '--database', `main=${cluster.url('clinic')}`, '--files', `documents=${clinic.files}`]
  const { json: whole } = await place.expect(0, 'backup', ...source)
  const { json: copy } = await place.expect(0, 'masks', 'copy', whole['backup'], '--settings', settings)
  assert.equal(copy['type'], 'masked')
  assert.equal(copy['sanitization'].copyOf.backup, whole['backup'])
  assert.deepEqual(copy['sanitization'].rootsLeftOut, ['documents'])
  const plan = ['restore', 'plan', '--backup', copy['backup'], '--out', place.file('copy.plan'), '--database']
  assert.match((await place.expect(2, ...plan, `main=${cluster.url('clinic')}`)).stderr, /RESTORE_MASKED/)
  await place.expect(0, ...plan, `main=${cluster.url('copied')}`)
  await place.expect(0, 'restore', 'run', place.file('copy.plan'), '--confirm', 'emr', '--no-safety-backup', '--reason', 'a new database')
  assert.match(await cluster.diff('research', 'copied'), /^IDENTICAL$/m)
  assert.match(
    (await place.expect(2, 'masks', 'copy', copy['backup'], '--settings', settings)).stderr,
    /MASK_SETTINGS: .* is masked already/,
  )
})

test('INV-925 a masked backup is listed as one, is not the latest, and is refused in place', async () => {
  const { place, cluster } = clinic
  const { json: listed } = await place.expect(0, 'backups', 'list')
  const types = listed['backups'].map(({ type }: { type: string }) => type)
  assert.ok(types.includes('masked'))
  // The whole one is older than a masked one, and still the latest of the system.
  assert.equal(types.filter((type: string) => type === 'full').length, 1)
  const { json: latest } = await place.expect(0, 'verify', 'latest')
  assert.equal(latest['backup'], listed['backups'].find(({ type }: { type: string }) => type === 'full').backup)
  const plan = ['restore', 'plan', '--backup', told['backup'], '--out', place.file('plan')]
  assert.match(
    (await place.expect(2, ...plan)).stderr,
    /RESTORE_MASKED: what is restored is masked, and database main would go to where it was captured/,
  )
  // The same database under another address of the same server.
  const elsewhere = await place.expect(2, ...plan, '--database', `main=${cluster.url('clinic')}%2F`)
  assert.match(
    elsewhere.stderr,
    /RESTORE_MASKED: what is restored is masked, and the target of database main is the database that it was captured from/,
  )
  assert.equal((await cluster.psql('clinic', 'select count(*) from clinic.patient')).trim(), '8')
})
