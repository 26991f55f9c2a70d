import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { systemClock, testClock } from '#base/clock.ts'
import { durations } from '#base/units.ts'
import { everything } from '#service/catalog/scope.ts'
import { recordSystemEvent } from '#service/audit/audit.ts'
import { linkHash, contentHashOf } from '#service/audit/audit-event.ts'
import { readEvents } from '#service/audit/trail.store.ts'
import { assertProblem, testPerson, testService, testTenant, type TestService } from '#test/support/service.ts'

let here: TestService
let admin: string
let auditor: string
let tenant: string
let sql: pg.Client
const clock = testClock(new Date('2026-03-01T08:00:00Z'))

before(async () => {
  here = await testService({ clock })
  const { service } = here
  tenant = await testTenant(service, 'ours')
  admin = (await testPerson(service, 'admin', [{ role: 'SYSTEM_ADMIN', tenantId: null }])).token
  auditor = (await testPerson(service, 'auditor', [{ role: 'AUDITOR', tenantId: null }])).token
  // Whoever can do all that SQL can.
  sql = new pg.Client({ ...service.house.catalog.connection, user: 'postgres' })
  await sql.connect()
})
after(async () => {
  await sql.end()
  await here[Symbol.asyncDispose]()
})

/** So many events of the system, of one tenant. */
async function happen(count: number, tenantId: string | null = tenant): Promise<void> {
  const { house } = here.service
  for (let index = 0; index < count; index += 1) {
    const subject = { kind: 'backup', id: String(index), name: `backup-${index}` }
    await house.catalog.as(everything, (tx) =>
      recordSystemEvent(tx, house, {
        action: 'backup.completed',
        tenantId,
        subject,
        before: { status: 'in_progress' },
        after: { status: 'completed' },
      }),
    )
  }
}

async function verify(token = auditor): Promise<any> {
  const answer = await here.ask('POST', '/api/v1/audit/verify', { token, body: {} })
  assert.equal(answer.status, 200, answer.text)
  return answer.json
}

async function hour(): Promise<void> {
  clock.advance(durations.hour)
  // Nobody is signed out by the way.
  await sql.query("update sessions set idle_until = '2030-01-01', expires_at = '2030-01-01'")
  // The clock's ticker begins it.
  const isThere = async () => {
    const { rows } = await sql.query('select (select max(seq) from audit_checkpoints) = seq as yes from audit_head')
    return rows[0].yes as boolean
  }
  while (!(await isThere())) await systemClock.sleep(10)
}

async function lastSeq(): Promise<number> {
  return Number((await sql.query('select seq from audit_head')).rows[0].seq)
}

const tables = ['audit_events', 'audit_checkpoints', 'audit_head']

/** Does it with the triggers off, looks, and puts everything back. */
async function attacked(attack: () => Promise<unknown>): Promise<any> {
  for (const name of tables) {
    await sql.query(`create temp table kept_${name} as select * from ${name}`)
    await sql.query(`alter table ${name} disable trigger all`)
  }
  try {
    await attack()
    for (const name of tables) await sql.query(`alter table ${name} enable trigger all`)
    return await verify()
  } finally {
    for (const name of tables) {
      await sql.query(`alter table ${name} disable trigger all`)
      await sql.query(`delete from ${name}`)
      await sql.query(`insert into ${name} select * from kept_${name}`)
      await sql.query(`drop table kept_${name}`)
      await sql.query(`alter table ${name} enable trigger all`)
    }
  }
}

/** What an event would be with these fields changed, with the hash that they give. */
async function rehash(seq: number): Promise<string> {
  const [link] = await here.service.house.catalog.as(everything, (tx) => readEvents(tx, { after: seq - 1, last: seq, limit: 1 }))
  return linkHash(link!.previousHash, contentHashOf(link!.event))
}

function firstOf(report: any): { kind: string; seq: number; id: string | null } {
  assert.equal(report.isWhole, false)
  const { kind, seq, id } = report.findings[0]
  return { kind, seq, id }
}

async function idOf(seq: number): Promise<string> {
  return (await sql.query('select id from audit_events where seq = $1', [seq])).rows[0].id
}

test('a clean trail is whole: events, checkpoints and the signed end are counted', async () => {
  await happen(30)
  await hour()
  await happen(5)
  const report = await verify()
  assert.deepEqual(report.findings, [])
  assert.equal(report.isWhole, true)
  assert.ok(report.events >= 35)
  assert.equal(report.checkpoints, 1)
  const again = await verify()
  assert.equal(again.events, report.events + 1, 'the verify itself is an event')
})

