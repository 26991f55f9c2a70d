import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { everything } from '#service/catalog/scope.ts'
import { assertProblem, testPerson } from '#test/support/service.ts'
import { RestoredSystem, type Signer } from '#test/support/restored-system.ts'

// Keys and names that stand nowhere by chance.
const mrn = 'MRN-chosen-66012'
const badge = (name: string) => `BADGE-${name}-31877`
const scan = (name: string) => `${mrn}/scan-${name}.txt`
const schema = `
  create table patient (id int primary key, mrn text not null unique, name text not null, tel text);
  create table badge (code text primary key, patient_id int not null references patient, word text, place text);
  create table document (id int primary key, patient_id int not null references patient, path text not null);
  insert into patient values (1, '${mrn}', 'Ann', '1'), (2, 'MRN-other-90002', 'Bob', '2');
  insert into badge select '${badge('x')}' || g, 1, 'word ' || g, 'place ' || g from generate_series(1, 4) g;
  insert into document values (1, 1, '${scan('gone')}'), (2, 1, '${scan('replaced')}'), (3, 1, '${scan('same')}'), (9, 2, 'other.txt');`

let app: RestoredSystem
before(async () => {
  app = await RestoredSystem.make()
  await app.cluster.psql('app', schema)
  const { settings } = await app.expect(200, 'GET', `/api/v1/systems/${app.systemId}`)
  const fileReferences = [{ database: 'main', table: 'document', column: 'path', root: 'files' }]
  await app.expect(200, 'PATCH', `/api/v1/systems/${app.systemId}`, { settings: { ...settings, fileReferences } })
  await mkdir(path.join(app.root, mrn))
  for (const name of ['gone', 'replaced', 'same']) await writeFile(path.join(app.root, scan(name)), `scan ${name}`)
  await writeFile(path.join(app.root, 'other.txt'), 'of somebody else')
  const begun = await app.expect(202, 'POST', '/api/v1/backup/create', { systemId: app.systemId, type: 'full' })
  await app.ended(begun.runId)
  app.backupId = begun.backupId
})
after(() => app[Symbol.asyncDispose]())

const badges = async () =>
  (await app.cluster.psql('app', "select string_agg(code || ' ' || word || ' ' || place, ', ' order by code) from badge")).trim()
const wish = { scope: 'records', records: [{ kind: 'patient', key: mrn }] }
const fileText = (name: string) => readFile(path.join(app.root, name), 'utf8').catch(() => null)

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

test('a table is merged field by field and a row is chosen alone: both are in the digest, the row’s key is sealed, and it is written so', async () => {
  await app.cluster.psql(
    'app',
    `update badge set word = 'new word', place = 'new place' where code in ('${badge('x')}1', '${badge('x')}2'); delete from badge where code = '${badge('x')}3'`,
  )
  const all = await app.plan(wish)
  const names = { schema: 'public', table: 'badge' }
  const policy = {
    tables: [{ ...names, changed: { columns: ['word'] } }],
    rows: [
      { ...names, key: [`${badge('x')}2`], take: 'live' },
      { ...names, key: [`${badge('x')}3`], take: 'live' },
    ],
  }
  const plan = await app.plan({ ...wish, policy })
  assert.notEqual(plan.digest, all.digest)
  const table = plan.records.tables.find((one: any) => one.table === 'badge')
  assert.deepEqual([table.inserts, table.updates, table.kept, table.left, table.chosenRows], [0, 1, 2, 2, 2])
  assert.deepEqual([table.columns, table.differ.changed], [['patient_id', 'word', 'place'], 2])
  assert.deepEqual(plan.records.policy.tables, policy.tables)
  const keys = await app.expect(200, 'GET', `/api/v1/restore/plans/${plan.id}/records`)
  assert.deepEqual(keys.rows, policy.rows)
  const rows = (part: string) => app.expect(200, 'GET', `/api/v1/restore/plans/${plan.id}/rows?schema=public&table=badge&part=${part}`)
  assert.deepEqual(
    (await rows('left')).rows.map(({ action, class: found, key }: any) => [action, found, key[0]]),
    [
      ['keep', 'update', `${badge('x')}2`],
      ['keep', 'insert', `${badge('x')}3`],
    ],
  )
  assert.deepEqual((await rows('written')).rows[0].fields[2], { before: 'new word', after: 'word 1', isChanged: true })

  const { runId } = await app.execute(plan.id, await app.signer())
  await app.ended(runId)
  assert.equal(await badges(), `${badge('x')}1 word 1 new place, ${badge('x')}2 new word new place, ${badge('x')}4 word 4 place 4`)
  const said = await catalogText()
  for (const secret of [mrn, 'BADGE-']) assert.ok(!said.includes(secret), `${secret} stands in the catalog`)
})

test('a choice for a column or a table that is not there fails the plan, and says so without a key', async () => {
  const begun = await app.expect(202, 'POST', '/api/v1/restore/preview', {
    backupId: app.backupId,
    ...wish,
    policy: { tables: [{ schema: 'public', table: 'badge', changed: { columns: ['nowhere'] } }] },
  })
  const job = await app.ended(begun.runId, 'failed')
  assert.equal(job.fault.code, 'ENTITY_CHOICE')
  assert.match(job.fault.fact, /the column nowhere of public\.badge/)
  const body = { backupId: app.backupId, ...wish, policy: { rows: [{ schema: 'public', table: 'badge', key: [], take: 'live' }] } }
  assertProblem(await app.ask('POST', '/api/v1/restore/preview', { body }), 422, 'INPUT_INVALID')
})

