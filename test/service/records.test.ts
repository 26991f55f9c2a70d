import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { systemClock } from '#base/clock.ts'
import { everything } from '#service/catalog/scope.ts'
import { removeKeptRows } from '#service/restores/kept-rows.ts'
import { assertProblem, testPerson, testTenant } from '#test/support/service.ts'
import { RestoredSystem } from '#test/support/restored-system.ts'

// Keys that stand nowhere by chance.
const gone = 'MRN-gone-81734'
const changed = 'MRN-changed-55120'
const schema = `
  create table nurse (id int primary key, name text not null);
  create table patient (id int primary key, mrn text not null unique, name text not null);
  create table visit (id int primary key generated always as identity, patient_id int not null references patient on delete cascade,
    nurse_id int references nurse, note text);
  insert into nurse values (1, 'Nora');
  insert into patient values (1, '${gone}', 'Ann'), (2, '${changed}', 'Bob'), (3, 'MRN-other-90001', 'Cem');
  insert into visit (patient_id, nurse_id, note) select p, 1, 'visit ' || g from generate_series(1, 3) p, generate_series(1, 5) g;`

let app: RestoredSystem
before(async () => {
  app = await RestoredSystem.make()
  await app.cluster.psql('app', schema)
  const begun = await app.expect(202, 'POST', '/api/v1/backup/create', { systemId: app.systemId, type: 'full' })
  await app.ended(begun.runId)
  app.backupId = begun.backupId
  await damage()
})
after(() => app[Symbol.asyncDispose]())

/** One patient is deleted, another one edited, and given a visit; a third one is none of our business. */
async function damage(): Promise<void> {
  await app.cluster.psql(
    'app',
    `delete from patient where id = 1;
     update patient set name = 'Bobby' where id = 2;
     update visit set note = 'edited' where patient_id = 2 and note = 'visit 2';
     insert into visit (patient_id, nurse_id, note) values (2, 1, 'since');
     update patient set name = 'Cemal' where id = 3;`,
  )
}

const rowsOf = async (where: string) =>
  (
    await app.cluster.psql(
      'app',
      `select string_agg(line, E'\\n' order by line) from (
         select 'patient ' || p as line from patient p where ${where}
         union all select 'visit ' || v from visit v join patient p on p.id = v.patient_id where ${where}) rows`,
    )
  ).trim()
const everyRow = () => rowsOf('true')
const wish = (key: string) => ({ scope: 'records', records: [{ kind: 'patient', key }] })

/** Everything that the catalog says, as text. */
async function catalogText(): Promise<string> {
  return await app.here.service.house.catalog.as(everything, async (tx) => {
    const parts: string[] = []
    for (const table of ['audit_events', 'runs', 'run_log', 'restore_plans', 'restore_operations', 'events', 'notices', 'signatures']) {
      const { rows } = await sql<{ text: string | null }>`select string_agg(one::text, ' ') as text from ${sql.table(table)} one`.execute(
        tx,
      )
      parts.push(rows[0]?.text ?? '')
    }
    return parts.join(' ')
  })
}

test('the tables of a system as they are live, by name and page by page', async () => {
  const place = `/api/v1/systems/${app.systemId}/tables`
  const names = ({ rows }: any) => rows.map(({ schema: of, table }: any) => `${of}.${table}`)
  const listed = (
    await app.cluster.psql('app', `select schemaname || '.' || tablename from pg_tables where schemaname = 'public' order by 1`)
  ).trim()
  const all = await app.expect(200, 'GET', `${place}?pageSize=200`)
  assert.deepEqual(names(all), listed.split('\n'))
  assert.equal(all.total, listed.split('\n').length)
  const second = await app.expect(200, 'GET', `${place}?page=2&pageSize=2`)
  assert.deepEqual([names(second), second.total], [listed.split('\n').slice(2, 4), all.total])
  assert.deepEqual(names(await app.expect(200, 'GET', `${place}?search=PUBLIC.nur`)), ['public.nurse'])
})

