import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { testClock } from '#base/clock.ts'
import { limits } from '#base/limits.ts'
import { durations } from '#base/units.ts'
import type { AlertView } from '#contract/alerts.ts'
import { watchTrail } from '#service/audit/trail-watch.ts'
import { noteBackupEnd, type BackupEnd } from '#service/backups/backup-end.ts'
import { within } from '#service/catalog/scope.ts'
import { signInLookEveryMs, watchSignIns } from '#service/people/sign-in-watch.ts'
import { flipOneByte, largestPack, packsOf } from '#test/support/doubt.ts'
import { mailServer, mailUser, type MailServer } from '#test/support/mail-server.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import {
  answerWhen,
  askedBackup,
  endedBackup,
  endedJob,
  madeBackup,
  protectedSystem,
  type ProtectedSystem,
} from '#test/support/protected-system.ts'
import { testPassword, testPerson, testService, type TestService } from '#test/support/service.ts'
import { addSteps, isOver, jobWhen, stepsKind } from '#test/support/test-jobs.ts'

let here: TestService
let cluster: TestCluster
let clinic: ProtectedSystem
let mail: MailServer
let root: string
/** A good backup. */
let full: string

before(async () => {
  ;[here, cluster, mail] = await Promise.all([
    testService({ isWorker: true, kinds: [stepsKind], publicUrl: 'https://integrum.example.org' }),
    testCluster(),
    mailServer(),
  ])
  clinic = await protectedSystem(here, cluster)
  root = (await testPerson(here.service, 'root', [{ role: 'SYSTEM_ADMIN', tenantId: null }])).token
})
after(async () => {
  await here[Symbol.asyncDispose]()
  await cluster.stop()
  await mail[Symbol.asyncDispose]()
})

async function alerts(query: string): Promise<AlertView[]> {
  return (await here.ask('GET', `/api/v1/alerts?pageSize=200&${query}`, { token: root })).json.rows
}

async function told(): Promise<string[]> {
  const { catalog } = here.service.house
  const rows = await catalog.as({ kind: 'all' }, (tx) =>
    tx.selectFrom('notices').select(['kind', 'occasion']).orderBy('at').orderBy('id').execute(),
  )
  return rows.map(({ kind, occasion }) => `${kind} ${occasion}`)
}

/** What people were told while `work` went on. */
async function toldBy(work: () => Promise<unknown>): Promise<string[]> {
  const before = await told()
  await work()
  return (await told()).slice(before.length).toSorted((a, b) => a.localeCompare(b))
}

const subjects = () => mail.received.map(({ headers }) => headers['subject'])
const arrived = (count: number) =>
  answerWhen(
    () => here.ask('GET', '/api/v1/alerts', { token: root }),
    () => mail.received.length >= count,
  )

test('a backup that fails is a mail within seconds, without what its fault quotes; the next good one settles it', async () => {
  const body = {
    kind: 'email',
    name: 'mail',
    settings: {
      host: '127.0.0.1',
      port: mail.port,
      authority: mail.authority,
      user: mailUser.user,
      from: 'integrum@clinic.example',
      to: ['anna@clinic.example'],
    },
    secrets: { password: mailUser.password },
  }
  const made = await here.ask('POST', '/api/v1/notices/channels', { token: root, body })
  assert.deepEqual([made.status, made.json.tenantId], [201, null], made.text)
  await rm(clinic.files, { recursive: true })
  const failing = async () => {
    const { backupId } = await askedBackup(here, clinic, { type: 'files' })
    return await endedBackup(here, clinic.viewer, backupId)
  }
  const { fault } = await failing()
  await arrived(1)
  assert.deepEqual(subjects(), ['[Integrum] Critical: A backup failed (emr)'])
  const { text } = mail.received[0]!
  assert.match(text, /^The files backup of emr failed: ROOT_NOT_FOUND\.\r\n/)
  assert.ok(fault.fact.includes(clinic.files) && !text.includes(clinic.files))
  assert.deepEqual(await toldBy(failing), [], 'once more: counted, not told')
  const [alert] = await alerts('kind=backup-failed')
  assert.deepEqual([alert!.times, alert!.systemName, alert!.tenantId], [2, 'emr', clinic.tenant])

  await mkdir(clinic.files)
  await writeFile(path.join(clinic.files, 'note.txt'), 'hello')
  const good = async () => (full = await madeBackup(here, clinic, { type: 'full' }))
  assert.deepEqual(await toldBy(good), ['backup-failed settled'])
  await arrived(2)
  assert.equal(subjects()[1], '[Integrum] Settled: A backup failed (emr)')
  assert.deepEqual(await alerts('kind=backup-failed'), [])
  assert.match((await alerts('kind=backup-failed&state=settled'))[0]!.settledBecause!, /^the full backup of emr was completed/)
})

