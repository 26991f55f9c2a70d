import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer, type AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { testClock } from '#base/clock.ts'
import { limits } from '#base/limits.ts'
import { durations } from '#base/units.ts'
import { run } from '#host/run.ts'
import type { AlertView, Telling } from '#contract/alerts.ts'
import type { DeliveryView } from '#contract/channels.ts'
import { raiseAlert, settleAlert, tell, type Told } from '#service/alerts/alerts.ts'
import { everything } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { Deliverer, spreadNotices } from '#service/notices/deliver.ts'
import { makeDigests } from '#service/notices/digest.ts'
import { sendPing } from '#service/notices/ping.ts'
import { repeatAlerts } from '#service/notices/repeat.ts'
import { program } from '#test/support/command-line.ts'
import { mailServer, mailUser, type MailServer } from '#test/support/mail-server.ts'
import { assertProblem, testPerson, testService, testTenant, type TestService } from '#test/support/service.ts'
import { webServer, type WebServer } from '#test/support/web-server.ts'

/** Long enough for a server on a busy machine, and how long a test waits for one that never answers. */
const timeoutMs = 5_000

const start = new Date('2026-03-27T05:30:00Z')
/** Drives what the tests call themselves. That of the service stands still, so that it does nothing beside them. */
const clock = testClock(start)
let house: House
let here: TestService
let mail: MailServer
let web: WebServer
let deliverer: Deliverer
/** Where no server is any more. */
let nobody: string
let ours: string
let theirs: string
let root: string
let administrator: string
let stranger: string

before(async () => {
  mail = await mailServer()
  web = await webServer()
  const gone = await webServer()
  nobody = gone.url
  await gone[Symbol.asyncDispose]()
  here = await testService({ clock: testClock(start), publicUrl: 'https://integrum.example.org' })
  const { service } = here
  house = { ...service.house, clock }
  deliverer = new Deliverer(house, timeoutMs)
  ours = await testTenant(service, 'ours')
  theirs = await testTenant(service, 'theirs')
  root = (await testPerson(service, 'root', [{ role: 'SYSTEM_ADMIN', tenantId: null }])).token
  administrator = (await testPerson(service, 'administrator', [{ role: 'SYSTEM_ADMIN', tenantId: ours }])).token
  stranger = (await testPerson(service, 'stranger', [{ role: 'SYSTEM_ADMIN', tenantId: theirs }])).token
})
after(async () => {
  await deliverer[Symbol.asyncDispose]()
  await here[Symbol.asyncDispose]()
  await mail[Symbol.asyncDispose]()
  await web[Symbol.asyncDispose]()
})

const path = '/api/v1/notices/channels'
const signingSecret = 'a secret of thirty-two characters'
const email = () => ({
  kind: 'email',
  name: 'mail',
  settings: {
    host: '127.0.0.1',
    port: mail.port,
    security: 'starttls',
    authority: mail.authority,
    user: mailUser.user,
    from: 'integrum@clinic.example',
    to: ['anna@clinic.example', 'berta@clinic.example'],
  },
  secrets: { password: mailUser.password },
})
const webhook = (place = web.url) => ({
  kind: 'webhook',
  name: 'hook',
  settings: {},
  secrets: { url: `${place}/in?token=abc`, signingSecret },
})

/** A channel that is there for this test alone. */
async function channel(body: object, token = administrator) {
  const made = await here.ask('POST', path, { token, body })
  assert.equal(made.status, 201, made.text)
  const place = `${path}/${made.json.id}`
  return {
    id: made.json.id as string,
    place,
    show: async () => {
      const { json } = await here.ask('GET', path, { token })
      return json.rows.find(({ id }: { id: string }) => id === made.json.id)
    },
    deliveries: async (): Promise<DeliveryView[]> =>
      (await here.ask('GET', `/api/v1/notices/deliveries?channelId=${made.json.id}`, { token })).json.rows,
    [Symbol.asyncDispose]: async () => {
      assert.equal((await here.ask('DELETE', place, { token })).status, 204)
    },
  }
}

async function write(work: (...given: Parameters<Parameters<House['catalog']['as']>[1]>) => Promise<void>): Promise<void> {
  await house.catalog.as(everything, work)
}

