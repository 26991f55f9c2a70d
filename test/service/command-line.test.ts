import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { run } from '#host/run.ts'
import { enrol } from '#test/support/authenticator.ts'
import { program, type Told } from '#test/support/command-line.ts'
import { setUpHere, testPassword, testService, type TestService } from '#test/support/service.ts'

let here: TestService
let directory: string
let account: string
before(async () => {
  here = await testService({ isWorker: true })
  directory = await mkdtemp(path.join(tmpdir(), 'integrum-test-online-'))
  await writeFile(path.join(directory, 'password'), `${testPassword}\n`, { mode: 0o600 })
  await writeFile(path.join(directory, 'wrong'), 'not this one\n', { mode: 0o600 })
  const { token } = await setUpHere(here)
  account = (await here.ask('GET', '/api/v1/me', { token })).json.name
})
after(async () => {
  await here[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

async function online(...words: readonly string[]): Promise<Pick<Told, 'exitCode' | 'stdout' | 'stderr' | 'json'>> {
  const env = {
    PATH: process.env['PATH'],
    HOME: directory,
    XDG_CONFIG_HOME: path.join(directory, 'config'),
    INTEGRUM_SERVER: here.service.url,
  }
  const told = await run(program, [...words, '--json'], { env })
  return { ...told, json: JSON.parse(told.stdout.trim().split('\n').at(-1) || '{}') }
}

test('who is not signed in is told so, and nothing is asked of the service', async () => {
  const told = await online('jobs', 'list')
  assert.equal(told.json['error'].code, 'NOT_SIGNED_IN')
  assert.equal(told.exitCode, 1)
})

test('a login is kept in a file of its owner alone, and a logout ends it', async () => {
  const refused = await online('login', '--name', account, '--password-file', path.join(directory, 'wrong'))
  assert.equal(refused.exitCode, 1)
  assert.ok(refused.json['error'].hint.length > 10)
  const told = await online('login', '--name', account, '--password-file', path.join(directory, 'password'))
  assert.equal(told.exitCode, 0, told.stderr)
  const kept = path.join(directory, 'config/integrum/logins.json')
  assert.equal((await stat(kept)).mode & 0o777, 0o600)
  assert.equal(Object.keys(JSON.parse(await readFile(kept, 'utf8'))).join(), here.service.url)
  assert.deepEqual((await online('jobs', 'list')).json['rows'], [])
  assert.deepEqual((await online('backups', 'list')).json['backups'], [])
  const unknown = await online('backups', 'show', '00000000-0000-4000-8000-000000000000')
  assert.equal(unknown.exitCode, 2)
  assert.equal(unknown.json['error'].code, 'NOT_FOUND')
  const [token] = Object.values(JSON.parse(await readFile(kept, 'utf8')) as Record<string, string>)
  assert.equal((await online('logout')).exitCode, 0)
  assert.equal((await here.ask('GET', '/api/v1/me', { token })).status, 401)
})

test('a backup, its list, a restore that is planned and signed, and its undo: all by a service', async () => {
  const files = path.join(directory, 'files')
  await mkdir(files)
  await writeFile(path.join(files, 'report.txt'), 'as it was')
  const administrator = (await online('login', '--name', account, '--password-file', path.join(directory, 'password'))).exitCode
  assert.equal(administrator, 0)
  const token = Object.values(
    JSON.parse(await readFile(path.join(directory, 'config/integrum/logins.json'), 'utf8')) as Record<string, string>,
  )[0]!
  const made = await here.ask('POST', '/api/v1/repositories', {
    token,
    body: { name: 'main', place: `local:${directory}/repository`, mode: 'create' },
  })
  const system = { name: 'clinic', title: 'Clinic', repositoryId: made.json.repository.id, roots: [{ name: 'files', path: files }] }
  assert.equal((await here.ask('POST', '/api/v1/systems', { token, body: system })).status, 201)
  const authenticator = await enrol(here, token)

  const backup = await online('backup', '--system', 'clinic', '--name', 'by the command line')
  assert.equal(backup.exitCode, 0, backup.stderr)
  assert.deepEqual(
    (await online('backups', 'list')).json['backups'].map((one: { name: string }) => one.name),
    ['by the command line'],
  )
  assert.equal((await online('verify', 'latest')).exitCode, 0)
  await writeFile(path.join(files, 'report.txt'), 'spoiled')
  const planned = await online('restore', 'plan', '--backup', backup.json['backup'])
  assert.equal(planned.exitCode, 0, planned.stderr)
  const signed = () => [
    '--confirm',
    'clinic',
    '--reason',
    'it was spoiled',
    '--sign-password-file',
    path.join(directory, 'password'),
    '--code',
    authenticator.next(),
  ]
  assert.equal((await online('restore', 'run', planned.json['plan'], '--confirm', 'clinic')).json['error'].code, 'REASON_REQUIRED')
  const restored = await online('restore', 'run', planned.json['plan'], ...signed())
  assert.equal(restored.exitCode, 0, restored.stderr)
  assert.equal(await readFile(path.join(files, 'report.txt'), 'utf8'), 'as it was')
  const undone = await online('restore', 'undo', restored.json['restore'], ...signed())
  assert.equal(undone.exitCode, 0, undone.stderr)
  assert.equal(await readFile(path.join(files, 'report.txt'), 'utf8'), 'spoiled')
  assert.equal((await online('restore', 'list')).json['restores'].length, 2)
})

test('the trail of a service is listed, and exported into a new file that verifies offline', async () => {
  const listed = await online('audit', 'list', '--search', 'restores.execute')
  assert.equal(listed.exitCode, 0, listed.stderr)
  assert.ok(listed.json['rows'].length >= 1)
  const out = path.join(directory, 'trail.ndjson')
  assert.equal((await online('audit', 'export', '--out', out)).exitCode, 0)
  assert.equal((await online('audit', 'export', '--out', out)).json['error'].code, 'ARCHIVE_EXISTS')
  const verified = await online('audit', 'verify', out)
  assert.equal(verified.exitCode, 0, verified.stderr)
  await writeFile(out, (await readFile(out, 'utf8')).replace('"actorName":"anna"', '"actorName":"eve"'))
  assert.equal((await online('audit', 'verify', out)).exitCode, 1)
})

test('what the service knows is not given again: sources do not go with --server', async () => {
  const told = await online('backup', '--system', 'clinic', '--files', `data=${directory}`)
  assert.equal(told.json['error'].code, 'USAGE')
  assert.equal(told.exitCode, 2)
})