test('the kinds of a system, and whether a record is live with how much belongs to it', async () => {
  const { databases } = await app.expect(200, 'GET', `/api/v1/systems/${app.systemId}/record-kinds`)
  const [main] = databases
  assert.deepEqual(main.kinds, [{ name: 'patient', table: 'public.patient', key: 'mrn', isProposed: true }])
  const edge = main.edges.find(({ child, parent }: any) => child === 'public.visit' && parent === 'public.patient')
  assert.equal(edge.ownership, 'own')
  const find = (body: unknown) => app.ask('POST', `/api/v1/systems/${app.systemId}/records/find`, { body })
  const there = await find({ kind: 'patient', key: changed })
  assert.equal(there.status, 200, there.text)
  assert.deepEqual([there.json.isThere, there.json.own, there.json.needed], [true, 7, 1])
  assert.deepEqual((await find({ kind: 'patient', key: gone })).json.isThere, false)
  assertProblem(await find({ kind: 'ship', key: gone }), 422, 'ENTITY_UNKNOWN')
  assertProblem(await find({ kind: 'patient', key: gone, database: 'other' }), 422, 'INPUT_INVALID')
  assertProblem(await find({ kind: 'patient', key: '' }), 422, 'INPUT_INVALID')
})

test('one record: planned, looked at row by row, signed, written, undone; no other row is touched, and no key stands in the catalog', async () => {
  const before = await everyRow()
  const others = await rowsOf('p.id = 3')
  const plan = await app.plan(wish(changed))
  assert.deepEqual([plan.extent, plan.status, plan.summary], ['records', 'ready', null])
  assert.match(plan.digest, /^[0-9a-f]{64}$/)
  const counts = plan.records.tables.map(({ table, inserts, updates, deletes, unchanged, present }: any) =>
    [table, inserts, updates, deletes, unchanged, present].join(' '),
  )
  assert.deepEqual(counts, ['nurse 0 0 0 0 1', 'patient 0 1 0 0 0', 'visit 0 1 1 4 0'])
  const keeping = await app.plan({ ...wish(changed), policy: { changed: 'live', added: 'live' } })
  assert.notEqual(keeping.digest, plan.digest, 'another choice is another thing to sign')
  assert.deepEqual(
    keeping.records.tables.map(({ table, updates, deletes, kept }: any) => [table, updates, deletes, kept].join(' ')),
    ['nurse 0 0 0', 'patient 0 0 1', 'visit 0 0 2'],
  )
  assert.equal(await everyRow(), before, 'to plan changes nothing')
  const folder = path.join(app.here.directory, 'data/change-sets', plan.id)
  assert.equal(statSync(folder).mode & 0o777, 0o700)

  const rowsAt = (more: string) => `/api/v1/restore/plans/${plan.id}/rows?schema=public&${more}`
  const patient = await app.expect(200, 'GET', rowsAt('table=patient'))
  assert.deepEqual(patient.rows, [
    {
      action: 'update',
      class: null,
      key: ['2'],
      fields: [
        { before: '2', after: '2', isChanged: false },
        { before: changed, after: changed, isChanged: false },
        { before: 'Bobby', after: 'Bob', isChanged: true },
      ],
    },
  ])
  const first = await app.expect(200, 'GET', rowsAt('table=visit&limit=1'))
  const second = await app.expect(200, 'GET', rowsAt(`table=visit&limit=1&after=${first.next}`))
  assert.deepEqual([first.rows.length, second.rows.length, second.next], [1, 1, null])
  assert.deepEqual([first.rows[0].action, second.rows[0].action], ['update', 'delete'])
  assertProblem(await app.ask('GET', rowsAt('table=nothing')), 404, 'NOT_FOUND')
  assertProblem(await app.ask('GET', rowsAt('table=visit&after=3')), 422, 'PLAN_INVALID')
  const keys = await app.expect(200, 'GET', `/api/v1/restore/plans/${plan.id}/records`)
  assert.deepEqual(keys.records, [{ kind: 'patient', key: changed }])

  const signer = await app.signer()
  const { restoreId, runId } = await app.execute(plan.id, signer)
  await app.ended(runId)
  assert.equal(await rowsOf('p.id = 3'), others)
  assert.match(await rowsOf('p.id = 2'), /Bob\)/)
  assert.doesNotMatch(await everyRow(), /since|edited|Bobby/)
  const done = await app.expect(200, 'GET', `/api/v1/restore/${restoreId}`)
  assert.deepEqual([done.kind, done.extent, done.status, done.mayUndo], ['restore', 'records', 'completed', true])
  const proven = done.validationResults.records
  assert.equal(proven.rows, 3)
  assert.ok(proven.complement.rows >= 8 && proven.complement.tables >= 3, JSON.stringify(proven))
  const { rows } = await app.expect(200, 'GET', `/api/v1/signatures?subjectId=${plan.id}`)
  assert.equal(rows[0].digest, plan.digest)
  const listed = await app.expect(200, 'GET', '/api/v1/restore/history?extent=records')
  assert.deepEqual([listed.total, listed.rows[0].id], [1, restoreId])

  const undo = await app.ask('POST', `/api/v1/restore/${restoreId}/undo`, {
    token: signer.token,
    body: { confirm: 'app', reason: 'the wrong one', signature: signer.sign('took it back') },
  })
  assert.equal(undo.status, 202, undo.text)
  await app.ended(undo.json.runId)
  assert.equal(await everyRow(), before, 'undone to the row')
  const undone = await app.expect(200, 'GET', `/api/v1/restore/${restoreId}`)
  assert.ok(undone.undoneAt && !undone.mayUndo)
  assert.equal((await app.expect(200, 'GET', `/api/v1/restore/${undo.json.restoreId}`)).mayUndo, false)

  assert.ok(existsSync(folder))
  await removeKeptRows(app.here.service.house)
  assert.ok(!existsSync(folder))
  const kept = path.join(app.here.directory, 'data/state/change-sets', plan.id)
  assert.deepEqual(readdirSync(kept).toSorted(), ['journal.json'])
  assertProblem(await app.ask('GET', rowsAt('table=visit')), 409, 'PLAN_EXPIRED')

  const said = await catalogText()
  assert.ok(said.includes('keyDigest'), 'the trail says that it was one, and which to whoever knows it')
  for (const secret of [changed, gone, 'Bobby']) assert.ok(!said.includes(secret), `${secret} stands in the catalog`)
})

