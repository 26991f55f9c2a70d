import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { run } from '#host/run.ts'
import { sweepSpool } from '#service/backups/spool.ts'
import { everything } from '#service/catalog/scope.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { endedJob, eventsOf, madeBackup, protectedSystem, type ProtectedSystem } from '#test/support/protected-system.ts'
import { assertProblem, testService, type TestService } from '#test/support/service.ts'

let here: TestService
let cluster: TestCluster
let clinic: ProtectedSystem
let full: string

before(async () => {
  ;[here, cluster] = await Promise.all([testService({ isWorker: true }), testCluster()])
  clinic = await protectedSystem(here, cluster)
  full = await madeBackup(here, clinic, { type: 'full', name: 'the first' })
})
after(async () => {
  await here[Symbol.asyncDispose]()
  await cluster.stop()
})

const get = (place: string, token = clinic.viewer) => here.ask('GET', place, { token })

async function fetched(place: string, headers: Record<string, string> = {}, method = 'GET') {
  const response = await fetch(`${here.service.url}${place}`, {
    method,
    headers: { authorization: `Bearer ${clinic.operator}`, ...headers },
  })
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) }
}

test('a download is made by a job, then fetched whole or in ranges that join to the whole; tar reads it', async () => {
  const url = `/api/v1/backup/${full}/download?format=tar.gz`
  assertProblem(await get(url), 403, 'FORBIDDEN')
  const first = await here.ask('GET', url, { token: clinic.operator })
  assert.equal(first.status, 202, first.text)
  assert.equal(first.headers.get('retry-after'), '2')
  const job = await endedJob(here, clinic.operator, first.json.runId)
  assert.equal(job.status, 'completed', JSON.stringify(job.fault))
  const whole = await fetched(url, { 'idempotency-key': 'a download is a download each time' })
  assert.equal(whole.status, 200)
  const etag = `"${createHash('sha256').update(whole.bytes).digest('hex')}"`
  assert.equal(whole.headers.get('etag'), etag)
  assert.match(whole.headers.get('content-disposition')!, /filename="the_first\.tar\.gz"/)
  const middle = Math.floor(whole.bytes.byteLength / 2)
  const left = await fetched(url, { range: `bytes=0-${middle - 1}`, 'idempotency-key': 'a download is a download each time' })
  const right = await fetched(url, { range: `bytes=${middle}-`, 'if-range': etag })
  assert.deepEqual([left.status, right.status], [206, 206])
  assert.equal(right.headers.get('content-range'), `bytes ${middle}-${whole.bytes.byteLength - 1}/${whole.bytes.byteLength}`)
  assert.ok(Buffer.concat([left.bytes, right.bytes]).equals(whole.bytes))
  assert.equal((await fetched(url, { range: 'bytes=0-9', 'if-range': '"another"' })).status, 200)
  const beyond = await fetched(url, { range: 'bytes=99999999-' })
  assert.deepEqual([beyond.status, beyond.headers.get('content-range')], [416, `bytes */${whole.bytes.byteLength}`])
  assert.equal((await fetched(url, { 'if-none-match': etag })).status, 304)
  const head = await fetched(url, {}, 'HEAD')
  assert.deepEqual([head.status, head.headers.get('content-length'), head.bytes.byteLength], [200, String(whole.bytes.byteLength), 0])
  const archive = path.join(here.directory, 'fetched.tar.gz')
  await writeFile(archive, whole.bytes)
  const listed = await run('tar', ['-tzf', archive])
  assert.equal(listed.exitCode, 0, listed.stderr)
  assert.match(listed.stdout, /files\/uploads\/reports\/first\.bin/)
  const sent = (await eventsOf(here, 'backups.download')).map(({ facts }) => facts['sent'])
  assert.deepEqual(sent, [
    undefined,
    'all',
    `bytes 0-${middle - 1}`,
    `bytes ${middle}-${whole.bytes.byteLength - 1}`,
    'all',
    'nothing',
    'nothing',
    'all',
  ])
  assert.equal((await here.ask('GET', `/api/v1/admin/backups/${full}/download?format=tar.gz`, { token: clinic.operator })).status, 200)
})

