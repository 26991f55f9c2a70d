import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { people } from '#contract/people.ts'
import { settings } from '#contract/settings.ts'
import { tenants } from '#contract/tenants.ts'
import { clinicWorld, type ClinicWorld } from './clinic-world.ts'
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

const password = 'nine lamps over the harbour'

test('walk 15: an administrator makes an account, its link sets the password, and whoever it is for signs in', async () => {
  let link = ''
  await walk({ browser, url: world.url, name: 'add-person' }, { as: world.furnished.people[0]! }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/people')
    await page.getByRole('table', { name: 'People' }).waitFor()
    await visitor.look('people')
    await page.getByRole('button', { name: 'What each role may do' }).click()
    await page.getByRole('table', { name: 'What each role may do' }).waitFor()
    await page.getByRole('button', { name: 'Add somebody' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(/^Name/).fill('Iris Brandt')
    await dialog.getByLabel(/^Account name/).fill('iris')
    await visitor.look('add-person')
    await dialog.getByRole('button', { name: 'Make the account' }).click()
    link = (await dialog.getByLabel('Password link for Iris Brandt').innerText()).trim()
    await visitor.look('password-link')
    await dialog.getByLabel(/^I have handed it over/).check()
    await dialog.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('link', { name: 'Iris Brandt' }).waitFor()
  })
  await walk({ browser, url: world.url, name: 'set-password' }, {}, async (visitor) => {
    const { page } = visitor
    visitor.expect(/401|403/)
    const use = async () => {
      await visitor.open('/sign-in')
      // The path and the token: a service of a test is not told which port it was given.
      await visitor.open(`${new URL(link).pathname}${new URL(link).hash}`)
      await page.getByLabel(/^Password \*/).fill(password)
      await page.getByLabel(/^Password, once more/).fill(password)
      await page.getByRole('button', { name: 'Set it' }).click()
    }
    await use()
    await page.getByRole('heading', { name: 'Your password is set' }).waitFor()
    await use()
    await page.getByText('The link was used, has expired, or never was').waitFor()
    await visitor.look('set-password-refused')
    await visitor.open('/sign-in')
    await page.getByLabel(/^Name/).fill('iris')
    await page.getByLabel(/^Password/).fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    // A viewer: the page of people is not theirs, and says so.
    await visitor.open('/people')
    await page.getByRole('heading', { name: 'Not for your role' }).waitFor()
    await visitor.look('denied')
  })
  const [iris] = (await world.admin.call(people.list, { query: { search: 'iris' } })).rows
  assert.deepEqual([iris!.title, iris!.hasPassword, iris!.grants.map(({ role }) => role)], ['Iris Brandt', true, ['VIEWER']])
})

test('walk 16: a role is given and taken back, and an account is closed by its name, with a reason', async () => {
  const made = await world.admin.call(people.create, { body: { name: 'otto', title: 'Otto Lind' } })
  const { id } = made.person
  await walk({ browser, url: world.url, name: 'person' }, { as: world.furnished.people[0]! }, async (visitor) => {
    const { page } = visitor
    await visitor.open(`/people/${id}`)
    await page.getByRole('button', { name: 'Give a role' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Give it' }).waitFor()
    await visitor.look('role-give')
    await page.getByRole('dialog').getByRole('button', { name: 'Give it' }).click()
    await page.getByRole('button', { name: 'Take back: Viewer' }).waitFor()
    assert.equal((await world.admin.call(people.details, { params: { id } })).grants.length, 1)
    await visitor.look('person')
    await page.getByRole('button', { name: 'Take back: Viewer' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Take it back' }).waitFor()
    await visitor.look('role-take-back')
    await page.getByRole('dialog').getByRole('button', { name: 'Take it back' }).click()
    await page.getByText('None: may sign in, and do nothing.').waitFor()
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: 'Close the account' }).click()
    const close = page.getByRole('button', { name: 'Close it for good' })
    await page.getByLabel(/^Reason/).fill('left the clinic')
    assert.equal(await close.isDisabled(), true)
    await page.getByLabel(/^Type otto to confirm/).fill('otto')
    await visitor.look('close-account')
    await close.click()
    await page.getByText('Closed', { exact: true }).first().waitFor()
  })
  assert.notEqual((await world.admin.call(people.details, { params: { id } })).retiredAt, null)
})

test('walk 17: an organization is added, one with systems is not retired and says why, and session times are set', async () => {
  await walk({ browser, url: world.url, name: 'organizations' }, { as: world.furnished.people[0]! }, async (visitor) => {
    const { page } = visitor
    visitor.expect(/409/)
    await visitor.open('/organizations')
    await page.getByRole('button', { name: 'Add an organization' }).click()
    await page.getByRole('dialog').getByLabel(/^Name/).fill('Hill Clinic')
    await page.getByRole('dialog').getByRole('button', { name: 'Add it' }).click()
    await page.getByRole('cell', { name: 'Hill Clinic', exact: true }).waitFor()
    await visitor.look('organizations')
    await page.getByRole('button', { name: 'Retire Harbour Clinic' }).click()
    await page.getByLabel(/^Reason/).fill('merged')
    await page.getByLabel(/^Type harbour-clinic/).fill('harbour-clinic')
    await page.getByRole('button', { name: 'Retire it for good' }).click()
    await page.getByRole('alert').getByText('Retire the named systems first').waitFor()
    await visitor.look('organization-in-use')
    await visitor.open('/settings')
    await page.getByLabel(/^Without use/).fill('20')
    await page.getByRole('button', { name: 'Save session times' }).click()
    await page.getByText('Session times are saved').waitFor()
    await visitor.look('settings')
  })
  assert.deepEqual(
    (await world.admin.call(tenants.list, { query: {} })).rows.map(({ name }) => name),
    ['harbour-clinic', 'hill-clinic'],
  )
  assert.deepEqual(await world.admin.call(settings.sessionTimes, {}), { idleMinutes: 20, longestHours: 12 })
})