const failed = (): Told & { concerns: string } => ({
  kind: 'backup-failed',
  tenantId: ours,
  concerns: house.random.uuid(),
  fact: 'the backup before Jane Doe of emr failed: STORAGE_FULL',
  hint: 'Free space on the storage.',
  facts: { path: '/files/Doe_Jane.pdf' },
  subject: { kind: 'backup', id: 'b1', name: 'before Jane Doe' },
})

async function raise(told = failed()): Promise<string> {
  await write((tx) => raiseAlert(house, tx, told))
  return told.concerns
}

async function deliver(): Promise<void> {
  await spreadNotices(house)
  await deliverer.look()
  await deliverer.whenIdle()
}

function taken<T>(list: T[]): T[] {
  return list.splice(0)
}

test('a failure, and its end, arrive by mail at a server with STARTTLS and a password, in one thread', async () => {
  await using _channel = await channel(email())
  const concerns = await raise()
  await raise({ ...failed(), concerns })
  await deliver()
  const [opened, ...more] = taken(mail.received)
  assert.equal(more.length, 0, 'what is open already is told once')
  assert.deepEqual(opened!.to, ['anna@clinic.example', 'berta@clinic.example'])
  assert.deepEqual([opened!.user, opened!.isSecure], ['integrum', true])
  assert.equal(opened!.headers['subject'], '[Integrum] Critical: A backup failed')
  assert.equal(opened!.headers['auto-submitted'], 'auto-generated')
  assert.match(opened!.text, /The backup b1 of emr failed: STORAGE_FULL\.\r\nFree space on the storage\./)
  assert.match(opened!.text, /At: 2026-03-27 05:30 UTC/)
  assert.match(opened!.text, /https:\/\/integrum\.example\.org/)
  await write((tx) => settleAlert(house, tx, { kind: 'backup-failed', concerns, because: 'a backup of emr was completed' }))
  await deliver()
  const [settled] = taken(mail.received)
  assert.equal(settled!.headers['subject'], '[Integrum] Settled: A backup failed')
  assert.match(settled!.text, /A backup of emr was completed|a backup of emr was completed/)
  assert.equal(settled!.headers['references'], opened!.headers['references'])
  assert.notEqual(settled!.headers['message-id'], opened!.headers['message-id'])
})

test('a missed run that somebody finds is a mail like any other', async () => {
  await using _channel = await channel(email())
  await raise({ ...failed(), kind: 'schedule-missed', fact: 'the backup of 02:00 did not run', hint: 'Look at the workers.' })
  await deliver()
  assert.deepEqual(
    taken(mail.received).map(({ headers }) => headers['subject']),
    ['[Integrum] Critical: A scheduled backup did not run'],
  )
})

test('a webhook is signed over its time and its body, and says what it is about for programs', async () => {
  await using _channel = await channel(webhook())
  await raise()
  await deliver()
  const [request, ...more] = taken(web.received)
  assert.equal(more.length, 0)
  assert.deepEqual([request!.method, request!.path], ['POST', '/in?token=abc'])
  const timestamp = request!.headers['integrum-timestamp'] as string
  assert.equal(Number(timestamp), clock.now().getTime() / 1_000)
  const signature = createHmac('sha256', signingSecret).update(`${timestamp}.${request!.body}`).digest('hex')
  assert.equal(request!.headers['integrum-signature'], `sha256=${signature}`)
  const body = JSON.parse(request!.body)
  assert.deepEqual([body.kind, body.severity, body.occasion, body.tenantId], ['backup-failed', 'critical', 'opened', ours])
  assert.equal(request!.headers['idempotency-key'], body.id)
})

