import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { run } from '#host/run.ts'
import { codeOfStep } from '#test/support/authenticator.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'

// What the README promises, from `npm start` on, with plain fetch and nothing of ours in between.

let directory: string
let cluster: TestCluster
let child: ChildProcess
let url: string
let setUpToken: string
let token: string
let secret: string
let usedStep = 0
let systemId: string
let backupId: string
let restoreId: string
const password = 'nine lamps over the harbour'

before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'integrum-test-walk-'))
  await chmod(directory, 0o755)
  cluster = await testCluster()
  await cluster.createDatabase('clinic')
  await cluster.psql(
    'clinic',
    "create table patient (id int primary key, name text); insert into patient select n, 'patient ' || n from generate_series(1, 5000) n",
  )
  await mkdir(path.join(directory, 'uploads/2026'), { recursive: true })
  await writeFile(path.join(directory, 'uploads/2026/report.txt'), 'a report\n'.repeat(100_000))
  child = spawn('npm', ['start', '--', '--port', '0', '--data', path.join(directory, 'data')], {
    stdio: ['ignore', 'pipe', 'ignore'],
    // The whole group ends with it: npm, what it starts, and the service.
    detached: true,
  })
  for await (const line of createInterface({ input: child.stdout! })) {
    url ??= /listens on (\S+)/.exec(line)?.[1] ?? url
    setUpToken ??= /#(itu_\S+)/.exec(line)?.[1] ?? setUpToken
    if (url && setUpToken) break
  }
  child.stdout!.resume()
})
after(async () => {
  if (child.exitCode === null) {
    process.kill(-child.pid!, 'SIGTERM')
    // npm is gone at once; the service holds the same stdout until its PostgreSQL has stopped.
    await once(child, 'close')
  }
  await cluster.stop()
  await rm(directory, { recursive: true, force: true })
})

/** A code that was not given before: that of the step before this one, of this one, and of the next are good. */
function nextCode(): string {
  usedStep = Math.max(usedStep + 1, Math.floor(Date.now() / 30_000) - 1)
  return codeOfStep(secret, usedStep)
}

/** The same, when three codes may be used up: waits until the next one is good. */
async function freshCode(): Promise<string> {
  const waitMs = usedStep * 30_000 - Date.now()
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs + 200))
  return nextCode()
}

interface Answer {
  readonly status: number
  readonly json: any
}