test('what is gone comes back; an undo is refused once somebody has written to it; after the window its rows are removed', async () => {
  const plan = await app.plan(wish(gone))
  const signer = await app.signer()
  const { restoreId, runId } = await app.execute(plan.id, signer)
  await app.ended(runId)
  assert.equal((await rowsOf('p.id = 1')).split('\n').length, 6)
  await app.cluster.psql('app', "update visit set note = 'worked on' where id = 1")
  const undo = await app.ask('POST', `/api/v1/restore/${restoreId}/undo`, {
    token: signer.token,
    body: { confirm: 'app', reason: 'a doubt', signature: signer.sign('took it back') },
  })
  assert.equal(undo.status, 202, undo.text)
  const job = await app.ended(undo.json.runId, 'failed')
  assert.deepEqual([job.fault.code, job.fault.fact], ['ENTITY_UNDO_CONFLICT', '1 rows of public.visit were written after the restore'])
  assert.equal((await rowsOf('p.id = 1')).split('\n').length, 6)

  const { house } = app.here.service
  const kept = path.join(app.here.directory, 'data/state/change-sets', plan.id, 'rows')
  await removeKeptRows(house)
  assert.ok(existsSync(kept), 'it can still be undone')
  const past = new Date(house.clock.now().getTime() - 1)
  await house.catalog.as(everything, (tx) =>
    tx.updateTable('restore_operations').set({ undo_until: past }).where('id', '=', restoreId).execute(),
  )
  await removeKeptRows(house)
  assert.ok(!existsSync(kept))
  const over = await app.expect(200, 'GET', `/api/v1/restore/${restoreId}`)
  assert.ok(over.releasedAt && !over.mayUndo)
})

