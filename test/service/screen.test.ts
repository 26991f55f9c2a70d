import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { lookOnlyHeader } from '#contract/look-only.ts'
import { testClock } from '#base/clock.ts'
import { assertProblem, setUpHere, testService, type TestService } from '#test/support/service.ts'

const clock = testClock(new Date('2026-05-04T08:00:00Z'))
let here: TestService
before(async () => {
  here = await testService({ clock })
})
after(() => here[Symbol.asyncDispose]())

const html = { headers: { accept: 'text/html' } }

test('every address that a page may have is answered with the one document, which brings no script of its own', async () => {
  for (const place of ['/', '/backups?status=failed', '/restores/0b7c4a8e-1f4e-4c55-9a61-6c1f3f0f5a11', '/set-up']) {
    const { status, headers, text } = await here.ask('GET', place, html)
    assert.equal(status, 200)
    assert.match(headers.get('content-type') ?? '', /^text\/html/)
    assert.equal(headers.get('cache-control'), 'no-cache')
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'self';(?!.*unsafe-eval)/)
    assert.doesNotMatch(text, /<script(?![^>]*\bsrc=)/)
  }
})

test('its scripts and styles are kept for good by the name that holds their hash, and come as small as they get', async () => {
  const { text } = await here.ask('GET', '/', html)
  const places = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1]!)
  assert.ok(places.length >= 2)
  for (const place of places) {
    const answer = await here.ask('GET', place, { headers: { 'accept-encoding': 'gzip' } })
    assert.equal(answer.status, 200)
    assert.match(answer.headers.get('cache-control') ?? '', /immutable/)
    if (answer.text.length >= 1_024) assert.equal(answer.headers.get('content-encoding'), 'gzip')
  }
})

test('what is no page is refused in the words of the interface, whoever asks', async () => {
  assertProblem(await here.ask('GET', '/api/v1/nothing', html), 404, 'NOT_FOUND')
  assertProblem(await here.ask('GET', '/assets/gone.js', html), 404, 'NOT_FOUND')
  assertProblem(await here.ask('GET', '/backups'), 404, 'NOT_FOUND')
  assertProblem(await here.ask('GET', '/../../etc/passwd'), 404, 'NOT_FOUND')
  assertProblem(await here.ask('POST', '/backups', html), 404, 'NOT_FOUND')
})

test('what a page asks by itself while nobody is at it keeps no session open', async () => {
  const { token } = await setUpHere(here)
  const look = { token, headers: { [lookOnlyHeader]: '1' } }
  const until = async () => (await here.ask('GET', '/api/v1/me', look)).json.session.idleUntil as string
  const first = await until()
  for (let minutes = 0; minutes < 10; minutes += 2) {
    clock.advance(120_000)
    assert.equal(await until(), first)
  }
  await here.ask('GET', '/api/v1/me', { token })
  assert.ok((await until()) > first)
  clock.advance(new Date(first).getTime() - Date.parse('2026-05-04T08:00:00Z') + 3_600_000)
  assertProblem(await here.ask('GET', '/api/v1/me', look), 401, 'NOT_SIGNED_IN')
})