test('gaps are told, and over with the next backup that has none', async () => {
  const { house } = here.service
  const end = (gapCount: number): BackupEnd => ({
    kind: 'completed',
    place: 'local:/nowhere',
    facts: {
      snapshot: 'f'.repeat(64),
      checksum: 'f'.repeat(64),
      gapCount,
      logicalBytes: 1,
      storedBytes: 1,
      compressionRatio: 0,
      metadata: {},
    },
  })
  const note = (gapCount: number) =>
    toldBy(() => house.catalog.as(within(clinic.tenant), (tx) => noteBackupEnd(house, tx, { id: full, end: end(gapCount) })))
  assert.deepEqual(await note(2), ['backup-gaps opened'])
  assert.match((await alerts('kind=backup-gaps'))[0]!.fact, /^the full backup of emr was completed, but for 2 things$/)
  assert.deepEqual(await note(3), [])
  assert.deepEqual(await note(0), ['backup-gaps settled'])
})

test('damage that a verification or a check finds is told once each, and stays open until all is read whole again', async () => {
  const known = await packsOf(clinic.place)
  await writeFile(path.join(clinic.files, 'scan.bin'), here.service.house.random.bytes(300_000))
  const id = await madeBackup(here, clinic, { type: 'files' })
  const pack = await largestPack(clinic.place, known)
  const run = async (place: string, body: object) => {
    const { json } = await here.ask('POST', place, { token: clinic.administrator, body })
    return await endedJob(here, clinic.viewer, json.runId)
  }
  const verify = () => run(`/api/v1/backup/${id}/verify`, {})
  const check = () => run(`/api/v1/repositories/${clinic.repository}/check`, { depth: 'full' })
  await flipOneByte(pack)
  assert.deepEqual(await toldBy(verify), ['verification-failed opened'])
  assert.match((await alerts('kind=verification-failed'))[0]!.fact, /^the files backup of emr made at \S+ is damaged: DAMAGE_/)
  assert.deepEqual(await toldBy(check), ['repository-damaged opened'])
  await flipOneByte(pack)
  assert.deepEqual(await toldBy(check), ['repository-damaged settled'])
  assert.deepEqual(await toldBy(verify), ['verification-failed settled'])
})

test('a job of our own that fails for good is an alert until the next one is completed; one of somebody is told', async () => {
  const { house } = here.service
  const trace = path.join(here.directory, 'trace')
  const steps = (act: 'damage' | 'steps') => async () => {
    await jobWhen(house, await addSteps(house, clinic.tenant, { trace, act, steps: 1 }), isOver)
  }
  assert.deepEqual(await toldBy(steps('damage')), ['job-failed opened'])
  assert.match((await alerts('kind=job-failed'))[0]!.fact, /^the job "test-steps" failed: DAMAGE_BLOB$/)
  assert.deepEqual(await toldBy(steps('steps')), ['job-failed settled'])
  const asked = async () => {
    await rm(path.join(clinic.place, 'config'))
    const { json } = await here.ask('POST', `/api/v1/backup/${full}/archive`, { token: clinic.operator, body: { format: 'tar.zst' } })
    assert.equal((await endedJob(here, clinic.viewer, json.runId)).status, 'failed')
  }
  assert.deepEqual(await toldBy(asked), ['job-failed happened'])
})