test('the catalog refuses to change or remove what is in the trail', async () => {
  for (const statement of [
    "update audit_events set actor_name = 'nobody' where seq = 3",
    'delete from audit_events where seq = 3',
    'truncate audit_events',
    'delete from audit_checkpoints',
    'delete from audit_head',
    'update audit_head set seq = seq - 1',
  ])
    await assert.rejects(sql.query(statement), /never changed|forward only/, statement)
})

test('an edited event is named, whatever was edited', async () => {
  for (const change of [
    "actor_name = 'somebody'",
    "at = at + interval '1 microsecond'",
    'tenant_id = null',
    `after = '{"status": "failed"}'`,
    'reason = $$because$$',
    "previous_hash = repeat('a', 64)",
    "hash = repeat('b', 64)",
    'id = gen_random_uuid()',
  ]) {
    let id = ''
    const report = await attacked(async () => {
      await sql.query(`update audit_events set ${change} where seq = 12`)
      id = await idOf(12)
    })
    assert.deepEqual(firstOf(report), { kind: 'edited', seq: 12, id }, change)
    assert.equal(report.findingCount, 1, change)
  }
})

test('an edited event is named although its hash was computed anew, and although all hashes after it were', async () => {
  const anew = await attacked(async () => {
    await sql.query("update audit_events set actor_name = 'somebody' where seq = 12")
    await sql.query('update audit_events set hash = $1 where seq = 12', [await rehash(12)])
  })
  assert.equal(firstOf(anew).seq, 12)
  const all = await attacked(async () => {
    await sql.query("update audit_events set actor_name = 'somebody' where seq = 12")
    const last = await lastSeq()
    for (let seq = 12; seq <= last; seq += 1) {
      const hash = await rehash(seq)
      await sql.query('update audit_events set hash = $1 where seq = $2', [hash, seq])
      await sql.query('update audit_events set previous_hash = $1 where seq = $2', [hash, seq + 1])
      if (seq === last) await sql.query('update audit_head set hash = $1', [hash])
    }
  })
  assert.equal(firstOf(all).seq, 12)
})

