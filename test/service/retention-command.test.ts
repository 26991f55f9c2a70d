import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { defaultSettings } from '#base/settings.ts'
import { durations } from '#base/units.ts'
import { run } from '#host/run.ts'
import { within } from '#service/catalog/scope.ts'
import { enrol } from '#test/support/authenticator.ts'
import { program } from '#test/support/command-line.ts'
import { setUpHere, testPassword, testService, type TestService } from '#test/support/service.ts'

let here: TestService
let directory: string
let token: string
let sign: () => string[]
const ids: string[] = []

before(async () => {
  here = await testService()
  directory = await mkdtemp(path.join(tmpdir(), 'integrum-test-retention-'))
  const password = path.join(directory, 'password')
  await writeFile(password, `${testPassword}\n`, { mode: 0o600 })
  const { token: session, tenantId } = await setUpHere(here)
  token = session
  const authenticator = await enrol(here, token)
  sign = () => ['--sign-password-file', password, '--code', authenticator.next()]
  const { catalog, random, clock } = here.service.house
  const [repository, system, now] = [random.uuid(), random.uuid(), clock.now()]
  await catalog.as(within(tenantId), async (tx) => {
    const made = { tenant_id: tenantId, created_at: now, changed_at: now }
    await tx
      .insertInto('repositories')
      .values({
        ...made,
        id: repository,
        name: 'main',
        place: 'local:/nowhere',
        repository_id: 'f'.repeat(64),
        password_sealed: Buffer.alloc(1),
      })
      .execute()
    const sources = { databases: '[]', roots: '[]', settings: JSON.stringify(defaultSettings) }
    await tx
      .insertInto('systems')
      .values({ ...made, ...sources, id: system, name: 'emr', title: 'EMR', repository_id: repository })
      .execute()
    for (const days of [1, 2, 3]) {
      const [id, at] = [random.uuid(), new Date(now.getTime() - days * durations.day)]
      ids.push(id)
      await tx
        .insertInto('backups')
        .values({
          id,
          tenant_id: tenantId,
          system_id: system,
          system_name: 'emr',
          repository_id: repository,
          name: `night-${days}`,
          type: 'full',
          status: 'completed',
          snapshot: id,
          created_by: 'somebody',
          created_at: at,
          completed_at: at,
        })
        .execute()
    }
  })
})
after(async () => {
  await here[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

async function integrum(...words: readonly string[]) {
  const env = { PATH: process.env['PATH'], HOME: directory, INTEGRUM_SERVER: here.service.url, INTEGRUM_TOKEN: token }
  const told = await run(program, [...words, '--json'], { env })
  return { ...told, json: JSON.parse(told.stdout.trim().split('\n').at(-1) || '{}') }
}

test('a policy is shown, previewed, set and carried out from the command line', async () => {
  assert.match((await integrum('retention', 'show', 'emr')).stderr, /emr +default +daily 7, weekly 5, monthly 12; UTC; operational/)
  const drafted = await integrum('retention', 'preview', 'emr', '--keep-last', '1')
  assert.deepEqual([drafted.json.keeps, drafted.json.removes, drafted.json.shortens.length], [1, 2, 3])
  const set = ['retention', 'set', 'emr', '--keep-last', '1', '--reason', 'agreed']
  assert.equal((await integrum(...set)).json.error.code, 'SIGNATURE_NEEDED')
  assert.equal((await integrum(...set.slice(0, 3), '--reason', 'agreed')).exitCode, 2)
  const done = await integrum(...set, ...sign())
  assert.equal(done.exitCode, 0, done.stderr)
  const held = await integrum('holds', 'place', '--backup', ids[2]!, '--reason', 'a claim', '--reference', 'A-12')
  assert.match(held.stderr, /1 backup is held\./)
  const { json, stderr } = await integrum('retention', 'preview', 'emr')
  assert.match(stderr, /keep +\S+ +night-3 +legal hold A-12/)
  assert.match(stderr, /remove +\S+ +night-2 +no rule of the policy keeps it/)
  const ran = await integrum('retention', 'run', 'emr', '--digest', json.digest, '--reason', 'space')
  assert.match(ran.stderr, /Deleted 1 of 3 backups/)
  assert.match((await integrum('retention', 'certificates')).stderr, /No backup was removed yet/)
})

test('holds are listed with what they keep and why, and released with a signature', async () => {
  const listed = await integrum('holds', 'list')
  assert.match(listed.stderr, /A-12: a claim +backup \S+ +holds 1/)
  assert.match((await integrum('holds', 'list', '--backups')).stderr, new RegExp(`${ids[2]} +\\S+ +emr +A-12: a claim`))
  const release = ['holds', 'release', listed.json.rows[0].id, '--reason', 'settled']
  assert.equal((await integrum(...release)).exitCode, 2)
  const done = await integrum(...release, ...sign())
  assert.equal(done.exitCode, 0, done.stderr)
  assert.match((await integrum('holds', 'list')).stderr, /There is no hold/)
})
