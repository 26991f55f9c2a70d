import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import type { Browser, Page } from 'playwright-core'
import { audit } from '#contract/audit.ts'
import { noticeSettings } from '#contract/notice-settings.ts'
import { retention } from '#contract/retention.ts'
import { settings } from '#contract/settings.ts'
import { signIn } from '#contract/sign-in.ts'
import { everything } from '#service/catalog/scope.ts'
import { providerClient, testProvider, type TestProvider } from '#test/support/oidc.ts'
import { webServer, type WebServer } from '#test/support/web-server.ts'
import { clinicWorld, type ClinicWorld } from './clinic-world.ts'
import { NextCode } from './next-code.ts'
import { openBrowser, walk } from './visitor.ts'

let world: ClinicWorld
let browser: Browser
let provider: TestProvider
let watcher: WebServer
before(async () => {
  world = await clinicWorld(0.05)
  browser = await openBrowser()
  provider = await testProvider(`${world.url}${signIn.oidcCallback.path}`, {})
  watcher = await webServer()
})
after(async () => {
  await watcher[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await browser.close()
  await world[Symbol.asyncDispose]()
})

const admin = () => world.furnished.people[0]!
const section = (page: Page, name: string) => page.locator('section').filter({ has: page.getByRole('heading', { name, exact: true }) })

test('walk 60: a provider of OpenID Connect is connected with a mapping of roles, and removed after a question', async () => {
  await walk({ browser, url: world.url, name: 'oidc' }, { as: admin() }, async (visitor) => {
    const { page } = visitor
    visitor.expect(/502/)
    await visitor.open('/settings')
    const here = section(page, 'Sign-in through your organization')
    await here.getByRole('button', { name: 'Connect a provider' }).click()
    await here.getByLabel('Address of the provider').fill('http://127.0.0.1:9')
    await here.getByLabel('Client ID').fill(providerClient.client_id)
    await here.getByLabel('Client secret').fill(providerClient.client_secret)
    await here.getByLabel('Roles follow a claim of the provider').check()
    await here.getByRole('button', { name: 'Add a value' }).click()
    await here.getByLabel('Value 1').fill('night-shift')
    await here.getByRole('combobox', { name: 'Where' }).click()
    await page.getByRole('option', { name: 'Harbour Clinic' }).click()
    // A provider that does not answer is not taken, and nothing that was filled in is lost.
    await here.getByRole('button', { name: 'Ask the provider and save' }).click()
    await here.getByRole('alert').waitFor()
    await visitor.look('oidc-refused')
    assert.equal((await world.admin.call(settings.oidc, {})).oidc, null)
    await here.getByLabel('Address of the provider').fill(provider.issuer)
    await here.getByRole('button', { name: 'Ask the provider and save' }).click()
    await here.getByText('follow the claim groups:').waitFor()
    await visitor.look('oidc')
    const { oidc } = await world.admin.call(settings.oidc, {})
    const role = { value: 'night-shift', role: 'VIEWER', tenantId: world.furnished.tenantId }
    assert.deepEqual([oidc?.issuer, oidc?.roleMapping], [provider.issuer, { claim: 'groups', roles: [role] }])
    assert.equal((await world.admin.call(signIn.ways, {})).hasOidc, true)
    await here.getByRole('button', { name: 'Remove it' }).click()
    await page.getByRole('dialog').getByText('Nobody comes in through').waitFor()
    await visitor.look('oidc-remove')
    await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).click()
    await here.getByText('No provider is connected.').waitFor()
  })
  assert.equal((await world.admin.call(settings.oidc, {})).oidc, null)
})

test('walk 61: the sign of life, telling again and the days of deleted backups are set; the key of the trail is changed', async () => {
  const before = (await world.admin.call(audit.checkpoints, { query: {} })).key
  await walk({ browser, url: world.url, name: 'settings-acts' }, { as: admin() }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/settings')
    const life = section(page, 'Sign of life')
    await life.getByLabel('Address').fill(`${watcher.url}/ping/clinic`)
    await life.getByLabel('Every').fill('7')
    await life.getByRole('button', { name: 'Save the address' }).click()
    await life.getByText('7 minutes').waitFor()
    await visitor.look('ping')
    assert.equal((await world.admin.call(noticeSettings.ping, {})).ping?.everyMinutes, 7)
    await life.getByRole('button', { name: 'Remove it' }).click()
    await visitor.look('ping-remove')
    await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).click()
    await life.getByRole('button', { name: 'Save the address' }).waitFor()
    assert.equal((await world.admin.call(noticeSettings.ping, {})).ping, null)

    const again = section(page, 'Telling again')
    await again.getByLabel('Warning').fill('36')
    await again.getByRole('button', { name: 'Save telling again' }).click()
    await page.getByText('Telling again is saved').waitFor()
    assert.equal((await world.admin.call(noticeSettings.repeating, {})).warning, 36)
    const grace = section(page, 'Deleted backups')
    await grace.getByLabel('They stay for').fill('0')
    await grace.getByText('With 0 days a deletion by mistake cannot be taken back').waitFor()
    await visitor.look('grace')
    await grace.getByLabel('They stay for').fill('10')
    await grace.getByRole('button', { name: 'Save the days' }).click()
    await page.getByText('The time of deleted backups is saved').waitFor()
    assert.equal((await world.admin.call(retention.grace, {})).days, 10)

    await page.getByRole('button', { name: 'Sign with a new key' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Reason').fill('the yearly change')
    await visitor.look('trail-key')
    await dialog.getByRole('button', { name: 'Change the key' }).click()
    await page.getByText('A new key signs').waitFor()
    await visitor.look('trail-key-changed')
  })
  const { key } = await world.admin.call(audit.checkpoints, { query: {} })
  assert.notEqual(key.fingerprint, before.fingerprint)
  assert.equal((await world.admin.call(audit.verify, { body: {} })).isWhole, true)
})

test('walk 62: a clock in doubt stops deletion until somebody has signed that it is right', async () => {
  // As if the service had looked a day later than it is now.
  await world.here.service.house.catalog.as(everything, (tx) => sql`update retention_clock set mark = mark + interval '1 day'`.execute(tx))
  assert.equal((await world.admin.call(retention.clock, {})).isSuspended, true)
  await walk({ browser, url: world.url, name: 'clock' }, { as: admin() }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/settings')
    await page.getByText('The clock is in doubt: nothing is deleted').waitFor()
    await visitor.look('clock')
    await page.getByRole('button', { name: 'The clock is right…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Reason').fill('compared with the radio clock')
    await visitor.look('clock-sign')
    await dialog.getByLabel('Your password').fill(admin().password)
    await dialog.getByLabel('Code of your authenticator').fill(await NextCode.of(admin().totpSecret!))
    await dialog.getByRole('button', { name: 'Sign that it is right' }).click()
    await section(page, 'Clock').getByText('The time is trusted to delete by').waitFor()
  })
  assert.equal((await world.admin.call(retention.clock, {})).isSuspended, false)
})
