import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { backups } from '#contract/backups.ts'
import { channels } from '#contract/channels.ts'
import { systems } from '#contract/systems.ts'
import { mailServer, mailUser, type MailServer } from '#test/support/mail-server.ts'
import { webServer, type WebServer } from '#test/support/web-server.ts'
import { clinicWorld, type ClinicWorld } from './clinic-world.ts'
import { openBrowser, walk } from './visitor.ts'

let world: ClinicWorld
let browser: Browser
let mail: MailServer
let web: WebServer
before(async () => {
  ;[world, mail, web] = await Promise.all([clinicWorld(), mailServer(), webServer()])
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  await world[Symbol.asyncDispose]()
  await mail[Symbol.asyncDispose]()
  await web[Symbol.asyncDispose]()
})

const admin = () => world.furnished.people[0]!
const signingSecret = 'a secret of thirty-two characters'

async function choose(page: Page, label: string, option: string): Promise<void> {
  await page.getByRole('dialog').getByRole('combobox', { name: label, exact: true }).click()
  await page.getByRole('option', { name: option, exact: true }).click()
}

async function begin(page: Page, kind: string, name: string): Promise<void> {
  await page.getByRole('button', { name: 'New channel' }).click()
  await choose(page, 'Kind', kind)
  await page.getByRole('dialog').getByLabel('Name', { exact: false }).first().fill(name)
  await choose(page, 'Hears of', 'The whole installation')
}

test('walk 57: a webhook is set up, tried, hears of what fails, and its secrets are never shown again', async () => {
  await walk({ browser, url: world.url, name: 'webhook' }, { as: admin() }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/notifications')
    await page.getByText('Nobody is told of anything yet').waitFor()
    await visitor.look('notifications-none')
    await begin(page, 'Webhook', 'the pager')
    const drawer = page.getByRole('dialog')
    await drawer.getByLabel('Address', { exact: false }).first().fill(`${web.url}/in?token=abc`)
    await drawer.getByLabel('Signing secret', { exact: false }).first().fill(signingSecret)
    await visitor.look('channel-editor')
    await drawer.getByRole('button', { name: 'Make the channel' }).click()
    const card = page.getByRole('article', { name: 'the pager' })
    await card.getByText('Not tried yet').waitFor()
    await card.getByRole('button', { name: 'Send a test message: the pager' }).click()
    await card.getByText('The server answered: 200 OK ok').waitFor()
    const [test] = web.received
    assert.equal(test!.path, '/in?token=abc')
    const signed = createHmac('sha256', signingSecret)
      .update(`${String(test!.headers['integrum-timestamp'])}.${test!.body}`)
      .digest('hex')
    assert.equal(test!.headers['integrum-signature'], `sha256=${signed}`)

    const lost = await world.admin.call(systems.register, {
      body: {
        name: 'lost-files',
        title: 'Lost files',
        repositoryId: world.furnished.repositoryId,
        roots: [{ name: 'gone', path: path.join(world.here.directory, 'gone') }],
      },
    })
    await world.admin.call(backups.create, { body: { systemId: lost.id, type: 'files' } })
    const messages = page.getByRole('table', { name: 'Messages' })
    const row = messages.getByRole('row').filter({ hasText: 'A backup failed (lost-files)' })
    await row.getByText('Delivered', { exact: true }).waitFor({ timeout: 60_000 })
    assert.match(web.received.at(-1)!.body, /A backup failed \(lost-files\)/)
    await card.getByText('Well', { exact: true }).waitFor()
    await visitor.look('notifications')

    web.answer = 500
    await card.getByRole('button', { name: 'Send a test message: the pager' }).click()
    await card.getByText('Not delivered', { exact: true }).waitFor()
    await card.getByText(/answered 500 .*the queue is full/).waitFor()
    web.answer = 200

    await card.getByRole('button', { name: 'Change the pager' }).click()
    assert.equal(await drawer.getByLabel('Address', { exact: false }).first().inputValue(), '')
    assert.doesNotMatch(await page.content(), /token=abc|thirty-two/)
    await choose(page, 'Told from this severity on', 'Only what is critical')
    await drawer.getByRole('button', { name: 'Save the channel' }).click()
    await drawer.waitFor({ state: 'detached' })
    const { rows } = await world.admin.call(channels.list, { query: {} })
    assert.deepEqual(
      rows.map(({ name, severityLeast, tenantId }) => [name, severityLeast, tenantId]),
      [['the pager', 'critical', null]],
    )
    await card.getByRole('button', { name: 'Send a test message: the pager' }).click()
    await card.getByText('The server answered: 200 OK ok').waitFor()
    assert.equal(web.received.at(-1)!.path, '/in?token=abc')
  })
})

test('walk 58: a channel by mail is set up with a digest, and its test message arrives by TLS', async () => {
  await walk({ browser, url: world.url, name: 'mail' }, { as: admin() }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/notifications')
    await begin(page, 'E-mail', 'the administrators')
    const drawer = page.getByRole('dialog')
    const fill = async (label: string, text: string) => await drawer.getByLabel(label, { exact: false }).first().fill(text)
    await fill('Mail server', '127.0.0.1')
    await fill('Port', String(mail.port))
    await fill('Certificate of your own authority', mail.authority)
    await fill('User name', mailUser.user)
    await drawer.getByLabel(/^From/).fill('integrum@clinic.example')
    await drawer
      .getByLabel(/^To( |$|\*)/)
      .first()
      .fill('anna@clinic.example\nberta@clinic.example')
    await fill('Password', mailUser.password)
    await drawer.getByRole('switch', { name: 'A digest once a day' }).click()
    await fill('Digest at', '06:30')
    await visitor.look('channel-mail')
    await drawer.getByRole('button', { name: 'Make the channel' }).click()
    const card = page.getByRole('article', { name: 'the administrators' })
    await card.getByText(/every day at 06:30 in Europe\/Berlin/).waitFor()
    await card.getByRole('button', { name: 'Send a test message: the administrators' }).click()
    await card.getByText('Delivered', { exact: true }).waitFor()
    const [received] = mail.received
    assert.deepEqual(
      [received!.to, received!.isSecure, received!.user],
      [['anna@clinic.example', 'berta@clinic.example'], true, mailUser.user],
    )
    assert.match(received!.headers['subject']!, /Test message/)
    await card.getByRole('button', { name: 'Remove the administrators' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).waitFor()
    await visitor.look('channel-remove')
    await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).click()
    await card.waitFor({ state: 'detached' })
    assert.ok(!(await world.admin.call(channels.list, { query: {} })).rows.some(({ name }) => name === 'the administrators'))
  })
})
