import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { makeClinic } from '#demo/clinic/make-clinic.ts'
import { run } from '#host/run.ts'
import { historyWorld, rebuilt, type HistoryWorld } from '#test/support/history-world.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { workshop, type Workshop } from '#test/support/workshop.ts'

let cluster: TestCluster
let shop: Workshop
before(async () => {
  cluster = await testCluster()
  shop = await workshop()
})
after(async () => {
  await cluster.stop()
  await shop[Symbol.asyncDispose]()
})

/** A patient's rows by the keys of the clinic: what is deleted with a visit belongs to whoever the visit belongs to. */
function patientSql(code: string): Record<string, string> {
  const patient = `(select id from clinic.patient where subject_code = '${code}')`
  const visits = `visit_id in (select id from clinic.visit where patient_id = ${patient})`
  return {
    'clinic.patient': `subject_code = '${code}'`,
    'clinic.visit': `patient_id = ${patient}`,
    'clinic.observation': visits,
    'clinic.lab_result': visits,
    'clinic.medication': `patient_id = ${patient}`,
    'clinic.consent': `patient_id = ${patient}`,
    'clinic.document': `patient_id = ${patient} or ${visits}`,
  }
}

async function clinicWorld(name: string): Promise<{ world: HistoryWorld; code: string; id: number; other: number }> {
  await cluster.createDatabase(name)
  await makeClinic({ target: cluster.url(name), filesRoot: shop.at(name, 'files'), scale: 0.05, seed: 5 })
  const world = await historyWorld(cluster, name, shop.at(name, 'repository'))
  const [id = '', code = '', other = ''] = (
    await cluster.psql(
      name,
      `select patient_id, subject_code, (select max(id) from clinic.patient) from clinic.visit join clinic.patient on patient.id = patient_id
       group by 1, 2 having count(*) > 2 order by 1 limit 1`,
    )
  )
    .trim()
    .split('|')
  return { world, code, id: Number(id), other: Number(other) }
}

test('INV-930 INV-931 a patient of the clinic through eight backups is, in each of them, exactly the rows that the database had', async () => {
  const { world, code, id, other } = await clinicWorld('clinic')
  const sql = patientSql(code)
  const steps = [
    '',
    `update clinic.patient set family_name = E'O\\\\Neil\\tof\\n"the" lake', contact = '{"phone": "ü 1"}' where id = ${id};
     update clinic.patient set family_name = 'Somebody else' where id = ${other}`,
    `update clinic.medication set dose = 'twice' where patient_id = ${id};
     insert into clinic.medication (patient_id, drug, dose, times, period) values (${id}, 'new', '1 mg', '{08:00}', '[2026-01-01,)')`,
    `alter table clinic.patient add column language text; update clinic.patient set language = 'rm' where id in (${id}, ${other})`,
    `update clinic.lab_result set value = value + 1 where id = (select min(id) from clinic.lab_result where patient_id = ${id});
     delete from clinic.medication where drug = 'new'; alter table clinic.patient drop column language`,
    // A visit that was somebody else's becomes this patient's: rows that no backup had to write anew are found all the same.
    `update clinic.visit set patient_id = ${id} where id = (select max(id) from clinic.visit where patient_id = ${other})`,
    `insert into clinic.medication (patient_id, drug, dose, times, period) values (${id}, 'new', '2 mg', '{}', '[2026-02-01,)')`,
    `update clinic.patient set subject_code = 'AA999-99999' where id = ${id}`,
  ]
  for (const step of steps) {
    if (step !== '') await cluster.psql('clinic', step)
    await world.backUp(sql)
  }
  const history = await world.history('patient', code)
  assert.deepEqual(
    history.backups.map(({ leftOut }) => leftOut),
    steps.map(() => null),
  )
  for (const [index, { id: backup }] of history.backups.entries())
    assert.deepEqual(rebuilt(history, backup), world.expected[index], `backup ${index}`)
  const [patient] = history.rows
  assert.deepEqual(
    patient!.events.map(({ kind }) => kind),
    ['appeared', 'changed', 'changed', 'changed', 'vanished'],
  )
  assert.deepEqual(patient!.events[1]!.fields.map(({ column }) => column).toSorted(), ['contact', 'family_name'])
  assert.deepEqual([patient!.events[1]!.since, patient!.events[1]!.backup], [history.backups[0]!.id, history.backups[1]!.id])
  const [columns] = history.tables
  assert.deepEqual(
    columns!.moments.map(({ columnsAdded, columnsRemoved }) => [...columnsAdded, ...columnsRemoved]),
    [[], [], [], ['language'], ['language'], [], [], []],
  )
  assert.deepEqual(
    history.tables.map(({ moments }) => moments.map(({ rows }) => rows)),
    history.tables.map(({ schema, table }) => world.expected.map((tables) => Object.keys(tables[`${schema}.${table}`] ?? {}).length)),
  )
  assert.deepEqual(world.readTwice(), [], 'each different segment is read once')

  // The same from the command line, with the key on standard input.
  const words = ['history', '--entity', '-', '--json', '--field', 'family_name', ...(await world.repositoryWords())]
  const told = await run('bin/integrum', words, { input: `patient=${code}\n`, env: { ...process.env, NODE_V8_COVERAGE: '' } })
  assert.equal(told.exitCode, 0, told.stderr)
  const answer = JSON.parse(told.stdout.trim().split('\n').at(-1)!)
  assert.deepEqual(
    answer.rows.map(({ table, events }: { table: string; events: { kind: string }[] }) => [table, ...events.map(({ kind }) => kind)]),
    [['patient', 'appeared', 'changed', 'vanished']],
  )
  assert.ok(!told.stdout.includes('AA999-99999'))
  assert.ok(told.stderr.includes('→ O\\Neil\\u0009of\\u000a"the" lake'), told.stderr)
})
