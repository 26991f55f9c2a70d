import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { assertJoined, assertNobodyFound } from './judge.ts'
import { clinicMasks, maskedClinic, type MaskedClinic } from './masked-clinic.ts'
import { maskedRestores } from './masked-restores.ts'

type Restores = Awaited<ReturnType<typeof maskedRestores>>
let clinic: MaskedClinic
let whole: string
let planned: Restores['planned']
let run: Restores['run']
let to: Restores['to']
before(async () => {
  clinic = await maskedClinic(0.02)
  ;({ whole, planned, run, to } = await maskedRestores(clinic))
})
after(() => clinic[Symbol.asyncDispose]())

// What runs in a system before a swap would stop the clinic itself, and what it asserts names people.
const ofTheSystem = { hooks: { beforeSwap: { command: ['/bin/false'] } }, assertions: [{ name: 'never', sql: 'select false' }] }

test('INV-935 INV-936 one plan brings a backup back elsewhere with masks: nobody is found, joins hold, and the report says which columns', async () => {
  const { json: plan, stderr } = await planned(0, { ...clinicMasks, ...ofTheSystem }, ...to('elsewhere'))
  assert.match(stderr, /hash +main: clinic\.visit\.patient_id: it is linked with clinic\.patient\.id/)
  assert.ok(plan['masks'].databases[0].columns.length > 25)
  const { json } = await run(0)
  assert.ok((await assertNobodyFound(clinic.cluster, 'clinic', 'elsewhere')) > 60)
  await assertJoined(clinic.cluster, 'clinic', 'elsewhere')
  const { json: listed } = await clinic.place.expect(0, 'backups', 'list')
  const masked = listed['backups'].filter(({ type }: { type: string }) => type === 'masked')
  assert.deepEqual(
    masked.map(({ backup }: { backup: string }) => backup),
    [json['maskedBackup']],
  )
  const receipt = JSON.parse(await readFile(clinic.place.file(`state/restores/${json['restore']}/receipt.json`), 'utf8')) as {
    backup: { id: string }
    masks: { copyOf: { backup: string }; databases: { columns: object[] }[] }
  }
  assert.equal(receipt.backup.id, json['maskedBackup'])
  assert.equal(receipt.masks.copyOf.backup, whole)
  assert.equal(receipt.masks.databases[0]!.columns.length, plan['masks'].databases[0].columns.length)
})

test('INV-937 over the system itself it is refused, under its address and another, and the system is as it was', async () => {
  const before = await clinic.cluster.psql('clinic', 'select sum(hashtext(p::text)) from clinic.patient p')
  assert.match((await planned(2, clinicMasks)).stderr, /RESTORE_MASKED/)
  assert.match((await planned(2, clinicMasks, ...to('clinic'))).stderr, /RESTORE_MASKED/)
  assert.match((await planned(2, clinicMasks, '--database', `main=${clinic.cluster.url('clinic')}%2F`)).stderr, /RESTORE_MASKED/)
  assert.equal(await clinic.cluster.psql('clinic', 'select sum(hashtext(p::text)) from clinic.patient p'), before)
})
