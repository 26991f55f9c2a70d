import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { clientOf } from '#contract/client.ts'
import { me } from '#contract/me.ts'
import { people } from '#contract/people.ts'
import { signIn } from '#contract/sign-in.ts'
import { tenants } from '#contract/tenants.ts'
import type { DemoPerson } from '#demo/furnish.ts'
import { testService } from '#test/support/service.ts'
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

const password = 'nine lamps over the harbour'

function person(name: string): DemoPerson {
  return world.furnished.people.find((one) => one.name === name)!
}

async function typeSignIn(page: Page, name: string, secret: string): Promise<void> {
  await page.getByLabel(/^Name/).fill(name)
  await page.getByLabel(/^Password/).fill(secret)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

test('walk 10: a fresh service is set up by its link, the administrator sets up an authenticator, and sees the first steps', async () => {
  await using fresh = await testService()
  const { url, setUpLink } = fresh.service
  await walk({ browser, url, name: 'set-up' }, {}, async (visitor) => {
    const { page } = visitor
    visitor.expect(/403/)
    await visitor.open('/set-up#itu_not-the-one')
    await page.getByLabel(/^Your name/).fill('Ada Berg')
    await page.getByLabel(/^Account name/).fill('ada.berg')
    await page.getByLabel(/^Password \*/).fill('seven')
    await page.getByLabel(/^Name of the organization/).fill('Harbour Clinic')
    assert.equal(await page.getByLabel(/^Short name/).inputValue(), 'harbour-clinic')
    await page.getByText('12 characters or more, now 5').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Set up and sign in' }).isDisabled(), true)
    await page.getByLabel(/^Password \*/).fill(password)
    await page.getByLabel(/^Password, once more/).fill(password)
    await visitor.look('set-up')
    await page.getByRole('button', { name: 'Set up and sign in' }).click()
    await page.getByText('The set-up link was used, has expired, or never was').waitFor()
    await visitor.look('set-up-refused')

    await page.goto('about:blank')
    await page.goto(setUpLink!)
    await page.getByLabel(/^Your name/).fill('Ada Berg')
    await page.getByLabel(/^Account name/).fill('ada.berg')
    await page.getByLabel(/^Password \*/).fill(password)
    await page.getByLabel(/^Password, once more/).fill(password)
    await page.getByLabel(/^Name of the organization/).fill('Harbour Clinic')
    await page.getByRole('button', { name: 'Set up and sign in' }).click()
    await page.getByRole('heading', { name: 'First steps' }).waitFor()
    await page.getByText('0 of 5 done.').waitFor()
    await visitor.look('welcome')

    await page.getByRole('button', { name: 'Set up an authenticator' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(/^Your password/).fill(password)
    await dialog.getByRole('button', { name: 'Go on' }).click()
    const secret = (await dialog.getByLabel('Secret of the authenticator').innerText()).replaceAll(' ', '')
    await visitor.look('authenticator')
    await dialog.getByLabel(/^Code of your authenticator/).fill(await NextCode.of(secret))
    await dialog.getByRole('button', { name: 'Confirm' }).click()
    await dialog.getByRole('heading', { name: 'Recovery codes of ada.berg' }).waitFor()
    assert.equal(await dialog.getByRole('button', { name: 'Done' }).isDisabled(), true)
    await page.keyboard.press('Escape')
    await visitor.look('recovery-codes')
    const saved = page.waitForEvent('download')
    await dialog.getByRole('button', { name: 'Save as a file' }).click()
    assert.equal((await saved).suggestedFilename(), 'integrum-recovery-codes-ada.berg.txt')
    await dialog.getByLabel(/^I have saved these codes/).check()
    await dialog.getByRole('button', { name: 'Done' }).click()
    await page.getByText('1 of 5 done.').waitFor()
    await visitor.open('/set-up#itu_again')
    await page.getByText('This installation has been set up already').waitFor()
    await visitor.open('/account')
    await page.getByText('Set up. Signing in and every signature ask for its code; 10 recovery codes left').waitFor()

    // What the service says of it, asked without the pages.
    const first = await clientOf({ url }).call(signIn.password, { body: { name: 'ada.berg', password } })
    assert.equal(first.next, 'totp')
    const done = await clientOf({ url, token: first.token }).call(signIn.totp, { body: { code: await NextCode.of(secret) } })
    const shown = await clientOf({ url, token: done.token }).call(me.show, {})
    assert.deepEqual([shown.title, shown.isTotpEnrolled, shown.tenants.map(({ name }) => name)], ['Ada Berg', true, ['harbour-clinic']])
  })
})

test('walk 11: a wrong password is refused in words, the second step takes a recovery code, which is good once', async () => {
  const ruth = person('ruth')
  const first = await clientOf({ url: world.url }).call(signIn.password, { body: { name: ruth.name, password: ruth.password } })
  const { token } = await clientOf({ url: world.url, token: first.token }).call(signIn.totp, {
    body: { code: await NextCode.of(ruth.totpSecret!) },
  })
  const ruthHerself = clientOf({ url: world.url, token })
  const { recoveryCodes } = await ruthHerself.call(me.renewRecoveryCodes, {
    body: { password: ruth.password, code: await NextCode.of(ruth.totpSecret!) },
  })
  await walk({ browser, url: world.url, name: 'recovery-code' }, {}, async (visitor) => {
    const { page } = visitor
    visitor.expect(/401/)
    await visitor.open('/sign-in')
    await typeSignIn(page, ruth.name, 'something else entirely')
    await page
      .getByRole('alert')
      .getByText(/Five failures lock an account/)
      .waitFor()
    await visitor.look('sign-in-refused')
    await typeSignIn(page, ruth.name, ruth.password)
    await page.getByRole('heading', { name: 'Second step' }).waitFor()
    await visitor.look('second-step')
    await page.getByRole('button', { name: /use a recovery code/ }).click()
    await page.getByLabel(/^Recovery code/).fill(recoveryCodes[0]!.toLowerCase())
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    assert.equal((await ruthHerself.call(me.show, {})).recoveryCodesLeft, 9)
    await visitor.open('/account')
    await page.getByText('9 recovery codes left').waitFor()
    await visitor.look('account')
  })
})

test('walk 12: whoever has a password that somebody else chose changes it before anything else', async () => {
  const first = 'a first one from somebody'
  await world.admin.call(people.create, {
    body: { name: 'nora', title: 'Nora Lund', password: first, grants: [{ role: 'VIEWER', tenantId: world.furnished.tenantId }] },
  })
  await walk({ browser, url: world.url, name: 'forced-change' }, {}, async (visitor) => {
    const { page } = visitor
    visitor.expect(/401|422/)
    await visitor.open('/sign-in')
    await typeSignIn(page, 'nora', first)
    await page.getByRole('heading', { name: 'Choose a password of your own' }).waitFor()
    await visitor.open('/backups')
    await page.getByRole('heading', { name: 'Choose a password of your own' }).waitFor()
    await visitor.look('change-password-forced')
    const change = async (chosen: string) => {
      await page.getByLabel(/^Present password/).fill(first)
      await page.getByLabel(/^New password \*/).fill(chosen)
      await page.getByLabel(/^New password, once more/).fill(chosen)
      await page.getByRole('button', { name: 'Change it' }).click()
    }
    await change(first)
    await page.getByText('The password is one of the last 5').waitFor()
    await change('four lamps in the fog bank')
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
  })
  const signedIn = await clientOf({ url: world.url }).call(signIn.password, {
    body: { name: 'nora', password: 'four lamps in the fog bank' },
  })
  assert.equal(signedIn.next === 'done' && signedIn.mustChangePassword, false)
})

test('walk 13: when a session ends the page says so, and leads back to where it was', async () => {
  const vera = person('vera')
  await walk({ browser, url: world.url, name: 'session-ends' }, { as: vera }, async (visitor) => {
    const { page } = visitor
    visitor.expect(/401/)
    await visitor.open('/jobs?status=completed')
    await page.getByRole('table', { name: 'Jobs' }).waitFor()
    await world.here.service.house.catalog.as({ kind: 'all' }, (tx) =>
      tx
        .updateTable('sessions')
        .set({ idle_until: new Date(0) })
        .where('user_id', '=', tx.selectFrom('users').select('id').where('name', '=', 'vera'))
        .execute(),
    )
    await page.getByRole('combobox', { name: 'Status' }).click()
    await page.getByRole('option', { name: 'Failed' }).click()
    await page.getByText('Your session has ended').waitFor()
    await visitor.look('session-ended')
    await typeSignIn(page, vera.name, vera.password)
    await page.getByRole('heading', { name: 'Activity' }).waitFor()
    assert.equal(new URL(page.url()).searchParams.get('status'), 'failed')
  })
})

test('walk 14: somebody of another organization sees nothing of ours, and is not told what there is', async () => {
  const other = await world.admin.call(tenants.create, { body: { name: 'lake-clinic', title: 'Lake Clinic' } })
  await world.admin.call(people.create, {
    body: { name: 'lena', title: 'Lena Vogt', password: 'a first one for her', grants: [{ role: 'SYSTEM_ADMIN', tenantId: other.id }] },
  })
  const signedIn = await clientOf({ url: world.url }).call(signIn.password, { body: { name: 'lena', password: 'a first one for her' } })
  await clientOf({ url: world.url, token: signedIn.token }).call(me.changePassword, {
    body: { currentPassword: 'a first one for her', newPassword: password },
  })
  const omar = (await world.admin.call(people.list, { query: { search: 'omar' } })).rows[0]!
  const lena: DemoPerson = { name: 'lena', title: 'Lena Vogt', role: 'SYSTEM_ADMIN', password }
  await walk({ browser, url: world.url, name: 'isolation' }, { as: lena }, async (visitor) => {
    const { page } = visitor
    visitor.expect(/404/)
    await visitor.open('/people')
    await page.getByRole('link', { name: 'Lena Vogt' }).waitFor()
    assert.equal(await page.getByRole('table', { name: 'People' }).getByRole('row').count(), 2)
    await visitor.open(`/people/${omar.id}`)
    await page.getByRole('heading', { name: 'Not found' }).waitFor()
    await visitor.look('not-found')
    for (const place of ['/jobs', '/systems', '/backups']) {
      await visitor.open(place)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' })
      assert.doesNotMatch(await page.getByRole('main').innerText(), /Clinical records|demo-clinic/, place)
    }
    await visitor.open('/audit')
    await page.getByRole('table', { name: 'Events of the audit trail' }).waitFor()
    assert.doesNotMatch(await page.getByRole('main').innerText(), /demo-clinic|omar|ruth/)
    await visitor.open('/organizations')
    await page.getByRole('heading', { name: 'Not for your role' }).waitFor()
  })
})
