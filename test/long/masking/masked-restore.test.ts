import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { clinicMasks, maskedClinic, type MaskedClinic } from '#test/masking/masked-clinic.ts'
import { maskedRestores } from '#test/masking/masked-restores.ts'

type Restores = Awaited<ReturnType<typeof maskedRestores>>
let clinic: MaskedClinic
let planned: Restores['planned']
let run: Restores['run']
let to: Restores['to']
before(async () => {
  clinic = await maskedClinic(0.02)
  ;({ planned, run, to } = await maskedRestores(clinic))
})
after(() => clinic[Symbol.asyncDispose]())

const exists = async (database: string) =>
  (await clinic.cluster.psql('postgres', `select count(*) from pg_database where datname = '${database}'`)).trim()
test('INV-935 what cannot be masked is refused by the plan, with nothing stored and no database made', async () => {
  const count = async () => (await clinic.place.expect(0, 'backups', 'list')).json['backups'].length
  const before = await count()
  const column = { schema: 'clinic', table: 'patient', column: 'family_name' }
  assert.match(
    (await planned(2, { masks: { columns: [{ ...column, mask: 'null' }] } }, ...to('never'))).stderr,
    /MASK_REFUSED: clinic\.patient/,
  )
  assert.match((await planned(2, {}, ...to('never'))).stderr, /MASK_SETTINGS: the settings have no masks/)
  const files = ['--files', `documents=${clinic.place.file('documents')}`]
  assert.match(
    (await planned(2, clinicMasks, ...to('never'), ...files)).stderr,
    /MASK_SETTINGS: files documents are not masked by anything/,
  )
  assert.equal(await count(), before)
  assert.equal(await exists('never'), '0')
})

test('INV-936 a plan is carried out with the key that it was made with, or not at all', async () => {
  const key = clinic.place.file('key')
  await writeFile(key, 'b'.repeat(64))
  await planned(0, clinicMasks, ...to('keyed'), '--mask-key-file', key)
  assert.match((await run(2)).stderr, /MASK_KEY: the plan was made with the key of a file/)
  assert.equal(await exists('keyed'), '0')
  const plan = clinic.place.file('plan')
  const text = await readFile(plan, 'utf8')
  // A plan without its masks would restore the rows as they are.
  const { masks: _masks, ...without } = JSON.parse(text) as { masks: object }
  await writeFile(plan, JSON.stringify(without))
  assert.match((await run(2, '--mask-key-file', key)).stderr, /PLAN_INVALID/)
  assert.equal(await exists('keyed'), '0')
})

test('files that the masks keep are restored as they are, and nowhere over the original', async () => {
  const masks = { ...clinicMasks.masks, keptRoots: ['documents'] }
  const place = clinic.place.file('documents')
  const original = ['--files', `documents=${clinic.files}`]
  assert.match((await planned(2, { ...clinicMasks, masks }, ...to('kept'), ...original)).stderr, /RESTORE_MASKED/)
  await planned(0, { ...clinicMasks, masks }, ...to('kept'), '--files', `documents=${place}`)
  const { json } = await run(0)
  assert.ok(json['verified'].files > 0)
})
