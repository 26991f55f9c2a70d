import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { within } from '#service/catalog/scope.ts'
import { readDueShares } from '#service/verification/verification.ts'
import { flipOneByte, largestPack, openAlerts } from '#test/support/doubt.ts'
import { endedJob, repositoryOf } from '#test/support/protected-system.ts'
import { assertProblem, testPerson, testService, testTenant, type TestService } from '#test/support/service.ts'
import { store } from '#test/support/small-repository.ts'

let here: TestService
let tenant: string
let token: string
let viewer: string
let repository: string
let place: string

before(async () => {
  here = await testService({ isWorker: true })
  tenant = await testTenant(here.service, 'clinic')
  const person = async (name: string, role: 'SYSTEM_ADMIN' | 'VIEWER') =>
    (await testPerson(here.service, name, [{ role, tenantId: tenant }])).token
  ;[token, viewer] = [await person('anna', 'SYSTEM_ADMIN'), await person('viola', 'VIEWER')]
  place = path.join(here.directory, 'backups')
  const made = await here.ask('POST', '/api/v1/repositories', { token, body: { name: 'main', place: `local:${place}`, mode: 'create' } })
  repository = made.json.repository.id
  await using opened = await repositoryOf(here, { repository })
  await store(opened, { a: randomBytes(300_000), b: 'text' })
})
after(() => here[Symbol.asyncDispose]())

const readingPath = () => `/api/v1/repositories/${repository}/reading`
const reading = async () => (await here.ask('GET', readingPath(), { token: viewer })).json

/** The time of the next share has come. */
async function becomeDue(): Promise<void> {
  await here.service.house.catalog.as(within(tenant), (tx) =>
    tx.updateTable('repository_readings').set({ due_at: here.service.house.clock.now() }).execute(),
  )
}

/** Reads the share whose turn it is, and says which one that was and whether it was whole. */
async function readNext(): Promise<{ share: number; isIntact: boolean }> {
  await becomeDue()
  await readDueShares(here.service.house)
  const { runId } = await reading()
  await endedJob(here, viewer, runId)
  const { lastCheck } = (await here.ask('GET', `/api/v1/repositories/${repository}`, { token: viewer })).json.state
  return { share: lastCheck.share.share, isIntact: lastCheck.isIntact }
}

test('every repository is read again by itself, from the day after it was made, unless somebody says otherwise', async () => {
  assert.equal(await readDueShares(here.service.house), 0)
  const { isActive, everyDays, unread, inWords } = await reading()
  assert.deepEqual([isActive, everyDays, unread], [true, 30, 30])
  assert.equal(inWords, 'Every byte is read within 30 days. 30 of 30 shares were not read yet.')
  const set = (body: object, by = token) => here.ask('PUT', readingPath(), { token: by, body })
  assertProblem(await set({ everyDays: 0 }), 422, 'INPUT_INVALID')
  assertProblem(await set({ everyDays: 7 }, viewer), 403, 'FORBIDDEN')
  assert.equal((await set({ everyDays: 2, isActive: false })).json.isActive, false)
  await becomeDue()
  assert.equal(await readDueShares(here.service.house), 0)
  assert.equal((await set({ everyDays: 2 })).json.unread, 2)
})

test('one share after the other is read; damage opens an alert that its own share settles, and no other', async () => {
  const pack = await largestPack(place)
  const damagedShare = (Number.parseInt(path.basename(pack).slice(0, 8), 16) % 2) + 1
  await flipOneByte(pack)
  const round = [await readNext(), await readNext()]
  assert.deepEqual(
    round,
    [1, 2].map((share) => ({ share, isIntact: share !== damagedShare })),
  )
  const [alert, ...others] = await openAlerts(here, 'repository-damaged')
  assert.deepEqual([alert!.subject_id, others], [repository, []])
  assert.match(alert!.fact, /^the repository main is damaged in 1 places \(DAMAGE_PACK\)$/)
  assert.match((await reading()).inWords, /^Every byte is read within 2 days\. All of it was read since .*Z\. 1 shares are DAMAGED\.$/)
  // The byte is as it was: each share in turn is read, and only the damaged one's turn settles it.
  await flipOneByte(pack)
  const next = await readNext()
  assert.deepEqual(next, { share: 1, isIntact: true })
  assert.equal((await openAlerts(here, 'repository-damaged')).length, damagedShare === 1 ? 0 : 1)
  await readNext()
  assert.deepEqual(await openAlerts(here, 'repository-damaged'), [])
})
