import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { makeClinic } from '#demo/clinic/make-clinic.ts'
import { systemSettingsSchema } from '#base/settings.ts'
import { EntityWorld } from '#test/support/entity-world.ts'
import { copyTree, treeDiff } from '#test/support/trees.ts'

/** 24 is 1 GiB of database: the deletions before and after then take most of the time, since nothing helps PostgreSQL to check references. */
const scale = Number(process.env['SWEEP_SCALE'] ?? 8)

/** Sites and staff serve several studies: they have to exist, and belong to the organization. */
const settings = systemSettingsSchema.parse({
  fileReferences: [{ database: 'main', schema: 'clinic', table: 'document', column: 'path', root: 'files' }],
})

const foreignKeyIndexes = [
  'patient_study_id_idx on clinic.patient (study_id)',
  'visit_patient_id_began_at_idx on clinic.visit (patient_id, began_at)',
  'observation_visit_id_idx on clinic.observation (visit_id)',
  'lab_result_visit_id_idx on clinic.lab_result (visit_id) where is_abnormal',
  'document_patient_id_kind_idx on clinic.document (patient_id) include (kind)',
] as const

let world: EntityWorld
let files: string
before(async () => {
  world = await EntityWorld.make()
  files = world.shop.at('live-files')
  await world.cluster.createDatabase('clinic')
  await makeClinic({ target: world.cluster.url('clinic'), filesRoot: files, scale, seed: 5 })
})
after(() => world[Symbol.asyncDispose]())

const sql = async (text: string, database = 'clinic') => (await world.cluster.psql(database, text)).trim()

/** Everything below the patients that `where` names, and they themselves. */
async function deletePatients(where: string, database = 'clinic'): Promise<void> {
  const of = `in (select id from clinic.patient where ${where})`
  const tables = ['document', 'lab_result', 'observation', 'consent', 'medication', 'visit']
  const deletes = tables.map((table) => `delete from clinic.${table} where patient_id ${of};`)
  await sql(`begin; ${deletes.join(' ')} delete from clinic.patient where ${where}; commit`, database)
}

for (const { kind, key, where } of [
  { kind: 'study', key: 'code', where: (id: string) => `study_id = ${id}` },
  { kind: 'organization', key: 'name', where: (id: string) => `study_id in (select id from clinic.study where organization_id = ${id})` },
] as const) {
  test(`INV-910 INV-911 one ${kind} comes back with its files, without indexes on its references; nothing else changes, and undo is exact`, async () => {
    const backup = await world.backUp('clinic', files)
    const [id, name] = (await sql(`select id, ${key} from clinic.${kind} order by id limit 1`)).split('|')
    const patients = where(id!)
    const documents = (
      await sql(`select path from clinic.document where patient_id in (select id from clinic.patient where ${patients})`)
    ).split('\n')
    await sql(`create database yesterday_${kind} template clinic`, 'postgres')
    await deletePatients(patients)
    for (const document of documents) await rm(path.join(files, document))
    await sql(`create database deleted_${kind} template clinic`, 'postgres')
    const tree = world.shop.at(`tree-${kind}`)
    await copyTree(files, tree)
    for (const index of foreignKeyIndexes) await sql(`drop index clinic.${index.split(' ')[0]!}`)
    const planned = await world.plan({ database: 'clinic', backup, settings, files, entities: [{ kind, key: name! }] })
    const inserted = planned.changeSet.tables.reduce((sum, { inserts }) => sum + inserts, 0)
    assert.equal(planned.changeSet.files[0]?.adds, documents.length)
    const state = await world.apply(planned)
    assert.deepEqual([state.step, state.applied?.rows, state.notRestored], ['done', inserted, []])
    for (const index of foreignKeyIndexes) await sql(`create index ${index}`)
    const restored = await world.cluster.diff(`yesterday_${kind}`, 'clinic')
    assert.match(restored, /^IDENTICAL$/m, restored)
    await world.undo(planned)
    const undone = await world.cluster.diff(`deleted_${kind}`, 'clinic')
    assert.match(undone, /^IDENTICAL$/m, undone)
    assert.match(await treeDiff(tree, files), /^IDENTICAL$/m)
    await world.apply(await world.plan({ database: 'clinic', backup, settings, files, entities: [{ kind, key: name! }] }))
    await sql(`drop database yesterday_${kind}; `, 'postgres')
    await sql(`drop database deleted_${kind}`, 'postgres')
  })
}