test('Slack and Teams are sent what they take', async () => {
  const secrets = { url: `${web.url}/services/T0/B0/XYZ` }
  await using _slack = await channel({ kind: 'slack', name: 'slack', settings: {}, secrets })
  await using _teams = await channel({ kind: 'teams', name: 'teams', settings: {}, secrets })
  await raise({ ...failed(), fact: 'the <!channel> of [a](b) & others failed' })
  await deliver()
  const bodies = taken(web.received).map(({ body }) => JSON.parse(body))
  const slack = bodies.find(({ text }) => text)
  const card = bodies.find(({ attachments }) => attachments).attachments[0]
  assert.match(slack.text, /^\*\[Integrum\] Critical: A backup failed\*\nThe &lt;!channel&gt; of \[a\]\(b\) &amp; others failed\.\n/)
  assert.equal(card.contentType, 'application/vnd.microsoft.card.adaptive')
  assert.equal(card.content.body[1].text, 'The <!channel> of \\[a\\](b) & others failed.')
})

test('what goes out holds no facts, no name that somebody typed for its subject, and no secret of a channel', async () => {
  await using one = await channel(webhook())
  await using two = await channel(email())
  await using three = await channel({ kind: 'slack', name: 'slack', settings: {}, secrets: { url: `${web.url}/secret-path` } })
  await raise()
  await deliver()
  const out = [...taken(web.received).map(({ body }) => body), ...taken(mail.received).map((one) => JSON.stringify(one))]
  assert.equal(out.length, 3)
  const shown = JSON.stringify(await Promise.all([one.show(), two.show(), three.show()]))
  const told = JSON.stringify(await Promise.all([one.deliveries(), two.deliveries(), three.deliveries()]))
  const trail = await here.ask('GET', '/api/v1/audit?action=channels.create', { token: root })
  const events = await Promise.all(
    trail.json.rows.map(async ({ id }: { id: string }) => (await here.ask('GET', `/api/v1/audit/${id}`, { token: root })).text),
  )
  for (const text of [...out, shown, told, ...events]) {
    assert.doesNotMatch(text, /Jane|Doe_/)
    assert.ok(
      !text.includes(mailUser.password) && !text.includes(signingSecret) && !text.includes('secret-path') && !text.includes('token=abc'),
    )
  }
  assert.ok(shown.includes(`"place":"${web.url}"`))
})

test('channels take what they were set up for: kinds, severities, and tenants apart but for the whole installation', async () => {
  const hook = (name: string, more: object = {}) => ({ ...webhook(`${web.url}/${name}`), name, ...more })
  await using _all = await channel(hook('everything'), root)
  await using _ours = await channel(hook('ours'))
  await using _theirs = await channel(hook('theirs'), stranger)
  await using _grave = await channel(hook('grave', { severityLeast: 'critical' }))
  await using _drills = await channel(hook('drills', { noticeKinds: ['drill-failed', 'drill-overdue'] }))
  await using _off = await channel(hook('off', { isActive: false }))
  const reached = async (told: Told) => {
    await write((tx) => tell(house, tx, told))
    await deliver()
    return taken(web.received)
      .map(({ path: place }) => place.split('/')[1]!)
      .toSorted((a, b) => a.localeCompare(b))
  }
  const told = { fact: 'something happened', hint: 'Look at it.' }
  assert.deepEqual(await reached({ ...told, kind: 'restore-ended', tenantId: ours }), ['everything', 'ours'])
  assert.deepEqual(await reached({ ...told, kind: 'drill-failed', tenantId: ours }), ['drills', 'everything', 'grave', 'ours'])
  assert.deepEqual(await reached({ ...told, kind: 'drill-overdue', tenantId: theirs }), ['everything', 'theirs'])
  assert.deepEqual(await reached({ ...told, kind: 'sign-in-burst', tenantId: null }), ['everything'])
  const seen = async (token: string) => (await here.ask('GET', path, { token })).json.rows.map(({ name }: { name: string }) => name)
  assert.deepEqual(await seen(stranger), ['theirs'])
  assert.deepEqual(await seen(administrator), ['drills', 'grave', 'off', 'ours'])
  assertProblem(await here.ask('POST', path, { token: administrator, body: { ...hook('x'), tenantId: null } }), 422, 'INPUT_INVALID')
})

