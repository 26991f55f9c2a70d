import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testClock } from '#base/clock.ts'
import { limits } from '#base/limits.ts'
import { tell } from '#service/alerts/alerts.ts'
import { everything } from '#service/catalog/scope.ts'
import { Deliverer, spreadNotices } from '#service/notices/deliver.ts'
import { newSeed } from '#test/support/seed.ts'
import { testPerson, testService } from '#test/support/service.ts'
import { webServer } from '#test/support/web-server.ts'

const [rounds, noticesEach, servers, services] = [60, 5, 4, 3]
/** Long enough for a server on a busy machine; here all of them answer. */
const timeoutMs = 20_000

test('whatever servers answer and whichever service ends, each notice comes through each channel, and twice only with the same id', async (t) => {
  const chance = newSeed()
  t.diagnostic(`seed ${chance.value}`)
  await using parts = new AsyncDisposableStack()
  const here = parts.use(await testService({ clock: testClock(new Date('2026-03-27T05:30:00Z')) }))
  const clock = testClock(new Date('2026-03-27T05:30:00Z'))
  const house = { ...here.service.house, clock }
  const { token } = await testPerson(here.service, 'root', [{ role: 'SYSTEM_ADMIN', tenantId: null }])
  const webs = await Promise.all(Array.from({ length: servers }, async () => parts.use(await webServer())))
  for (const [index, { url }] of webs.entries()) {
    const secrets = { url, signingSecret: 'a secret of thirty-two characters' }
    const body = { kind: 'webhook', name: `hook ${index}`, settings: {}, secrets }
    assert.equal((await here.ask('POST', '/api/v1/notices/channels', { token, body })).status, 201)
  }
  const accepted = webs.map(() => [] as string[])
  const deliverers = Array.from({ length: services }, () => new Deliverer(house, timeoutMs))
  let ended = 0

  const round = async (isQuiet: boolean) => {
    const fresh = isQuiet ? 0 : noticesEach
    for (let count = 0; count < fresh; count += 1)
      await house.catalog.as(everything, (tx) =>
        tell(house, tx, { kind: 'restore-ended', tenantId: null, fact: 'a restore was completed', hint: 'Look at it.' }),
      )
    for (const web of webs) web.answer = isQuiet || chance.below(3) > 0 ? 200 : 500
    await Promise.all(deliverers.map(() => spreadNotices(house)))
    await Promise.all(deliverers.map((one) => one.look()))
    if (!isQuiet && chance.below(2) === 0) {
      // In the middle of whatever it sends.
      const index = chance.below(services)
      await deliverers[index]![Symbol.asyncDispose]()
      deliverers[index] = new Deliverer(house, timeoutMs)
      ended += 1
    }
    await Promise.all(deliverers.map((one) => one.whenIdle()))
    for (const [index, web] of webs.entries()) {
      const taken = web.received.splice(0)
      if (web.answer === 200) accepted[index]!.push(...taken.map(({ headers }) => headers['idempotency-key'] as string))
    }
    clock.advance(limits.noticeRetryPausesMs[0])
  }
  for (let count = 0; count < rounds; count += 1) await round(false)
  // Long enough for the longest pause.
  for (let count = 0; count < 40; count += 1) {
    clock.advance(limits.noticeRetryPausesMs[3])
    await round(true)
  }

  const deliveries = await house.catalog.as(everything, (tx) => tx.selectFrom('notice_deliveries').selectAll().execute())
  assert.equal(deliveries.length, rounds * noticesEach * servers)
  assert.deepEqual(new Set(deliveries.map(({ status }) => status)), new Set(['delivered']))
  for (const ids of accepted) {
    assert.equal(new Set(ids).size, rounds * noticesEach, 'none is missing, none has two ids')
    assert.ok(ids.length - new Set(ids).size <= ended, 'one comes twice only where a service ended with it on its way')
  }
  assert.ok(ended > 0)
  await Promise.all(deliverers.map((one) => one[Symbol.asyncDispose]()))
})
