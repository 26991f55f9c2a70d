import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { clientOf, type Client } from '#contract/client.ts'
import { keys } from '#contract/keys.ts'
import { me } from '#contract/me.ts'
import { people } from '#contract/people.ts'
import { signIn } from '#contract/sign-in.ts'
import { systems } from '#contract/systems.ts'
import { tenants } from '#contract/tenants.ts'
import { clinicWorld, type ClinicWorld } from './clinic-world.ts'
import { NextCode } from './next-code.ts'
import { openBrowser, walk } from './visitor.ts'

let world: ClinicWorld
let browser: Browser
before(async () => {
  world = await clinicWorld(0.05)
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  await world[Symbol.asyncDispose]()
})

const personOf = (name: string) => world.furnished.people.find((one) => one.name === name)!
const idOf = async (name: string, client = world.admin) => (await client.call(people.list, { query: { search: name } })).rows[0]!.id
const passwordOnly = (name: string, password: string) => clientOf({ url: world.url }).call(signIn.password, { body: { name, password } })

async function clientFor(name: string): Promise<Client> {
  const { password, totpSecret } = personOf(name)
  const first = await passwordOnly(name, password)
  if (first.next === 'done') return clientOf({ url: world.url, token: first.token })
  const done = await clientOf({ url: world.url, token: first.token }).call(signIn.totp, { body: { code: await NextCode.of(totpSecret!) } })
  return clientOf({ url: world.url, token: done.token })
}

async function chooseMore(page: Page, item: string): Promise<void> {
  await page.getByRole('button', { name: 'More' }).click()
  await page.getByRole('menuitem', { name: item }).click()
}

test('walk 63: an organization is added and renamed', async () => {
  await walk({ browser, url: world.url, name: 'organization-acts' }, { as: personOf('admin') }, async (visitor) => {
    const { page } = visitor
    const dialog = page.getByRole('dialog')
    await visitor.open('/organizations')
    await page.getByRole('button', { name: 'Add an organization' }).click()
    await dialog.getByLabel(/^Name/).fill('Hill Clinic')
    await visitor.look('organization-add')
    await dialog.getByRole('button', { name: 'Add it' }).click()
    await page.getByRole('button', { name: 'Rename Hill Clinic' }).click()
    await dialog.getByLabel(/^Name/).fill('Hill and Vale Clinic')
    await visitor.look('organization-rename')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('cell', { name: 'Hill and Vale Clinic', exact: true }).waitFor()
  })
  const { rows } = await world.admin.call(tenants.list, { query: {} })
  assert.deepEqual(
    rows.map(({ name, title }) => [name, title]),
    [
      ['harbour-clinic', 'Harbour Clinic'],
      ['hill-clinic', 'Hill and Vale Clinic'],
    ],
  )
})

test('walk 64: an account is edited, unlocked, sent a new link, and its authenticator reset; its keys are ended', async () => {
  const vera = personOf('vera')
  const [id, ruthId] = [await idOf('vera'), await idOf('ruth')]
  const { expiresAt } = (await world.admin.call(me.show, {})).session!
  const verasKey = await (
    await clientFor('vera')
  ).call(keys.create, { body: { name: 'the dashboard', permissions: ['systems.read'], expiresAt } })
  for (let tries = 0; tries < 5; tries += 1) await assert.rejects(passwordOnly('vera', 'not hers at all'))
  await walk({ browser, url: world.url, name: 'person-acts' }, { as: personOf('admin') }, async (visitor) => {
    const { page } = visitor
    const dialog = page.getByRole('dialog')
    await visitor.open(`/people/${id}`)
    await page.getByRole('button', { name: 'End the lock-out' }).click()
    await dialog.getByLabel('Reason').fill('she called from the ward')
    await visitor.look('person-unlock')
    await dialog.getByRole('button', { name: 'End it' }).click()
    await page.getByText('Vera Okafor can sign in again').waitFor()
    assert.equal((await passwordOnly('vera', vera.password)).next, 'done')

    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    await dialog.getByLabel('Mail address').fill('vera@clinic.example')
    await visitor.look('person-edit')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByText('vera@clinic.example').waitFor()

    await page.getByRole('button', { name: 'End the key the dashboard' }).click()
    await visitor.look('person-key-end')
    await dialog.getByRole('button', { name: 'End it' }).click()
    await page.getByText('Ended', { exact: true }).waitFor()
    await assert.rejects(clientOf({ url: world.url, token: verasKey.token }).call(systems.list, { query: {} }), { code: 'NOT_SIGNED_IN' })

    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: 'New password link' }).waitFor()
    await visitor.look('person-menu')
    await page.getByRole('menuitem', { name: 'New password link' }).click()
    await visitor.look('person-link')
    await dialog.getByRole('button', { name: 'Make the link' }).click()
    await dialog.getByLabel('Password link for Vera Okafor').waitFor()
    await visitor.look('person-link-made')
    await dialog.getByLabel(/^I have handed it over/).check()
    await dialog.getByRole('button', { name: 'Done' }).click()
    await dialog.waitFor({ state: 'detached' })

    await visitor.open(`/people/${ruthId}`)
    await chooseMore(page, 'Reset the authenticator')
    await dialog.getByLabel('Reason').fill('lost on the tram')
    await visitor.look('person-totp-reset')
    await dialog.getByRole('button', { name: 'Reset it' }).click()
    await dialog.waitFor({ state: 'detached' })
  })
  assert.equal((await world.admin.call(people.details, { params: { id: ruthId } })).isTotpEnrolled, false)
  assert.equal((await world.admin.call(people.details, { params: { id } })).email, 'vera@clinic.example')
})