test('three services deliver each notice exactly once through each channel', async () => {
  await using _hook = await channel(webhook())
  await using _mail = await channel(email())
  const notices = 12
  for (let count = 0; count < notices; count += 1) await raise()
  const deliverers = [deliverer, new Deliverer(house, timeoutMs), new Deliverer(house, timeoutMs)]
  await Promise.all(deliverers.map(() => spreadNotices(house)))
  await Promise.all(deliverers.map((one) => one.look()))
  await Promise.all(deliverers.map((one) => one.whenIdle()))
  const ids = taken(web.received).map(({ headers }) => headers['idempotency-key'])
  assert.deepEqual([ids.length, new Set(ids).size, taken(mail.received).length], [notices, notices, notices])
  await deliver()
  assert.equal(web.received.length + mail.received.length, 0)
})

/** Takes connections and says nothing. */
async function silentServer() {
  const sockets = new Set<{ destroy(): void }>()
  const server = createServer((socket) => {
    sockets.add(socket)
    // The client breaks off.
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('servers that refuse, hang, answer 500 or never hold up no other, are tried again, and nothing comes twice', async () => {
  await using silent = await silentServer()
  await using mute = await webServer()
  await using broken = await webServer()
  mute.answer = 'never'
  broken.answer = 500
  mail.isRefusing = true
  await using refusing = await channel(email())
  await using hanging = await channel({ ...email(), name: 'hanging', settings: { ...email().settings, port: silent.port } })
  await using never = await channel({ ...webhook(mute.url), name: 'never' })
  await using failing = await channel({ ...webhook(broken.url), name: 'failing' })
  await using absent = await channel({ ...webhook(nobody), name: 'absent' })
  await using _well = await channel({ ...webhook(), name: 'well' })
  await raise()
  await spreadNotices(house)
  await deliverer.look()
  await deliverer.whenIdle()
  assert.equal(taken(web.received).length, 1, 'the one that is well has it')
  const lastFact = async (one: typeof never) => (await one.show()).lastFault.fact as string
  assert.match(await lastFact(refusing), /452.*the disk of the mail server is full/)
  assert.match(await lastFact(hanging), /no answer within 5 s|Greeting never received|timeout/i)
  assert.match(await lastFact(never), /no answer within 5 s/)
  assert.match(await lastFact(failing), /answered 500 Internal Server Error the queue is full/)
  assert.match(await lastFact(absent), /ECONNREFUSED/)
  for (const one of [refusing, hanging, never, failing, absent]) {
    const [delivery] = await one.deliveries()
    assert.deepEqual([delivery!.status, delivery!.attempts, (await one.show()).state], ['pending', 1, 'failing'])
    assert.equal(Date.parse(delivery!.nextTryAt!), clock.now().getTime() + limits.noticeRetryPausesMs[0])
  }
  await deliver()
  assert.deepEqual([broken.received.length, mute.received.length], [1, 1], 'not before its time')

  mail.isRefusing = false
  mute.answer = 200
  broken.answer = 200
  clock.advance(limits.noticeRetryPausesMs[0])
  await deliver()
  assert.equal(taken(mail.received).length, 1)
  for (const server of [mute, broken]) {
    const [first, second, ...more] = server.received
    assert.equal(more.length, 0)
    assert.equal(second!.headers['idempotency-key'], first!.headers['idempotency-key'], 'whoever got the first can tell')
  }
  for (const one of [refusing, never, failing]) {
    const [delivery] = await one.deliveries()
    assert.deepEqual([delivery!.status, delivery!.attempts, (await one.show()).state], ['delivered', 2, 'well'])
  }
  assert.equal(web.received.length, 0)
})

test('a message is given up after its last try: the list, the channel and the other channels say so', async () => {
  await using lost = await channel({ ...webhook(nobody), name: 'lost' })
  await using _other = await channel({ ...webhook(), name: 'other' })
  await raise()
  await deliver()
  taken(web.received)
  for (const pauseMs of limits.noticeRetryPausesMs) {
    clock.advance(pauseMs)
    await deliver()
  }
  const [delivery] = (await lost.deliveries()).filter(({ subject }) => subject.includes('A backup failed'))
  assert.deepEqual([delivery!.status, delivery!.attempts], ['given_up', limits.noticeRetryPausesMs.length + 1])
  assert.match(delivery!.lastFault!.fact, /ECONNREFUSED/)
  const [silent] = (await here.ask('GET', '/api/v1/alerts?kind=channel-silent', { token: administrator })).json.rows
  assert.deepEqual([silent.severity, silent.subjectName], ['warning', 'lost'])
  await deliver()
  const told = taken(web.received).map(({ body }) => JSON.parse(body))
  assert.ok(told.some(({ kind, occasion }) => kind === 'channel-silent' && occasion === 'opened'))
  // Put right, it takes what still waits; then the alert is settled.
  const body = { ...webhook(), name: 'lost', kind: undefined }
  assert.equal((await here.ask('PUT', lost.place, { token: administrator, body })).status, 200)
  await deliver()
  assert.equal((await here.ask('GET', '/api/v1/alerts?kind=channel-silent', { token: administrator })).json.total, 0)
  assert.equal((await lost.show()).state, 'well')
  await deliver()
  taken(web.received)
})

test('whoever dies with a message on its way is followed by another one, with the same id', async () => {
  await using mute = await webServer()
  mute.answer = 'never'
  await using one = await channel(webhook(mute.url))
  await raise()
  const dying = new Deliverer(house, 60_000)
  await spreadNotices(house)
  await dying.look()
  while (mute.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  await deliver()
  assert.equal(mute.received.length, 1, 'somebody has it')
  mute.answer = 200
  clock.advance(2 * limits.noticeTimeoutMs)
  await deliver()
  assert.equal(mute.received.length, 2)
  assert.equal(mute.received[1]!.headers['idempotency-key'], mute.received[0]!.headers['idempotency-key'])
  // The one that was held for dead comes back: what it says of its attempt changes nothing.
  await dying[Symbol.asyncDispose]()
  const [delivery] = await one.deliveries()
  assert.deepEqual([delivery!.status, delivery!.attempts], ['delivered', 2])
})

test('a clock that is set back a day holds nothing up, and nothing comes twice', async () => {
  await using broken = await webServer()
  broken.answer = 500
  await using _one = await channel(webhook(broken.url))
  await raise()
  await deliver()
  broken.answer = 200
  const back = { ...house, clock: testClock(new Date(clock.now().getTime() - durations.day)) }
  await using earlier = new Deliverer(back, timeoutMs)
  const look = async () => {
    await repeatAlerts(back)
    await spreadNotices(back)
    await earlier.look()
    await earlier.whenIdle()
  }
  await look()
  const occasions = broken.received.map(({ body }) => JSON.parse(body).occasion)
  assert.deepEqual(occasions.filter((occasion) => occasion === 'opened').length, 2, 'the one that was answered 500, again')
  const count = broken.received.length
  await look()
  assert.equal(broken.received.length, count)
})

test('a test message is sent at once, and the reply says what the server answered', async () => {
  await using posted = await channel(webhook())
  await using mailed = await channel(email())
  await using _never = await channel({ ...webhook(nobody), name: 'absent' })
  const ask = (place: string, token = administrator) => here.ask('POST', `${place}/test`, { token })
  assert.deepEqual((await ask(posted.place)).json, { isDelivered: true, answer: '200 OK ok' })
  assert.match((await ask(mailed.place)).json.answer, /^250 /)
  assert.match(taken(mail.received)[0]!.text, /This is a test.*\r\nAsked for by administrator/)
  web.answer = 403
  assert.deepEqual((await ask(posted.place)).json, { isDelivered: false, answer: `${web.url} answered 403 Forbidden the queue is full` })
  web.answer = 200
  assert.match((await ask(_never.place)).json.answer, /ECONNREFUSED/)
  assertProblem(await ask(posted.place, stranger), 404, 'NOT_FOUND')
  taken(web.received)
})

test('secrets stay what they were unless they are given, and a password never goes to another server than it was given for', async () => {
  await using one = await channel(email())
  const { kind: _kind, secrets: _secrets, ...body } = email()
  const edit = (change: object) => here.ask('PUT', one.place, { token: administrator, body: { ...body, ...change } })
  assert.equal((await edit({ name: 'renamed' })).status, 200)
  assert.equal((await here.ask('POST', `${one.place}/test`, { token: administrator })).json.isDelivered, true)
  assert.equal((await edit({ settings: { ...body.settings, host: 'localhost' } })).status, 200)
  assert.equal((await edit({})).status, 200)
  const { isDelivered, answer } = (await here.ask('POST', `${one.place}/test`, { token: administrator })).json
  assert.deepEqual([isDelivered, /535|credentials|password/i.test(answer)], [false, true], answer)
  taken(mail.received)
})

test('what no channel can be made of is refused with its field', async () => {
  await using _taken = await channel(webhook())
  const { settings } = email()
  for (const [body, field] of [
    [{ ...webhook(), kind: 'pigeon' }, 'kind'],
    [{ ...webhook(), secrets: { url: 'ftp://elsewhere', signingSecret } }, 'secrets.url'],
    [{ ...webhook(), secrets: { url: 'https://user:pass@elsewhere', signingSecret } }, 'secrets.url'],
    [{ ...webhook(), secrets: { url: web.url, signingSecret: 'short' } }, 'secrets.signingSecret'],
    [{ ...webhook(), secrets: { url: web.url } }, 'secrets.signingSecret'],
    [{ ...email(), settings: { ...settings, to: [] } }, 'settings.to'],
    [{ ...email(), settings: { ...settings, from: 'integrum' } }, 'settings.from'],
    [{ ...email(), settings: { ...settings, security: 'none' } }, 'settings.security'],
    [{ ...email(), settings: { ...settings, colour: 'red' } }, 'settings.colour'],
    [{ ...email(), digest: { time: '25:00', timeZone: 'UTC' } }, 'digest.time'],
    [{ ...email(), digest: { time: '07:00', timeZone: 'Europe/Atlantis' } }, 'timeZone'],
    [{ ...webhook(), name: 'another', noticeKinds: ['weather'] }, 'noticeKinds.0'],
  ] as const) {
    const answer = await here.ask('POST', path, { token: administrator, body })
    assertProblem(answer, 422, 'INPUT_INVALID')
    assert.equal(answer.json.field, field, answer.text)
  }
  const twice = await here.ask('POST', path, { token: administrator, body: webhook() })
  assertProblem(twice, 409, 'NAME_TAKEN')
})

test('an alert is counted while it is open, settled by what ended it or by hand, and opens anew when it is found so again', async () => {
  const concerns = await raise()
  await raise({ ...failed(), concerns, fact: 'the newest fact' })
  const list = async (query: string, token = administrator): Promise<AlertView[]> =>
    (await here.ask('GET', `/api/v1/alerts?pageSize=200&${query}`, { token })).json.rows
  const [alert] = (await list('kind=backup-failed')).filter(({ fact }) => fact === 'the newest fact')
  assert.deepEqual([alert!.times, alert!.title, alert!.severity, alert!.settledAt], [2, 'A backup failed', 'critical', null])
  assert.deepEqual(await list('', stranger), [])
  assert.ok((await list('severity=critical')).some(({ id }) => id === alert!.id))
  assert.ok(!(await list('severity=warning')).some(({ id }) => id === alert!.id))
  const act = (verb: string, token: string) => here.ask('POST', `/api/v1/alerts/${alert!.id}/${verb}`, { token, body: { note: 'a test' } })
  assertProblem(await act('settle', stranger), 404, 'NOT_FOUND')
  assertProblem(await here.ask('POST', `/api/v1/alerts/${alert!.id}/settle`, { token: administrator, body: {} }), 422, 'INPUT_INVALID')
  assert.equal((await act('settle', administrator)).json.settledBecause, 'settled by administrator: a test')
  assertProblem(await act('settle', administrator), 409, 'ALERT_SETTLED')
  assertProblem(await act('acknowledge', administrator), 409, 'ALERT_SETTLED')
  assert.ok((await list('state=settled')).some(({ id }) => id === alert!.id))
  await raise({ ...failed(), concerns, fact: 'so again' })
  const [again] = (await list('')).filter(({ fact }) => fact === 'so again')
  assert.deepEqual([again!.times, again!.id === alert!.id], [1, false])
  await write((tx) => settleAlert(house, tx, { kind: 'backup-failed', concerns, because: 'a good one was made' }))
  await write((tx) => settleAlert(house, tx, { kind: 'backup-failed', concerns, because: 'nothing is open any more' }))
  assert.equal((await list('state=settled')).find(({ id }) => id === again!.id)!.settledBecause, 'a good one was made')
  await write((tx) => raiseAlert(house, tx, { ...failed(), tenantId: null, fact: 'of nobody' }))
  assert.ok((await list('', root)).some(({ fact }) => fact === 'of nobody'))
  assert.ok(!(await list('')).some(({ fact }) => fact === 'of nobody'))
})

test('alerts are listed, acknowledged and settled from the command line', async () => {
  const environment = { PATH: process.env['PATH'], INTEGRUM_SERVER: here.service.url, INTEGRUM_TOKEN: administrator }
  const integrum = async (...words: readonly string[]) => await run(program, ['alerts', ...words], { env: environment })
  await raise({ ...failed(), fact: 'a disk is full' })
  const listed = await integrum('list', '--severity', 'critical')
  const id = /^(\S+) .* a disk is full$/m.exec(listed.stdout)?.[1]
  assert.ok(id !== undefined, listed.stdout + listed.stderr)
  assert.match((await integrum('acknowledge', id, '--note', 'ordered another')).stdout, /A backup failed: acknowledged/)
  assert.match((await integrum('list')).stdout, /administrator takes care of it: ordered another/)
  assert.match((await integrum('settle', id, '--note', 'it is there')).stdout, /A backup failed: settled/)
  assert.match((await integrum('list', '--state', 'settled')).stdout, /settled by administrator: it is there/)
})

test('an alert that stays open is told again, until somebody takes care of it', async () => {
  await using _one = await channel(webhook())
  const subjects = async () => {
    await repeatAlerts(house)
    await deliver()
    return taken(web.received).map(({ body }) => JSON.parse(body).subject as string)
  }
  await here.ask('GET', '/api/v1/alerts?pageSize=200', { token: root }).then(async ({ json }) => {
    for (const { id } of json.rows) await here.ask('POST', `/api/v1/alerts/${id}/settle`, { token: root, body: { note: 'of other tests' } })
  })
  await deliver()
  taken(web.received)
  await raise()
  await raise({ ...failed(), kind: 'backup-gaps', fact: 'one file was not read' })
  await subjects()
  clock.advance(5 * durations.hour)
  assert.deepEqual(await subjects(), [])
  clock.advance(1 * durations.hour)
  assert.deepEqual(await subjects(), ['[Integrum] Still open, critical: A backup failed'])
  assert.deepEqual(await subjects(), [], 'once')
  clock.advance(18 * durations.hour)
  assert.deepEqual(
    new Set(await subjects()),
    new Set(['[Integrum] Still open, critical: A backup failed', '[Integrum] Still open, warning: A backup was completed with gaps']),
  )
  const [critical] = (await here.ask('GET', '/api/v1/alerts?severity=critical', { token: administrator })).json.rows
  const acknowledge = (token: string) =>
    here.ask('POST', `/api/v1/alerts/${critical.id}/acknowledge`, { token, body: { note: 'ordered a disk' } })
  assertProblem(await acknowledge(stranger), 404, 'NOT_FOUND')
  assert.equal((await acknowledge(administrator)).json.acknowledgedNote, 'ordered a disk')
  const details = (token: string) => here.ask('GET', `/api/v1/alerts/${critical.id}`, { token })
  assertProblem(await details(stranger), 404, 'NOT_FOUND')
  assert.deepEqual(
    (await details(administrator)).json.tellings.map(({ occasion, delivered }: Telling) => `${occasion} ${delivered}`),
    ['opened 1', 'repeated 1', 'repeated 1'],
  )
  clock.advance(12 * durations.hour)
  assert.deepEqual(await subjects(), [])
  const set = (body: object) => here.ask('PUT', '/api/v1/settings/repeating', { token: root, body })
  assert.equal((await set({ info: 0, warning: 2, critical: 0 })).status, 200)
  assert.deepEqual(await subjects(), ['[Integrum] Still open, warning: A backup was completed with gaps'])
})

test('a digest comes by mail at its hour, once, and tells of its own tenant alone', async () => {
  await using one = await channel({ ...email(), severityLeast: 'critical', digest: { time: '07:00', timeZone: 'Europe/Berlin' } })
  await using _hidden = await channel({ ...email(), name: 'of others', digest: { time: '07:00', timeZone: 'Europe/Berlin' } }, stranger)
  const run = (tenantId: string, more: object) =>
    write(async (tx) => {
      const at = clock.now()
      await tx
        .insertInto('runs')
        .values({
          id: house.random.uuid(),
          tenant_id: tenantId,
          kind: 'backup',
          title: 'of Jane Doe',
          status: 'completed',
          job_order: '{}',
          created_by: 'somebody',
          created_at: at,
          ended_at: at,
          ...more,
        })
        .execute()
    })
  // The hour of the first one is past already.
  await Promise.all([makeDigests(house), makeDigests(house), makeDigests(house)])
  await deliver()
  assert.equal(taken(mail.received).length, 2)
  clock.advance(durations.minute)
  await run(ours, {})
  await run(ours, { status: 'failed', fault: JSON.stringify({ code: 'STORAGE_FULL', fact: '/files/Doe_Jane.pdf', hint: '' }) })
  await run(theirs, { kind: 'restore' })
  await makeDigests(house)
  await deliver()
  assert.equal(taken(mail.received).length, 0)
  const { digestNextAt } = await one.show()
  clock.advance(Date.parse(digestNextAt) - clock.now().getTime())
  await Promise.all([makeDigests(house), makeDigests(house), makeDigests(house)])
  await deliver()
  const digests = taken(mail.received)
  assert.equal(digests.length, 2)
  const own = digests.find(({ text }) => text.includes('STORAGE_FULL'))!
  assert.match(own.headers['subject']!, /^\[Integrum\] Daily report: 1 failure, \d+ open alerts?$/)
  assert.match(own.text, /What ran\r\n- backup: 1 completed\r\n- backup: 1 failed/)
  assert.match(own.text, /What failed\r\n- 2026-\d\d-\d\d \d\d:\d\d UTC backup: STORAGE_FULL/)
  assert.match(own.text, /Open alerts\r\n[^]*\(administrator takes care of it\)/)
  assert.match(own.text, /Next runs\r\n- none/)
  const foreign = digests.find((digest) => digest !== own)!
  assert.match(foreign.text, /What ran\r\n- restore: 1 completed/)
  assert.match(foreign.text, /Open alerts\r\n- none/)
  for (const { text } of digests) assert.doesNotMatch(text, /Jane|Doe/)
  // Europe/Berlin keeps its hour over the change to summer time.
  const next = new Date((await one.show()).digestNextAt)
  assert.equal(next.toLocaleTimeString('en-GB', { timeZone: 'Europe/Berlin', hour: '2-digit', minute: '2-digit' }), '07:00')
})

test('the ping goes out so often, by one of several services, and says what went wrong with it', async () => {
  const ping = async () => {
    await Promise.all([1, 2, 3].map(() => sendPing(house, house.stopping, timeoutMs)))
    return taken(web.received).map(({ method, path: place }) => `${method} ${place}`)
  }
  const address = '/api/v1/settings/ping'
  assert.deepEqual(await ping(), [])
  const set = await here.ask('PUT', address, { token: root, body: { url: `${web.url}/ping/secret-path`, everyMinutes: 5 } })
  assert.equal(set.status, 200, set.text)
  assert.ok(!set.text.includes('secret-path'))
  assert.deepEqual(await ping(), ['GET /ping/secret-path'])
  clock.advance(4 * durations.minute)
  assert.deepEqual(await ping(), [])
  web.answer = 500
  clock.advance(1 * durations.minute)
  assert.deepEqual(await ping(), ['GET /ping/secret-path'])
  assert.match((await here.ask('GET', address, { token: root })).json.ping.problem, /answered 500/)
  web.answer = 200
  assert.equal((await here.ask('DELETE', address, { token: root })).status, 204)
  clock.advance(durations.hour)
  assert.deepEqual(await ping(), [])
})