test('an archive with a passphrase is an age file, is imported with it as a new backup, and the passphrase stays nowhere', async () => {
  const passphrase = 'a long passphrase ä of tests'
  const asked = await here.ask('POST', `/api/v1/backup/${full}/archive`, {
    token: clinic.operator,
    body: { format: 'tar.zst', passphrase },
  })
  assert.equal(asked.status, 202, asked.text)
  assert.equal((await endedJob(here, clinic.operator, asked.json.runId)).status, 'completed')
  const { status, bytes } = await fetched(`/api/v1/backup/${full}/download?archive=${asked.json.archiveId}`)
  assert.equal(status, 200)
  assert.match(bytes.toString('latin1', 0, 40), /^age-encryption\.org\/v1\n/)
  const upload = (headers: Record<string, string>, query: string) =>
    fetch(`${here.service.url}/api/v1/backup/import?systemId=${clinic.system}&${query}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${clinic.operator}`, 'content-type': 'application/octet-stream', ...headers },
      body: new Uint8Array(bytes),
    })
  const withPassphrase = { 'integrum-passphrase': encodeURIComponent(passphrase) }
  const sent = await upload(withPassphrase, 'fileName=first.age&isAsNew=true')
  const started = (await sent.json()) as { runId: string; sizeBytes: number }
  assert.deepEqual([sent.status, started.sizeBytes], [202, bytes.byteLength])
  const job = await endedJob(here, clinic.operator, started.runId)
  assert.equal(job.status, 'completed', JSON.stringify(job.fault))
  const [imported] = (await get('/api/v1/backup/list?search=the first-2')).json.rows
  const details = (await get(`/api/v1/backup/${imported.id}`)).json
  assert.deepEqual(
    [details.manifest.imported.kind, details.manifest.imported.file, details.manifest.databases[0].rows],
    ['archive', 'first.age', 6],
  )
  const again = (await (await upload(withPassphrase, 'fileName=first.age')).json()) as { runId: string }
  assert.equal((await endedJob(here, clinic.operator, again.runId)).fault.code, 'BACKUP_EXISTS')
  const without = (await (await upload({}, 'fileName=first.age')).json()) as { runId: string }
  assert.equal((await endedJob(here, clinic.operator, without.runId)).fault.code, 'ARCHIVE_PASSPHRASE')
  const json = await here.ask('POST', `/api/v1/backup/import?systemId=${clinic.system}`, { token: clinic.operator, body: { a: 1 } })
  assertProblem(json, 415, 'MEDIA_TYPE')
  assertProblem(
    await here.ask('POST', `/api/v1/backup/import?systemId=${clinic.system}&fileName=..`, { token: clinic.operator }),
    422,
    'INPUT_INVALID',
  )
  const kept = await run('grep', ['-rlaF', passphrase, path.join(here.directory, 'data')])
  assert.equal(kept.stdout, '')
})

test('what nobody fetched in time is swept, as is what was taken in, and the next request has it made again', async () => {
  const { house } = here.service
  const spooled = () => readdir(path.join(here.directory, 'data', 'downloads'))
  assert.ok((await spooled()).length >= 2)
  assert.equal((await readdir(path.join(here.directory, 'data', 'uploads'))).length, 3)
  await sweepSpool(house)
  assert.deepEqual(await readdir(path.join(here.directory, 'data', 'uploads')), [])
  assert.ok((await spooled()).length >= 2)
  await house.catalog.as(everything, (tx) =>
    tx
      .updateTable('downloads')
      .set({ expires_at: new Date(0) })
      .execute(),
  )
  await sweepSpool(house)
  assert.deepEqual(await spooled(), [])
  const again = await here.ask('GET', `/api/v1/backup/${full}/download?format=tar.gz`, { token: clinic.operator })
  assert.equal(again.status, 202)
  assert.equal((await endedJob(here, clinic.operator, again.json.runId)).status, 'completed')
})