test('INV-913 a record as a copy beside the living one: asked for what only people can say, counted, shown with both keys, written and undone', async () => {
  const before = await everyRow()
  const open = await app.plan({ ...wish(changed), policy: { asCopy: true } })
  const patient = open.records.tables.find(({ table }: any) => table === 'patient')
  assert.deepEqual(patient.clashes, [{ index: 'patient_mrn_key', columns: ['mrn'], count: 1 }])
  const copyValues = [{ schema: 'public', table: 'patient', column: 'mrn', suffix: '-copy' }]
  const plan = await app.plan({ ...wish(changed), policy: { asCopy: true, copyValues } })
  const counts = plan.records.tables.map(({ table, inserts, copies, updates, deletes }: any) =>
    [table, inserts, copies, updates, deletes].join(' '),
  )
  assert.deepEqual(counts, ['nurse 0 0 0 0', 'patient 1 1 0 0', 'visit 5 5 0 0'])
  assert.deepEqual(plan.records.policy.copyValues, copyValues)
  const { rows } = await app.expect(200, 'GET', `/api/v1/restore/plans/${plan.id}/rows?schema=public&table=patient`)
  assert.deepEqual(
    rows.map(({ action, key, fields }: any) => [action, key, fields[0], fields[1].after]),
    [['copy', ['4'], { before: '2', after: '4', isChanged: true }, `${changed}-copy`]],
  )
  const signer = await app.signer()
  const { restoreId, runId } = await app.execute(plan.id, signer)
  await app.ended(runId)
  assert.equal(await rowsOf('p.id <> 4'), before)
  assert.match(await rowsOf('p.id = 4'), /^patient \(4,MRN-changed-55120-copy,Bob\)(\nvisit \(\d+,4,1,"visit \d"\)){5}$/)
  const undo = await app.ask('POST', `/api/v1/restore/${restoreId}/undo`, {
    token: signer.token,
    body: { confirm: 'app', reason: 'one of them is enough', signature: signer.sign('took it back') },
  })
  await app.ended(undo.json.runId)
  assert.equal(await everyRow(), before)
})

test('a record that the backup lacks, a kind that nothing has, places and tables beside it: refused, and said without the key', async () => {
  const preview = (body: unknown) => app.ask('POST', '/api/v1/restore/preview', { body: { backupId: app.backupId, ...(body as object) } })
  for (const body of [
    { scope: 'records' },
    { records: [{ kind: 'patient', key: gone }] },
    { ...wish(gone), roots: [{ name: 'files' }] },
    { ...wish(gone), databases: [{ name: 'main', url: 'postgresql://x@localhost/elsewhere' }] },
    { ...wish(gone), policy: { changed: 'whatever' } },
    { ...wish(gone), policy: { asCopy: true, tables: [{ schema: 'public', table: 'visit', added: 'live' }] } },
  ])
    assertProblem(await preview(body), 422, 'INPUT_INVALID')
  const absent = await preview(wish('MRN-absent-4711'))
  assert.equal(absent.status, 202, absent.text)
  const job = await app.ended(absent.json.runId, 'failed')
  assert.equal(job.fault.code, 'ENTITY_UNKNOWN')
  assert.ok(!JSON.stringify(job).includes('4711'))
  const failed = await app.expect(200, 'GET', `/api/v1/restore/plans/${absent.json.planId}`)
  assert.deepEqual([failed.status, failed.fault.code], ['failed', 'ENTITY_UNKNOWN'])
  assert.ok(!existsSync(path.join(app.here.directory, 'data/change-sets', absent.json.planId)))
})

