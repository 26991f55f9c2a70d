import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { makeClinic } from '#demo/clinic/make-clinic.ts'
import { run } from '#host/run.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'

let cluster: TestCluster
let files: Awaited<ReturnType<typeof temporaryDirectory>>
before(async () => {
  cluster = await testCluster()
  files = await temporaryDirectory()
  await cluster.createDatabase('clinic')
  await makeClinic({ target: cluster.url('clinic'), filesRoot: files.path, scale: 0.1, seed: 3 })
})
after(async () => {
  await cluster.stop()
  await files[Symbol.asyncDispose]()
})

async function entities(words: readonly string[], input?: string) {
  const args = ['entities', ...words, '--database', `main=${cluster.url('clinic')}`, '--json']
  const result = await run('bin/integrum', args, { ...(input !== undefined && { input }), env: { ...process.env, NODE_V8_COVERAGE: '' } })
  return { ...result, told: JSON.parse(result.stdout.trim().split('\n').at(-1) || '{}') }
}

test('INV-904 discover proposes patients, studies and organizations of the clinic, and names the log that no key covers', async () => {
  const { exitCode, told } = await entities(['discover'])
  assert.equal(exitCode, 0)
  assert.deepEqual(
    told.kinds.map(({ name, table, key }: Record<string, string>) => `${name} ${table} ${key}`),
    ['patient clinic.patient subject_code', 'study clinic.study code', 'organization clinic.organization name'],
  )
  assert.deepEqual(
    told.warnings.map(({ kind, table }: Record<string, string>) => `${kind} ${table}`),
    ['polymorphic clinic.audit_log'],
  )
})

test('INV-901 INV-903 the closure of a study has its patients with all of theirs, and of the staff only that they exist; the database stays as it was', async () => {
  const state = () => cluster.psql('clinic', 'select count(*), sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables')
  const before = await state()
  const [code, patients] = (
    await cluster.psql(
      'clinic',
      'select code, (select count(*) from clinic.patient where study_id = study.id) from clinic.study order by id limit 1',
    )
  )
    .trim()
    .split('|')
  // The key comes in by standard input: it stands in no list of processes.
  const { exitCode, told } = await entities(['closure', '--entity', '-'], `study=${code}\n`)
  assert.equal(exitCode, 0)
  const own = Object.fromEntries(told.tables.map((one: { table: string; own: number }) => [one.table, one.own]))
  assert.equal(own['clinic.study'], 1)
  assert.equal(own['clinic.patient'], Number(patients))
  assert.equal(own['clinic.staff'], 0)
  const visits = `select count(*) from clinic.visit join clinic.patient on patient.id = patient_id join clinic.study on study.id = study_id where code = '${code}'`
  assert.equal(own['clinic.visit'], Number(await cluster.psql('clinic', visits)))
  assert.deepEqual(told.notCovered, ['clinic.audit_log'])
  assert.equal(await state(), before)
})

test('a key that is not there ends with 2, a fact and a hint', async () => {
  const { exitCode, stderr } = await entities(['closure', '--entity', 'study=LX999'])
  assert.equal(exitCode, 2)
  assert.match(stderr, /ENTITY_UNKNOWN: no row of clinic.study has that code/)
})

test('the files of a study are counted by what its rows name', async () => {
  const code = (await cluster.psql('clinic', 'select min(code) from clinic.study')).trim()
  const expected = await cluster.psql(
    'clinic',
    `select count(*) || ' ' || coalesce(sum(size_bytes), 0) from clinic.document join clinic.patient on patient.id = patient_id
       join clinic.study on study.id = study_id where code = '${code}'`,
  )
  const settings = path.join(files.path, '..', `${path.basename(files.path)}.json`)
  await writeFile(
    settings,
    JSON.stringify({ fileReferences: [{ database: 'main', schema: 'clinic', table: 'document', column: 'path', root: 'uploads' }] }),
  )
  const { exitCode, told } = await entities(
    ['closure', '--entity', '-', '--settings', settings, '--files', `uploads=${files.path}`],
    `study=${code}\n`,
  )
  await rm(settings)
  assert.equal(exitCode, 0)
  assert.deepEqual(
    told.files.map(({ root, own, needed, bytes }: Record<string, unknown>) => [root, `${own} ${bytes}`, needed]),
    [['uploads', expected.trim(), 0]],
  )
  assert.notEqual(told.files[0].own, 0)
})
