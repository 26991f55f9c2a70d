import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { makeClinic } from '#demo/clinic/make-clinic.ts'
import { run } from '#host/run.ts'
import { program, workplace, type Told, type Workplace } from '#test/support/command-line.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'

let cluster: TestCluster
let place: Workplace
let files: string
let settings: string
let study: string
before(async () => {
  cluster = await testCluster()
  place = await workplace()
  await place.expect(0, 'repository', 'create')
  files = place.file('studies')
  await cluster.createDatabase('clinic')
  await makeClinic({ target: cluster.target('clinic'), filesRoot: files, scale: 0.1, seed: 3 })
  settings = place.file('settings.json')
  await writeFile(
    settings,
    JSON.stringify({
      fileReferences: [{ database: 'main', schema: 'clinic', table: 'document', column: 'path', root: 'files' }],
      assertions: [{ name: 'there are many patients', sql: 'select count(*) > 100 from clinic.patient' }],
      dataTypes: { laboratory: [{ schema: 'clinic', table: 'lab_result' }] },
      timeColumns: [{ schema: 'clinic', table: 'visit', column: 'began_at' }],
    }),
  )
  study = (await cluster.psql('clinic', 'select min(code) from clinic.study')).trim()
})
after(async () => {
  await place[Symbol.asyncDispose]()
  await cluster.stop()
})

const sources = () => ['--database', `main=${cluster.url('clinic')}`, '--files', `files=${files}`, '--settings', settings]

/** Keys come in by standard input. */
async function selective(words: readonly string[], keys = ''): Promise<Told> {
  const env = {
    ...process.env,
    NODE_V8_COVERAGE: '',
    INTEGRUM_REPOSITORY: place.repository,
    INTEGRUM_PASSWORD_FILE: place.passwordFile,
    INTEGRUM_STATE: place.state,
  }
  const result = await run(program, ['backup', '--system', 'clinic', ...sources(), ...words, '--json'], { env, input: keys })
  return { ...result, json: JSON.parse(result.stdout.trim().split('\n').at(-1) || '{}') }
}

async function restoredElsewhere(backup: string, name: string): Promise<void> {
  const plan = place.file(`${name}.json`)
  const to = ['--database', `main=${cluster.url(name)}`, '--files', `files=${place.file(name)}`]
  await place.expect(0, 'restore', 'plan', '--backup', backup, ...to, '--settings', settings, '--out', plan)
  await place.expect(0, 'restore', 'run', plan, '--confirm', 'clinic', '--state', place.state)
}

async function filesBelow(directory: string): Promise<string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true })
  return found
    .filter((one) => !one.isDirectory())
    .map((one) => path.relative(directory, path.join(one.parentPath, one.name)))
    .toSorted()
}

/** Rows of each table as text, sorted; of the source those that a condition names. */
async function rowsOf(database: string, table: string, condition = 'true'): Promise<string> {
  return await cluster.psql(database, `select t::text from clinic.${table} t where ${condition} order by 1`)
}

test('INV-907 a study is backed up with its rows, what has to exist for them and its files, and comes back elsewhere as it was', async () => {
  await place.expect(0, 'backup', '--system', 'clinic', ...sources())
  const made = await selective(['--entity', '-'], `study=${study}\n`)
  assert.equal(made.exitCode, 0, made.stderr)
  assert.equal(made.json['status'], 'completed')
  assert.ok(!made.stdout.includes(study) && !made.stderr.includes(study), 'no key is told')
  await restoredElsewhere(made.json['backup'], 'elsewhere')

  const patients = `(select p.id from clinic.patient p join clinic.study s on s.id = p.study_id where s.code = '${study}')`
  for (const [table, condition] of Object.entries({
    study: `code = '${study}'`,
    patient: `id in ${patients}`,
    visit: `patient_id in ${patients}`,
    observation: `patient_id in ${patients}`,
    lab_result: `patient_id in ${patients}`,
    medication: `patient_id in ${patients}`,
    consent: `patient_id in ${patients}`,
    document: `patient_id in ${patients}`,
  }))
    assert.equal(await rowsOf('elsewhere', table, table === 'study' ? condition : 'true'), await rowsOf('clinic', table, condition), table)
  assert.equal(await cluster.psql('elsewhere', 'select count(*) from clinic.audit_log'), '0\n')
  // What only has to exist is there as it was, and every foreign key holds.
  for (const table of ['staff', 'site', 'organization']) {
    const some = await cluster.psql('elsewhere', `select string_agg(id::text, ',') from clinic.${table}`)
    assert.equal(await rowsOf('elsewhere', table), await rowsOf('clinic', table, `id in (${some.trim()})`), table)
  }
  assert.equal(await cluster.psql('elsewhere', 'select count(*) from pg_constraint where not convalidated'), '0\n')
  const named = await cluster.psql('clinic', `select path from clinic.document where patient_id in ${patients}`)
  const restored = await filesBelow(place.file('elsewhere'))
  assert.deepEqual(restored, named.trim().split('\n').toSorted())
  for (const one of restored)
    assert.deepEqual(await readFile(path.join(place.file('elsewhere'), one)), await readFile(path.join(files, one)))
})
