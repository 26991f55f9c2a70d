import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { run } from '#host/run.ts'
import { program } from '#test/support/command-line.ts'
import { testPassword, testService, type TestService } from '#test/support/service.ts'

let here: TestService
let directory: string
before(async () => {
  here = await testService()
  directory = await mkdtemp(path.join(tmpdir(), 'integrum-test-people-'))
  await writeFile(path.join(directory, 'password'), `${testPassword}\n`, { mode: 0o600 })
  await writeFile(path.join(directory, 'link'), `${here.service.setUpLink}\n`, { mode: 0o600 })
})
after(async () => {
  await here[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

async function integrum(...words: readonly string[]) {
  const env = { PATH: process.env['PATH'], XDG_CONFIG_HOME: path.join(directory, 'config'), INTEGRUM_SERVER: here.service.url }
  const told = await run(program, [...words, '--json'], { env })
  return { ...told, json: JSON.parse(told.stdout.trim().split('\n').at(-1) || '{}') }
}

test('an installation is set up from the command line, once, and whoever did it is signed in and makes accounts', async () => {
  const words = ['set-up', '--link-file', path.join(directory, 'link'), '--name', 'anna', '--title', 'Anna Berg']
  const setUp = () => integrum(...words, '--password-file', path.join(directory, 'password'), '--tenant', 'clinic')
  const done = await setUp()
  assert.equal(done.exitCode, 0, done.stderr)
  assert.equal((await setUp()).json.error.code, 'SET_UP_LINK')

  const roles = ['--role', 'BACKUP_OPERATOR:clinic', '--role', 'AUDITOR']
  const made = await integrum('people', 'create', 'berta', '--title', 'Berta Lund', ...roles)
  assert.equal(made.exitCode, 0, made.stderr)
  assert.deepEqual(
    made.json.person.grants.map(({ role, tenantId }: { role: string; tenantId: string | null }) => [role, tenantId]),
    [
      ['AUDITOR', null],
      ['BACKUP_OPERATOR', done.json.tenantId],
    ],
  )
  assert.match(made.json.passwordLink.link, /\/set-password#itp_/)
  assert.equal((await integrum('people', 'create', 'carl', '--title', 'Carl', '--role', 'VIEWER:elsewhere')).json.error.code, 'NOT_FOUND')
  assert.equal((await integrum('people', 'create', 'carl', '--title', 'Carl', '--role', 'OWNER')).exitCode, 2)
  const names = async () => (await integrum('people', 'list')).json.rows.map(({ name }: { name: string }) => name)
  assert.deepEqual(await names(), ['anna', 'berta'])
  assert.equal((await integrum('people', 'retire', 'berta', '--reason', 'left')).exitCode, 0)
  assert.deepEqual(await names(), ['anna'])
})