test('walk 65: somebody makes a key and ends it, has new recovery codes, and removes their authenticator', async () => {
  const admin = personOf('admin')
  // Sessions end with the authenticator, a key goes on.
  const { expiresAt } = (await world.admin.call(me.show, {})).session!
  const reading = await world.admin.call(keys.create, { body: { name: 'the walk', permissions: ['people.read'], expiresAt } })
  await walk({ browser, url: world.url, name: 'own-account' }, { as: admin }, async (visitor) => {
    const { page } = visitor
    const dialog = page.getByRole('dialog')
    await visitor.open('/account')
    await page.getByRole('button', { name: 'New key' }).click()
    await dialog.getByRole('textbox', { name: 'Name' }).fill('nightly report')
    await dialog.getByRole('checkbox', { name: 'see systems and whether they are protected' }).check()
    await visitor.look('key-new')
    await dialog.getByRole('button', { name: 'Make the key' }).click()
    const token = (await dialog.getByLabel('Key nightly report').innerText()).trim()
    await visitor.look('key-made')
    await dialog.getByLabel(/^I have put it where/).check()
    await dialog.getByRole('button', { name: 'Done' }).click()
    const byKey = clientOf({ url: world.url, token })
    assert.equal((await byKey.call(systems.list, { query: {} })).total, 1)
    await page.getByRole('button', { name: 'End the key nightly report' }).click()
    await visitor.look('key-end')
    await dialog.getByRole('button', { name: 'End it' }).click()
    await page.getByText('Ended', { exact: true }).waitFor()
    await assert.rejects(byKey.call(systems.list, { query: {} }), { code: 'NOT_SIGNED_IN' })

    await page.getByRole('button', { name: 'New recovery codes' }).click()
    await dialog.getByLabel('Your password').fill(admin.password)
    await visitor.look('codes-renew')
    await dialog.getByLabel('Code of your authenticator').fill(await NextCode.of(admin.totpSecret!))
    await dialog.getByRole('button', { name: 'Make new codes' }).click()
    await dialog.getByRole('heading', { name: 'Recovery codes of admin' }).waitFor()
    const [code] = (await dialog.getByLabel('Recovery codes of admin').first().innerText()).split('\n')
    await dialog.getByLabel(/^I have saved these codes/).check()
    await dialog.getByRole('button', { name: 'Done' }).click()
    await dialog.waitFor({ state: 'detached' })

    await page.getByRole('button', { name: 'Remove it' }).click()
    await dialog.getByLabel('Your password').fill(admin.password)
    await dialog.getByRole('button', { name: /use a recovery code/ }).click()
    await dialog.getByLabel('Recovery code', { exact: false }).fill(code!.trim())
    await visitor.look('authenticator-remove')
    await dialog.getByRole('button', { name: 'Remove it' }).click()
    await page.getByText('Not set up. With one, a stolen password opens nothing').waitFor()
    await page.getByRole('button', { name: 'Account of Ada Berg' }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).waitFor()
    await visitor.look('account-menu')
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  })
  const id = await idOf('admin', clientOf({ url: world.url, token: reading.token }))
  const details = clientOf({ url: world.url, token: reading.token }).call(people.details, { params: { id } })
  assert.equal((await details).isTotpEnrolled, false)
})
