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
  await makeClinic({ target: cluster.target('clinic'), filesRoot: files, scale: 0.02, seed: 3 })
  settings = place.file('settings.json')
  await writeFile(
    settings,
    JSON.stringify({
      fileReferences: [{ database: 'main', schema: 'clinic', table: 'document', column: 'path', root: 'files' }],
      assertions: [{ name: 'there are many patients', sql: 'select count(*) > 1000000 from clinic.patient' }],
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
    INTEGRUM_CACHE: place.file('cache'),
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

test('INV-907 tables, data types and ranges: all rows of these that are in time, what hangs on them, and what has to exist for them', async () => {
  const counts = (told: Told) =>
    Object.fromEntries(told.json['selection'].counts.map((one: { table: string; own: number }) => [one.table, one.own]))
  const count = async (from: string) => Number(await cluster.psql('clinic', `select count(*) from clinic.${from}`))
  const tables = await selective(['--tables', 'clinic.medication', '--data-type', 'laboratory'])
  assert.equal(tables.exitCode, 0, tables.stderr)
  const own = counts(tables)
  assert.equal(own['clinic.medication'], await count('medication'))
  assert.equal(own['clinic.lab_result'], await count('lab_result'))
  assert.deepEqual([own['clinic.observation'], own['clinic.patient']], [undefined, 0])
  assert.deepEqual(tables.json['selection'].leftOut, { databases: [], roots: [] })

  const [since, until] = (
    await cluster.psql(
      'clinic',
      `select to_char(percentile_disc(0.4) within group (order by began_at) at time zone 'UTC', 'YYYY-MM-DD'),
         to_char(percentile_disc(0.6) within group (order by began_at) at time zone 'UTC', 'YYYY-MM-DD') from clinic.visit`,
    )
  )
    .trim()
    .split('|')
  const within = `v.began_at >= '${since}Z' and v.began_at < '${until}Z'`
  const timed = await selective(['--entity', '-', '--since', since!, '--until', until!], `study=${study}\n`)
  assert.equal(timed.exitCode, 0, timed.stderr)
  const ofStudy = `join clinic.patient p on p.id = v.patient_id join clinic.study s on s.id = p.study_id where s.code = '${study}' and ${within}`
  assert.equal(counts(timed)['clinic.visit'], await count(`visit v ${ofStudy}`))
  // An observation is the patient's as well, and hangs on a visit that may be out of time.
  assert.equal(counts(timed)['clinic.observation'], await count(`observation o join clinic.visit v on v.id = o.visit_id ${ofStudy}`))
  assert.ok(counts(timed)['clinic.observation'] > 0)
  await restoredElsewhere(timed.json['backup'], 'timed')
  assert.equal(await rowsOf('timed', 'visit', `not (began_at >= '${since}Z' and began_at < '${until}Z')`), '')
})

test('what cannot be selected is refused before anything is stored', async () => {
  const before = (await place.expect(0, 'backups', 'list')).json['backups']
  const refused = async (words: readonly string[], keys = '') => {
    const { exitCode, stderr, json } = await selective(words, keys)
    assert.equal(exitCode, 2, stderr)
    assert.ok(!stderr.includes('LX999'), stderr)
    return json['error'].code
  }
  assert.equal(await refused(['--entity', '-'], 'study=LX999\n'), 'ENTITY_UNKNOWN')
  assert.equal(await refused(['--entity', '-'], `study=${study}\nnurse=LX999\n`), 'ENTITY_UNKNOWN')
  assert.equal(await refused(['--tables', 'clinic.gone']), 'SELECTION_INVALID')
  assert.equal(await refused(['--tables', 'clinic.lab_result_0']), 'SELECTION_INVALID')
  assert.equal(await refused(['--data-type', 'images']), 'SELECTION_INVALID')
  assert.equal(await refused(['--tables', 'clinic.medication', '--since', '2020-01-01']), 'SELECTION_INVALID')
  assert.equal(await refused(['--tables', 'clinic.visit', '--until', '1990-01-01']), 'SELECTION_EMPTY')
  assert.equal(await refused(['--since', '2020-02-01', '--until', '2020-01-01']), 'INPUT_INVALID')
  assert.equal(await refused(['--tables', 'visit']), 'USAGE')
  assert.deepEqual((await place.expect(0, 'backups', 'list')).json['backups'], before)
})

test('INV-908 a backup of a selection never passes for one of its system: not as the latest, not in its place, not as the last good one', async () => {
  await place.expect(0, 'backup', '--system', 'clinic', ...sources())
  const whole = (await place.expect(0, 'backup', '--system', 'clinic', ...sources())).json['backup']
  const part = (await selective(['--tables', 'clinic.staff'])).json['backup']
  const listed = (await place.expect(0, 'backups', 'list')).json['backups'] as readonly { backup: string; type: string; snapshot: string }[]
  assert.deepEqual(listed.find(({ backup }) => backup === part)?.type, 'entity')
  const latest = place.file('latest.json')
  await place.expect(0, 'restore', 'plan', '--backup', 'latest', '--out', latest)
  assert.equal(JSON.parse(await readFile(latest, 'utf8')).backup, whole)
  const inPlace = await place.expect(2, 'restore', 'plan', '--backup', part, '--out', place.file('in-place.json'))
  assert.equal(inPlace.json['error'].code, 'RESTORE_NOT_WHOLE')
  const patients = await cluster.psql('clinic', 'select count(*) from clinic.patient')
  await cluster.psql('postgres', 'create database taken')
  const taken = ['--database', `main=${cluster.url('taken')}`, '--files', `files=${place.file('not-there')}`]
  assert.equal(
    (await place.expect(2, 'restore', 'plan', '--backup', part, ...taken, '--out', place.file('taken.json'))).json['error'].code,
    'RESTORE_NOT_WHOLE',
  )
  assert.equal(await cluster.psql('clinic', 'select count(*) from clinic.patient'), patients)
  const { json } = await place.expect(0, 'forget', '--system', 'clinic', '--keep-last', '1')
  assert.ok(json['forget'].length > 0)
  assert.ok(!json['forget'].includes(listed.find(({ backup }) => backup === whole)?.snapshot))
})

test('INV-907 a drill proves a backup of a selection, and asks nothing of it that is said of the whole system', async () => {
  const part = (await selective(['--entity', '-'], `study=${study}\n`)).json['backup']
  const drilled = await place.expect(0, 'drill', part, '--settings', settings, '--out', place.file('drill.json'))
  assert.equal(drilled.json['outcome'] ?? drilled.json['status'], 'proven', drilled.stdout)
  const report = await readFile(place.file('drill.json'), 'utf8')
  assert.match(report, /"outcome": ?"skipped"/)
})

test('INV-908 a record comes back from a backup of it; from one that may hold a part of it, nothing is planned', async () => {
  const live = ['--database', `main=${cluster.url('clinic')}`, '--settings', settings]
  const plan = async (exitCode: number, backup: string, folder: string) =>
    await place.expect(exitCode, 'restore', 'plan', '--backup', backup, '--entity', `study=${study}`, '--out', place.file(folder), ...live)
  const own = (await selective(['--entity', '-'], `study=${study}\n`)).json['backup']
  const planned = await plan(0, own, 'own')
  const patients = planned.json['tables'].find(({ table }: { table: string }) => table === 'clinic.patient')
  const expected = Number(
    await cluster.psql('clinic', `select count(*) from clinic.patient join clinic.study s on s.id = study_id where code = '${study}'`),
  )
  assert.deepEqual([patients.inserts, patients.updates, patients.deletes, patients.unchanged], [0, 0, 0, expected])
  for (const words of [
    ['--entity', '-', '--since', '2020-01-01'],
    ['--entity', '-'],
  ]) {
    const keys =
      words.length === 2 ? 'patient=' + (await cluster.psql('clinic', 'select min(subject_code) from clinic.patient')) : `study=${study}\n`
    const made = await selective(words, keys)
    const told = await plan(2, made.json['backup'], 'never')
    assert.equal(told.json['error'].code, 'RESTORE_NOT_WHOLE', words.join(' '))
  }
})