test('files of a record: shown by name to whoever may see rows, restored with the rows, and undone exactly', async () => {
  await app.cluster.psql('app', `insert into document values (4, 1, '${scan('since')}')`)
  await rm(path.join(app.root, scan('gone')))
  await writeFile(path.join(app.root, scan('replaced')), 'scan of somebody else')
  await writeFile(path.join(app.root, scan('since')), 'scan since')
  const texts = async () => await Promise.all(['gone', 'replaced', 'same', 'since'].map((name) => fileText(scan(name))))
  const before = await texts()
  const plan = await app.plan(wish)
  const [root] = plan.records.files
  assert.deepEqual([root.root, root.adds, root.replaces, root.removes, root.unchanged], ['files', 1, 1, 1, 1])
  const place = `/api/v1/restore/plans/${plan.id}/files?root=files`
  const first = await app.expect(200, 'GET', `${place}&limit=2`)
  const second = await app.expect(200, 'GET', `${place}&limit=2&after=${first.next}`)
  assert.deepEqual([...first.files, ...second.files].map(({ path: at, change, sizeBytes }) => `${change} ${at} ${sizeBytes}`).toSorted(), [
    `add ${scan('gone')} null`,
    `remove ${scan('since')} 10`,
    `replace ${scan('replaced')} 21`,
  ])
  assert.equal(second.next, null)
  const auditor = (await testPerson(app.here.service, 'auditor', [{ role: 'AUDITOR', tenantId: app.tenant }])).token
  assertProblem(await app.ask('GET', place, { token: auditor }), 403, 'FORBIDDEN')
  assertProblem(await app.ask('GET', `/api/v1/restore/plans/${plan.id}/files?root=nothing`), 404, 'NOT_FOUND')

  const signer = await app.signer()
  const { restoreId, runId } = await app.execute(plan.id, signer)
  await app.ended(runId)
  assert.deepEqual(await texts(), ['scan gone', 'scan replaced', 'scan same', null])
  assert.equal(await fileText('other.txt'), 'of somebody else')
  const undo = await app.ask('POST', `/api/v1/restore/${restoreId}/undo`, {
    token: signer.token,
    body: { confirm: 'app', reason: 'the wrong one', signature: signer.sign('took it back') },
  })
  await app.ended(undo.json.runId)
  assert.deepEqual(await texts(), before)
  assert.ok(!(await catalogText()).includes('scan-'))
})

test('a plan is one document that its reader can check: its digest, the hash of each list, every row and file', async () => {
  const plan = await app.plan(wish)
  const answer = await app.ask('GET', `/api/v1/restore/plans/${plan.id}/document`)
  assert.equal(answer.status, 200)
  const { plan: said, rows, files } = answer.json
  const { digest, ...rest } = said
  assert.equal(digest, plan.digest)
  assert.equal(createHash('sha256').update(JSON.stringify(rest)).digest('hex'), plan.digest)
  assert.deepEqual(said.entities, wish.records)
  const written = said.tables.reduce((sum: number, one: any) => sum + one.inserts + one.updates + one.deletes, 0)
  assert.equal(rows.length, written + said.tables.reduce((sum: number, one: any) => sum + (one.left?.rows ?? 0), 0))
  const back = rows.find(({ table, action }: any) => table === 'public.badge' && action === 'insert')
  assert.deepEqual([back.key, back.live, back.wouldBe.word], [[`${badge('x')}3`], undefined, 'word 3'])
  const gone = rows.find(({ table, action }: any) => table === 'public.document' && action === 'delete')
  assert.deepEqual([gone.key, gone.live.path, gone.wouldBe], [['4'], scan('since'), undefined])
  assert.deepEqual(files.map(({ root, path: at }: any) => `${root} ${at}`).toSorted(), [
    `files ${scan('gone')}`,
    `files ${scan('replaced')}`,
    `files ${scan('since')}`,
  ])
  const auditor = (await testPerson(app.here.service, 'second-auditor', [{ role: 'AUDITOR', tenantId: app.tenant }])).token
  assertProblem(await app.ask('GET', `/api/v1/restore/plans/${plan.id}/document`, { token: auditor }), 403, 'FORBIDDEN')
})

test('where two persons are wanted, a record is not written before a second one approves, and nobody approves what they ordered', async () => {
  await app.expect(200, 'PATCH', `/api/v1/systems/${app.systemId}`, { requiresSecondApprover: true })
  const before = await badges()
  const plan = await app.plan(wish)
  assert.equal(plan.requiresSecondApprover, true)
  const [one, two] = [await app.signer(), await app.signer()]
  const approve = (signer: Signer) =>
    app.ask('POST', `/api/v1/restore/plans/${plan.id}/approve`, {
      token: signer.token,
      body: { confirm: 'app', reason: 'seen by me', signature: signer.sign('approved this restore') },
    })
  const ordered = await app.execute(plan.id, one)
  assert.deepEqual([ordered.runId, await badges()], [null, before])
  assertProblem(await approve(one), 409, 'SECOND_APPROVER')
  assert.equal(await badges(), before)
  const approved = await approve(two)
  assert.equal(approved.status, 202, approved.text)
  await app.ended(approved.json.runId)
  assert.match(await badges(), /word 1 place 1/)
  const done = await app.expect(200, 'GET', `/api/v1/restore/${plan.id}`)
  assert.deepEqual([done.extent, done.status, done.restoredBy, done.approvedBy], ['records', 'completed', one.name, two.name])
  const { rows } = await app.expect(200, 'GET', `/api/v1/signatures?subjectId=${plan.id}`)
  assert.deepEqual(new Set(rows.map(({ digest }: any) => digest)), new Set([plan.digest]))
})