test('five refused sign-ins within a minute, from an address or of an account, are told in time; an hour of quiet settles it', async () => {
  const { house } = here.service
  await here.ask('GET', '/api/v1/me', { token: root })
  await testPerson(here.service, 'carla', [])
  let address = 0
  const refused = async (name: string, from: string) => {
    const headers = { 'x-forwarded-for': from }
    const { status } = await here.ask('POST', '/api/v1/sign-in', { body: { name, password: testPassword }, headers })
    assert.equal(status, 401)
  }
  const elsewhere = () => `10.0.0.${(address += 1)}`
  for (let count = 1; count < limits.signInBurstLeast; count += 1) await refused('carla', elsewhere())
  for (let count = 1; count < limits.signInBurstLeast; count += 1) await refused(`guess-${count}`, '10.9.9.9')
  assert.deepEqual(await toldBy(() => watchSignIns(house)), [])
  await refused('carla', elsewhere())
  assert.deepEqual(await toldBy(() => watchSignIns(house)), ['sign-in-burst opened'])
  await refused('guess', '10.9.9.9')
  assert.deepEqual(await toldBy(() => watchSignIns(house)), ['sign-in-burst opened'])
  const open = (await alerts('kind=sign-in-burst')).map(({ fact }) => fact)
  assert.deepEqual(open, [
    '5 sign-ins were refused within a minute, from the address 10.9.9.9',
    '5 sign-ins were refused within a minute, of the account carla',
  ])
  assert.ok(signInLookEveryMs + 5 * durations.second + limits.noticeTimeoutMs <= durations.minute)
  const later = { ...house, clock: testClock(new Date(house.clock.now().getTime() + limits.signInQuietMs)) }
  assert.deepEqual(await toldBy(() => watchSignIns(later)), ['sign-in-burst settled', 'sign-in-burst settled'])
})

test('a trail that somebody writes into past the service is told of, at once in what is new and within a day in all of it', async () => {
  const clock = testClock(new Date())
  const house = { ...here.service.house, clock }
  const watch = () => toldBy(() => watchTrail(house))
  assert.deepEqual(await watch(), [])
  clock.advance(durations.hour)
  assert.deepEqual(await watch(), [])
  const { pool } = house.catalog
  const alter = async (set: string, where: string) => {
    await pool.query("set integrum.tenants = '*'; alter table audit_events disable trigger user")
    const { rowCount } = await pool.query(`update audit_events set ${set} where ${where}`)
    await pool.query('alter table audit_events enable trigger user; reset integrum.tenants')
    return rowCount
  }
  const rename = (where: string) => alter("actor_name = actor_name || '?'", where)
  const undo = (where: string) => alter('actor_name = left(actor_name, -1)', where)
  await rename('seq = 1')
  clock.advance(durations.hour)
  assert.deepEqual(await watch(), [], 'what was read is read again once a day')
  clock.advance(durations.day)
  assert.deepEqual(await watch(), ['audit-broken opened'])
  assert.match((await alerts('kind=audit-broken'))[0]!.fact, /^the audit trail is not what was written, in 1 place: event 1: /)
  assert.deepEqual(await watch(), [], 'one service in an hour')
  clock.advance(durations.hour)
  assert.deepEqual(await watch(), [], 'it is open')
  await undo('seq = 1')
  clock.advance(durations.hour)
  assert.deepEqual(await watch(), ['audit-broken settled'])
  await here.ask('POST', '/api/v1/sign-in', { body: { name: 'nobody', password: testPassword } })
  await rename('seq = (select max(seq) from audit_events)')
  clock.advance(durations.hour)
  assert.deepEqual(await watch(), ['audit-broken opened'])
})
