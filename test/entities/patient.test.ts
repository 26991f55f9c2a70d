import assert from 'node:assert/strict'
import { appendFile, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { makeClinic } from '#demo/clinic/make-clinic.ts'
import { WritingClient } from '#demo/writing-client.ts'
import { systemSettingsSchema } from '#base/settings.ts'
import { connect } from '#engine/sources/postgres/connection.ts'
import { EntityWorld } from '#test/support/entity-world.ts'
import { copyTree, treeDiff } from '#test/support/trees.ts'

/** The consents of a patient leave lines in the log; what is logged of a patient belongs to the patient. */
const settings = systemSettingsSchema.parse({
  fileReferences: [{ database: 'main', schema: 'clinic', table: 'document', column: 'path', root: 'files' }],
  entities: {
    polymorphic: [
      {
        schema: 'clinic',
        table: 'audit_log',
        typeColumn: 'entity_type',
        idColumn: 'entity_id',
        targets: { patient: { schema: 'clinic', table: 'patient' }, visit: { schema: 'clinic', table: 'visit' } },
      },
    ],
  },
})

let world: EntityWorld
let files: string
before(async () => {
  world = await EntityWorld.make()
  files = world.shop.at('live-files')
  await world.cluster.createDatabase('clinic')
  await makeClinic({ target: world.cluster.url('clinic'), filesRoot: files, scale: 0.2, seed: 11 })
  await using connection = await connect(world.cluster.target('clinic'))
  await WritingClient.prepare(connection)
})
after(() => world[Symbol.asyncDispose]())

const sql = async (text: string, database = 'clinic') => (await world.cluster.psql(database, text)).trim()

/** Everything of one patient, leaf tables first; `%` stands for the ids of patients. */
const ofPatient = [
  ['clinic.document', 'patient_id in (%)'],
  [
    'clinic.audit_log',
    "(entity_type = 'patient' and entity_id in (%)) or (entity_type = 'visit' and entity_id in (select id from clinic.visit where patient_id in (%)))",
  ],
  ['clinic.lab_result', 'patient_id in (%)'],
  ['clinic.observation', 'patient_id in (%)'],
  ['clinic.consent', 'patient_id in (%)'],
  ['clinic.medication', 'patient_id in (%)'],
  ['clinic.visit', 'patient_id in (%)'],
  ['clinic.patient', 'id in (%)'],
] as const

async function deletePatient(ids: string, database = 'clinic'): Promise<void> {
  await sql(
    `begin; ${ofPatient.map(([table, where]) => `delete from ${table} where ${where.replaceAll('%', ids)};`).join(' ')} commit`,
    database,
  )
}

/** A copy to compare with, while nobody is connected. */
async function copyOf(name: string): Promise<void> {
  await sql(`create database ${name} template clinic`, 'postgres')
}

async function assertIdentical(a: string, b: string): Promise<void> {
  const told = await world.cluster.diff(a, b)
  assert.match(told, /^IDENTICAL$/m, told)
}

test('SAFETY rule 32: INV-910 a deleted patient comes back with all rows and files while the application writes, nothing else changes, and undo is exact', async () => {
  const backup = await world.backUp('clinic', files)
  await copyOf('yesterday')
  const trees = { yesterday: world.shop.at('tree-yesterday'), before: world.shop.at('tree-before') }
  await copyTree(files, trees.yesterday)
  const [id, code] = (
    await sql(
      'select id, subject_code from clinic.patient where exists (select from clinic.document where patient_id = patient.id) order by id limit 1',
    )
  ).split('|')
  const documents = (await sql(`select path from clinic.document where patient_id = ${id} order by path`)).split('\n')
  const dependent = Number(
    await sql(
      ofPatient
        .map(([table, where]) => `(select count(*) from ${table} where ${where.replaceAll('%', id!)})`)
        .join(' + ')
        .replace(/^/, 'select '),
    ),
  )
  assert.ok(dependent > 500, `${dependent} rows`)

  // Since the backup: the patient is deleted with the files, two others are changed, and one of them has a new file.
  await deletePatient(id!)
  for (const document of documents) await rm(path.join(files, document))
  await sql(
    "update clinic.patient set family_name = family_name || '-Jones' where id in (select id from clinic.patient order by id desc limit 2)",
  )
  await writeFile(path.join(files, 'of-somebody-else.txt'), 'new')
  await copyOf('before_restore')
  await copyTree(files, trees.before)

  const planned = await world.plan({ database: 'clinic', backup, settings, files, entities: [{ kind: 'patient', key: code! }] })
  const { tables, files: roots, loss } = planned.changeSet
  assert.equal(
    tables.reduce((sum, { inserts }) => sum + inserts, 0),
    dependent,
  )
  assert.deepEqual(
    tables.map(({ updates, deletes }) => updates + deletes).filter((rows) => rows > 0),
    [],
  )
  assert.deepEqual([roots.map(({ adds, replaces, removes }) => [adds, replaces, removes]), loss], [[[documents.length, 0, 0]], []])

  const application = new WritingClient(world.cluster.target('clinic'))
  const state = await world.apply(planned)
  const { writes } = await application.stop()
  assert.ok(writes > 0, 'the application went on writing')
  await WritingClient.rest(world.cluster.target('clinic'))
  assert.deepEqual([state.step, state.applied?.rows, state.applied?.files, state.notRestored], ['done', dependent, documents.length, []])
  assert.deepEqual(state.applied?.quietTriggers, ['clinic.consent.consent_is_recorded'])

  // Rows: the patient as yesterday, everybody else as just before.
  for (const [table, where] of ofPatient) {
    const rows = (database: string) =>
      sql(`select md5(string_agg(t::text, '|' order by t::text)) from ${table} t where ${where.replaceAll('%', id!)}`, database)
    assert.equal(await rows('clinic'), await rows('yesterday'), table)
  }
  await sql('create database without_patient template clinic', 'postgres')
  await deletePatient(id!, 'without_patient')
  await assertIdentical('before_restore', 'without_patient')
  // Files: the same, by every byte.
  for (const document of documents)
    assert.deepEqual(await readFile(path.join(files, document)), await readFile(path.join(trees.yesterday, document)))
  assert.equal(await readFile(path.join(files, 'of-somebody-else.txt'), 'utf8'), 'new')

  assert.equal((await world.undo(planned)).step, 'undone')
  await assertIdentical('before_restore', 'clinic')
  assert.match(await treeDiff(trees.before, files), /^IDENTICAL$/m)
})

test('SAFETY rule 31: a patient who was changed since is as in the backup again, files included; what came since goes, and undo brings it back', async () => {
  const backup = await world.backUp('clinic', files)
  const [id, code] = (
    await sql(
      'select id, subject_code from clinic.patient where exists (select from clinic.document where patient_id = patient.id) order by id offset 3 limit 1',
    )
  ).split('|')
  const [document] = (await sql(`select path from clinic.document where patient_id = ${id} order by path`)).split('\n')
  const then = {
    name: await sql(`select given_name from clinic.patient where id = ${id}`),

    row: await sql(`select t::text from clinic.patient t where id = ${id}`),
    bytes: await readFile(path.join(files, document!)),
  }
  await sql(`update clinic.patient set given_name = 'Somebody Else' where id = ${id}`)
  await appendFile(path.join(files, document!), 'and more')
  await utimes(path.join(files, document!), 1e9, 1e9)
  await sql(
    `insert into clinic.document (patient_id, visit_id, kind, path, size_bytes, sha256, metadata) values (${id}, (select min(id) from clinic.visit where patient_id = ${id}), 'report', 'added-since.txt', 1, '\\x00', '{}')`,
  )
  await writeFile(path.join(files, 'added-since.txt'), 'x')
  const trees = { before: world.shop.at('tree-changed') }
  await copyTree(files, trees.before)
  await copyOf('changed')

  const planned = await world.plan({ database: 'clinic', backup, settings, files, entities: [{ kind: 'patient', key: code! }] })
  const written = planned.changeSet.tables.flatMap(({ table, inserts, updates, deletes }) =>
    inserts + updates + deletes > 0 ? [[table, inserts, updates, deletes]] : [],
  )
  assert.deepEqual(written, [
    ['document', 0, 0, 1],
    ['patient', 0, 1, 0],
  ])
  assert.deepEqual(
    planned.changeSet.files.map(({ adds, replaces, removes }) => [adds, replaces, removes]),
    [[0, 1, 1]],
  )
  assert.equal(planned.changeSet.loss.length, 4)
  await world.apply(planned)
  assert.equal(await sql(`select t::text from clinic.patient t where id = ${id}`), then.row)
  assert.deepEqual(await readFile(path.join(files, document!)), then.bytes)
  await assert.rejects(readFile(path.join(files, 'added-since.txt')))

  // An undo applies where live is as the restore left it, and nowhere else.
  await sql(`update clinic.patient set given_name = 'After All' where id = ${id}`)
  await assert.rejects(world.undo(planned), { code: 'ENTITY_UNDO_CONFLICT' })
  assert.deepEqual(await readFile(path.join(files, document!)), then.bytes)
  await writeFile(path.join(files, 'added-since.txt'), 'written after the restore')
  await sql(`update clinic.patient set given_name = '${then.name}' where id = ${id}`)
  await assert.rejects(world.undo(planned), { code: 'ENTITY_UNDO_CONFLICT' })
  await rm(path.join(files, 'added-since.txt'))
  await world.undo(planned)
  await assertIdentical('changed', 'clinic')
  // Somebody made and removed a file in it meanwhile, which a directory shows by its times.
  assert.match(await treeDiff(trees.before, files, '--no-dirmtime'), /^IDENTICAL$/m)
})