async function ask(method: string, place: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${url}${place}`, {
    method,
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...(method !== 'GET' && { 'content-type': 'application/json' }) },
    ...(method !== 'GET' && { body: JSON.stringify(body ?? {}) }),
  })
  const text = await response.text()
  return { status: response.status, json: text === '' ? undefined : JSON.parse(text) }
}

async function expect(status: number, method: string, place: string, body?: unknown): Promise<any> {
  const answer = await ask(method, place, body)
  assert.equal(answer.status, status, JSON.stringify(answer.json))
  return answer.json
}

/** Reads the events of a job until it has ended: what a page would show. */
async function follow(runId: string): Promise<{ readonly last: any; readonly seen: readonly any[] }> {
  const stop = new AbortController()
  const response = await fetch(`${url}/api/v1/events`, {
    headers: { authorization: `Bearer ${token}`, 'last-event-id': '0' },
    signal: AbortSignal.any([stop.signal, AbortSignal.timeout(120_000)]),
  })
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/)
  const seen: any[] = []
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const events = text.split('\n\n')
    text = events.pop()!
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1]
      if (data === undefined) continue
      const parsed = JSON.parse(data)
      if (parsed.subjectId !== runId && parsed.body?.id !== runId) continue
      seen.push(parsed.body)
      if (parsed.body.endedAt === null) continue
      stop.abort()
      return { last: parsed.body, seen }
    }
  }
  throw new Error('the events ended before the job')
}

test('set-up: the link of the first start makes the first administrator, once; there is no other way in', async () => {
  assert.equal((await ask('GET', '/api/v1/backup/list')).status, 401)
  const body = { token: setUpToken, name: 'ada', title: 'Ada, administrator', password }
  const made = await expect(201, 'POST', '/api/v1/set-up', body)
  assert.equal((await ask('POST', '/api/v1/set-up', { ...body, name: 'eve' })).status >= 400, true)
  token = made.token
  assert.equal((await expect(200, 'GET', '/api/v1/me')).name, 'ada')
})

test('an authenticator, and the signing policy', async () => {
  secret = (await expect(200, 'POST', '/api/v1/me/totp', { password })).secret
  const { recoveryCodes } = await expect(200, 'POST', '/api/v1/me/totp/confirm', { code: nextCode() })
  assert.equal(recoveryCodes.length, 10)
  const { version } = await expect(200, 'GET', '/api/v1/signing-policy')
  const accepted = await ask('POST', '/api/v1/me/signing-policy', { version })
  assert.ok(accepted.status < 300, JSON.stringify(accepted.json))
})

test('a repository and a system, tested before it is relied on', async () => {
  const { repository, recoveryKey } = await expect(201, 'POST', '/api/v1/repositories', {
    name: 'main',
    place: `local:${path.join(directory, 'repository')}`,
    mode: 'create',
  })
  assert.match(recoveryKey, /^([0-9A-Z]{6}-){5}[0-9A-Z]{6}$/)
  const system = await expect(201, 'POST', '/api/v1/systems', {
    name: 'clinic',
    title: 'The clinic',
    repositoryId: repository.id,
    databases: [{ name: 'main', url: cluster.url('clinic') }],
    roots: [{ name: 'uploads', path: path.join(directory, 'uploads') }],
  })
  systemId = system.id
  const tested = await expect(200, 'POST', `/api/v1/systems/${systemId}/test`)
  assert.notEqual(tested.result, 'failed', JSON.stringify(tested.lines))
})

test('a full backup, its progress event by event, its figures', async () => {
  const created = await expect(202, 'POST', '/api/v1/backup/create', { systemId, type: 'full', description: 'the first' })
  backupId = created.backupId
  const { last, seen } = await follow(created.runId)
  assert.equal(last.status, 'completed', JSON.stringify(last.fault))
  assert.ok(
    seen.some(({ stage }) => stage !== null),
    'a stage was told',
  )
  const backup = await expect(200, 'GET', `/api/v1/backup/${backupId}`)
  assert.equal(backup.status, 'completed')
  assert.equal(backup.manifest.databases[0].rows, 5000)
  assert.equal(backup.manifest.roots[0].files, 1)
  assert.match(backup.checksum, /^[0-9a-f]{64}$/)
  assert.equal((await expect(200, 'GET', `/api/v1/backup/list?systemId=${systemId}&type=full`)).total, 1)
})

test('verify reads all of it, and the backup is known as intact', async () => {
  const { runId } = await expect(202, 'POST', `/api/v1/backup/${backupId}/verify`)
  assert.equal((await follow(runId)).last.status, 'completed')
  assert.equal((await expect(200, 'GET', `/api/v1/backup/${backupId}`)).standing, 'intact')
})

test('a download in two ranges is the archive, and tar reads it', async () => {
  const place = `/api/v1/backup/${backupId}/download?format=tar`
  const first = await ask('GET', place)
  if (first.status === 202) await follow(first.json.runId)
  const part = async (range: string) => {
    const response = await fetch(`${url}${place}`, { headers: { authorization: `Bearer ${token}`, range } })
    assert.equal(response.status, 206)
    return {
      etag: response.headers.get('etag'),
      range: response.headers.get('content-range'),
      bytes: Buffer.from(await response.arrayBuffer()),
    }
  }
  const beginning = await part('bytes=0-99999')
  const rest = await part('bytes=100000-')
  assert.equal(beginning.etag, rest.etag)
  const archive = path.join(directory, 'archive.tar')
  await writeFile(archive, Buffer.concat([beginning.bytes, rest.bytes]))
  const listed = await run('tar', ['-tf', archive])
  assert.equal(listed.exitCode, 0, listed.stderr)
  assert.match(listed.stdout, /manifest\.json/)
  assert.match(listed.stdout, /report\.txt/)
})

test('delete takes a backup out of the lists for a grace period, and can be taken back', async () => {
  const created = await expect(202, 'POST', '/api/v1/backup/create', { systemId, type: 'files', name: 'one too many' })
  assert.equal((await follow(created.runId)).last.status, 'completed')
  const removed = await expect(200, 'DELETE', `/api/v1/backup/${created.backupId}`, { reason: 'made by mistake' })
  assert.ok(new Date(removed.removalDueAt).getTime() > Date.now() + 3_600_000, 'a grace period')
  const listed = async () => (await expect(200, 'GET', '/api/v1/backup/list')).rows.map((row: any) => row.id)
  assert.ok(!(await listed()).includes(created.backupId))
  await expect(200, 'POST', `/api/v1/backup/${created.backupId}/undelete`)
  assert.ok((await listed()).includes(created.backupId))
})

test('a disaster, then a restore: planned, signed, carried out, verified', async () => {
  await cluster.psql('clinic', 'delete from patient where id > 10; create table later (a int); insert into later values (1)')
  await writeFile(path.join(directory, 'uploads/2026/report.txt'), 'overwritten')
  const { planId, runId } = await expect(202, 'POST', '/api/v1/restore/preview', { backupId, scope: 'full' })
  await follow(runId)
  const plan = await expect(200, 'GET', `/api/v1/restore/plans/${planId}`)
  assert.equal(plan.status, 'ready', JSON.stringify(plan.fault))
  assert.match(plan.summary.loss.join('\n'), /later/)
  // Refused before anybody looks at it: no code is used up.
  const unsigned = { password, totp: '000000', meaning: 'I approve this restore' }
  const order = { planId, confirm: 'clinic', reason: 'patients were deleted' }
  assert.equal((await ask('POST', '/api/v1/restore/execute', { ...order, confirm: 'other', signature: unsigned })).status, 422)
  const begun = await expect(202, 'POST', '/api/v1/restore/execute', { ...order, signature: { ...unsigned, totp: await freshCode() } })
  const { last } = await follow(begun.runId)
  assert.equal(last.status, 'completed', JSON.stringify(last.fault))
  assert.equal((await cluster.psql('clinic', 'select count(*) from patient')).trim(), '5000')
  assert.equal((await readFile(path.join(directory, 'uploads/2026/report.txt'), 'utf8')).length, 900_000)
  const restored = await expect(200, 'GET', `/api/v1/restore/${begun.restoreId}`)
  assert.equal(restored.validationResults.verified.rows, 5000)
  assert.notEqual(restored.safetyBackupId, null)
  assert.equal((await ask('POST', '/api/v1/restore/execute', { ...order, signature: unsigned })).status >= 400, true, 'a plan is used once')
  restoreId = begun.restoreId
})

test('undo puts back what was live before', async () => {
  const order = { confirm: 'clinic', reason: 'it was the wrong backup' }
  const signature = { password, totp: await freshCode(), meaning: 'I approve this undo' }
  const { runId } = await expect(202, 'POST', `/api/v1/restore/${restoreId}/undo`, { ...order, signature })
  assert.equal((await follow(runId)).last.status, 'completed')
  assert.equal((await cluster.psql('clinic', 'select count(*) from patient')).trim(), '10')
  assert.equal(await readFile(path.join(directory, 'uploads/2026/report.txt'), 'utf8'), 'overwritten')
  assert.equal((await expect(200, 'GET', '/api/v1/restore/history')).total, 2)
})

test('the trail has all of it, and its chain is whole', async () => {
  const { rows } = await expect(200, 'GET', '/api/v1/audit?pageSize=200')
  const acts = new Set(rows.map((row: any) => `${row.action} ${row.outcome}`))
  for (const act of [
    'sign-in.set-up done',
    'systems.register done',
    'backups.create done',
    'restores.execute done',
    'restores.execute refused',
    'restores.undo done',
  ])
    assert.ok(acts.has(act), `${act}, among ${[...acts].join(', ')}`)
  const report = await expect(200, 'POST', '/api/v1/audit/verify')
  assert.equal(report.isWhole, true, JSON.stringify(report))
})