test('another organization, and a role that looks into nothing: neither rows nor keys', async () => {
  const plan = await app.plan(wish(changed))
  const elsewhere = await testTenant(app.here.service, 'elsewhere')
  const stranger = (await testPerson(app.here.service, 'stranger', [{ role: 'SYSTEM_ADMIN', tenantId: elsewhere }])).token
  const auditor = (await testPerson(app.here.service, 'auditor', [{ role: 'AUDITOR', tenantId: app.tenant }])).token
  for (const place of [`/api/v1/restore/plans/${plan.id}/records`, `/api/v1/restore/plans/${plan.id}/rows?schema=public&table=visit`]) {
    assertProblem(await app.ask('GET', place, { token: stranger }), 404, 'NOT_FOUND')
    assertProblem(await app.ask('GET', place, { token: auditor }), 403, 'FORBIDDEN')
  }
  const find = { body: { kind: 'patient', key: changed } }
  const place = `/api/v1/systems/${app.systemId}/records/find`
  assertProblem(await app.ask('POST', place, { ...find, token: stranger }), 404, 'NOT_FOUND')
  assertProblem(await app.ask('POST', place, { ...find, token: auditor }), 403, 'FORBIDDEN')
  assertProblem(await app.ask('GET', `/api/v1/systems/${app.systemId}/record-kinds`, { token: stranger }), 404, 'NOT_FOUND')
  const shown = await app.ask('GET', `/api/v1/restore/plans/${plan.id}`, { token: auditor })
  assert.equal(shown.json.records.kinds[0], 'patient')
  assert.ok(!shown.text.includes(changed))
})

test('a restore whose process is killed while it writes is finished by its successor, whole', async () => {
  // Slow as long as somebody waits for it.
  await app.cluster.psql(
    'app',
    `create table slow (word text);
     create function wait() returns trigger language plpgsql as $$ begin perform pg_catalog.pg_sleep(60) from public.slow; return new; end $$;
     create trigger waits before insert or update on visit for each row execute function wait();
     delete from patient where id = 1; insert into slow values ('wait');`,
  )
  const others = await rowsOf('p.id <> 1')
  const plan = await app.plan({ ...wish(gone), policy: { triggers: 'fire' } })
  assert.deepEqual(plan.records.triggers, ['public.visit.waits'])
  const { restoreId, runId } = await app.execute(plan.id, await app.signer())
  const sleeping = "select count(*) from pg_stat_activity where wait_event = 'PgSleep' and datname = 'app'"
  while ((await app.cluster.psql('app', sleeping)).trim() !== '1') {
    const job = await app.expect(200, 'GET', `/api/v1/jobs/${runId}`)
    assert.ok(job.endedAt === null, JSON.stringify(job))
    await systemClock.sleep(50)
  }
  await app.cluster.psql('app', 'delete from slow')
  for (const pid of jobChildren()) process.kill(pid, 'SIGKILL')
  assert.equal(await rowsOf('p.id = 1'), '', 'nothing of it is there')
  // Its session sleeps on in the server, which does not look whether anybody is left.
  await app.cluster.psql('app', "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'")
  const job = await app.ended(runId)
  assert.equal(job.attempt, 2)
  assert.equal((await rowsOf('p.id = 1')).split('\n').length, 6)
  assert.equal(await rowsOf('p.id <> 1'), others)
  assert.equal((await app.expect(200, 'GET', `/api/v1/restore/${restoreId}`)).status, 'completed')
})

function jobChildren(): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || !existsSync(`/proc/${name}/stat`)) return []
    const parent = readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]
    return parent === String(process.pid) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('job-child') ? [Number(name)] : []
  })
}