test('a deleted event is named by its neighbours, at the beginning, in the middle and at the end', async () => {
  const middle = await attacked(() => sql.query('delete from audit_events where seq = 12'))
  assert.deepEqual(firstOf(middle), { kind: 'missing', seq: 12, id: null })
  assert.match(middle.findings[0].fact, /event 12 is missing between event 11 \(.*\) and event 13 \(/)
  assert.deepEqual(firstOf(await attacked(() => sql.query('delete from audit_events where seq = 1'))), {
    kind: 'missing',
    seq: 1,
    id: null,
  })
  const last = await lastSeq()
  const end = await attacked(() => sql.query('delete from audit_events where seq = $1', [last]))
  assert.deepEqual(firstOf(end), { kind: 'truncated', seq: last, id: null })
})

test('a trail that was cut off is found, the row that says where it ends being moved or not', async () => {
  const cutAt = async (seq: number) => {
    await sql.query('delete from audit_events where seq > $1', [seq])
    await sql.query('update audit_head set seq = $1, hash = (select hash from audit_events where seq = $1)', [seq])
  }
  const behind = (await lastSeq()) - 2
  const moved = await attacked(() => cutAt(behind))
  assert.equal(moved.isWhole, false)
  assert.deepEqual(moved.findings.map(({ kind }: any) => kind).toSorted(), ['statement', 'truncated'])
  assert.equal(moved.findings.find(({ kind }: any) => kind === 'truncated').seq, behind + 1)
  const beforeCheckpoint = await attacked(() => cutAt(10))
  assert.ok(beforeCheckpoint.findings.some(({ kind, seq, fact }: any) => kind === 'truncated' && seq === 11 && /checkpoint/.test(fact)))
})

test('swapped events are named', async () => {
  const report = await attacked(async () => {
    await sql.query('update audit_events set seq = -1 where seq = 8')
    await sql.query('update audit_events set seq = 8 where seq = 20')
    await sql.query('update audit_events set seq = 20 where seq = -1')
  })
  assert.equal(firstOf(report).seq, 8)
  assert.ok(report.findings.some(({ seq }: any) => seq === 20))
})

test('an event that somebody wrote with SQL is named, with the right hash and the end moved', async () => {
  let id = ''
  const last = await lastSeq()
  const report = await attacked(async () => {
    await sql.query(
      `insert into audit_events select $1::bigint + 1, gen_random_uuid(), tenant_id, at, actor_kind, actor_id, actor_name, address, request_id,
         action, outcome, subject_kind, subject_id, subject_name, reason, before, after, facts, hash, 'x', stamp
       from audit_events where seq = $1`,
      [last],
    )
    const hash = await rehash(last + 1)
    await sql.query('update audit_events set hash = $1 where seq = $2', [hash, last + 1])
    await sql.query('update audit_head set seq = $1, hash = $2', [last + 1, hash])
    id = await idOf(last + 1)
  })
  assert.ok(report.findings.some((finding: any) => finding.seq === last + 1 && finding.id === id))
})

test('an edited or forged checkpoint is named', async () => {
  const edited = await attacked(() => sql.query("update audit_checkpoints set hash = repeat('a', 64)"))
  assert.equal(firstOf(edited).kind, 'statement')
  const forged = await attacked(() => sql.query("update audit_checkpoints set public_key = repeat('a', 64), signature = 'bm90aGluZw=='"))
  assert.equal(firstOf(forged).kind, 'statement')
})

test('acts at the same moment stay one chain', async () => {
  const before = (await verify()).events
  await Promise.all(Array.from({ length: 40 }, () => happen(3)))
  const report = await verify()
  assert.deepEqual(report.findings, [])
  assert.equal(report.events, before + 121)
})

test('a key is followed by a new one, and the one before vouches for it', async () => {
  await happen(2)
  const { status, json } = await here.ask('POST', '/api/v1/audit/key/rotate', { token: admin, body: { reason: 'yearly' } })
  assert.equal(status, 200)
  assert.notEqual(json.before.publicKey, json.after.publicKey)
  await happen(2)
  await hour()
  const report = await verify()
  assert.deepEqual(report.findings, [])
  const { json: listed } = await here.ask('GET', '/api/v1/audit/checkpoints', { token: auditor })
  assert.deepEqual(listed.key, json.after)
  const byBefore = listed.rows.find(({ publicKey }: any) => publicKey === json.before.publicKey)
  const rotation = (await here.ask('GET', '/api/v1/audit?action=audit.rotate-key', { token: auditor })).json.rows[0]
  assert.ok(byBefore.seq >= rotation.seq, 'the key before signed over the event that names the new one')
  assert.equal(listed.rows[0].publicKey, json.after.publicKey)
})

test('the trail is listed, filtered and searched, and an event shows what it changed', async () => {
  const ask = async (query: string) => (await here.ask('GET', `/api/v1/audit?${query}`, { token: auditor })).json
  const all = await ask('pageSize=5')
  assert.equal(all.rows.length, 5)
  assert.ok(all.rows[0].seq > all.rows[4].seq)
  assert.equal(
    (await ask('action=backup.&pageSize=200')).rows.every(({ action }: any) => action === 'backup.completed'),
    true,
  )
  assert.equal((await ask('search=BACKUP-2&subjectKind=backup')).total > 0, true)
  assert.equal((await ask('search=%25')).total, 0)
  assert.equal((await ask(`tenantId=${tenant}&outcome=refused`)).total, 0)
  assert.equal((await ask('from=2027-01-01T00:00:00Z')).total, 0)
  const { rows } = await ask('action=backup.completed&pageSize=1')
  const { json } = await here.ask('GET', `/api/v1/audit/${rows[0].id}`, { token: auditor })
  assert.deepEqual([json.before, json.after], [{ status: 'in_progress' }, { status: 'completed' }])
  assertProblem(await here.ask('GET', '/api/v1/audit/00000000-0000-4000-8000-000000000000', { token: auditor }), 404, 'NOT_FOUND')
})

test('an auditor of one tenant sees its events alone', async () => {
  const other = await testTenant(here.service, 'theirs')
  await happen(3, other)
  const { token } = await testPerson(here.service, 'theirs-auditor', [{ role: 'AUDITOR', tenantId: other }])
  const { json } = await here.ask('GET', '/api/v1/audit', { token })
  assert.equal(json.total, 3)
  assert.ok(json.rows.every(({ tenantId }: any) => tenantId === other))
  const [ours] = (await here.ask('GET', `/api/v1/audit?tenantId=${tenant}`, { token: auditor })).json.rows
  assertProblem(await here.ask('GET', `/api/v1/audit/${ours.id}`, { token }), 404, 'NOT_FOUND')
  assert.equal((await verify(token)).isWhole, true)
})
