import assert from 'node:assert/strict'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { restores } from '#contract/restores.ts'
import { systems } from '#contract/systems.ts'
import type { DemoPerson } from '#demo/furnish.ts'
import { treeFingerprint } from '#demo/judge.ts'
import { clinicWorld, type ClinicWorld } from './clinic-world.ts'
import { NextCode } from './next-code.ts'
import { openBrowser, walk } from './visitor.ts'

let world: ClinicWorld
let browser: Browser
before(async () => {
  world = await clinicWorld(0.1)
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  await world[Symbol.asyncDispose]()
})

const minutes = 60_000
const personOf = (name: string) => world.furnished.people.find((one) => one.name === name)!
const statusOf = async (id: string) => (await world.admin.call(restores.details, { params: { id } })).status

async function fillSignature(page: Page, person: DemoPerson, reason: string): Promise<void> {
  await page.getByLabel('Reason').fill(reason)
  await page.getByLabel('Type demo-clinic to confirm').fill('demo-clinic')
  await page.getByLabel('Your password').fill(person.password)
  await page.getByLabel('Code of your authenticator').fill(await NextCode.of(person.totpSecret!))
}

/** From the scope to its effect, and on to the signature. */
async function plan(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Show what would happen' }).click()
  await page.getByRole('button', { name: 'Go on to sign' }).waitFor({ timeout: 2 * minutes })
  const planId = new URL(page.url()).searchParams.get('plan')!
  await page.getByRole('button', { name: 'Go on to sign' }).click()
  return planId
}

test('walk 69: files come back into another directory, byte by byte, and the live ones are not touched', async () => {
  const elsewhere = path.join(world.here.directory, 'documents of last night')
  const live = await treeFingerprint(world.filesRoot)
  await walk({ browser, url: world.url, name: 'restore-elsewhere' }, { as: personOf('admin') }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/restore')
    await page.getByRole('button', { name: 'Go on with this backup' }).click()
    await page.getByRole('radio', { name: 'Files alone' }).check()
    await page.getByRole('radio', { name: 'Elsewhere' }).check()
    await page.getByLabel('Directory for the files documents').fill(elsewhere)
    await visitor.look('restore-elsewhere')
    await plan(page)
    await visitor.look('restore-elsewhere-sign')
    await fillSignature(page, personOf('admin'), 'to look at them')
    await page.getByRole('button', { name: 'Sign and restore demo-clinic' }).click()
    await page.getByText('Result', { exact: true }).waitFor({ timeout: 4 * minutes })
    await page.getByText('Nothing was in its place, so nothing was replaced').waitFor()
    assert.equal(await page.getByText('What it replaced is kept').count(), 0)
    await visitor.look('restore-elsewhere-done')
    await page.getByRole('button', { name: 'Release' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Nothing was replaced, so nothing is dropped. What came back stays.').waitFor()
    await fillSignature(page, personOf('admin'), 'looked at, and right')
    await dialog.getByRole('button', { name: 'Sign and release' }).click()
    await page.getByRole('heading', { name: /^Release of/ }).waitFor({ timeout: minutes })
    await page
      .getByText('Completed', { exact: true })
      .first()
      .waitFor({ timeout: 2 * minutes })
  })
  assert.equal(await treeFingerprint(elsewhere), live)
  assert.equal(await treeFingerprint(world.filesRoot), live)
})

test('walk 70: a restore that waits for a second person is turned down, and nothing has begun', async () => {
  const { systemId } = world.furnished
  const live = await treeFingerprint(world.filesRoot)
  await world.admin.call(systems.edit, { params: { id: systemId }, body: { requiresSecondApprover: true } })
  let planId = ''
  await walk({ browser, url: world.url, name: 'restore-ordered' }, { as: personOf('ruth') }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/restore')
    await page.getByRole('button', { name: 'Go on with this backup' }).click()
    planId = await plan(page)
    await fillSignature(page, personOf('ruth'), 'the wrong system, as it turned out')
    await page.getByRole('button', { name: 'Sign, and ask a second person' }).click()
    await page.getByText('Waits for a second person').waitFor()
  })
  await walk({ browser, url: world.url, name: 'restore-turned-down' }, { as: personOf('admin') }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/approvals')
    await page.getByRole('link', { name: 'Read the plan and decide' }).click()
    await page.getByRole('button', { name: 'Turn it down' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Reason').fill('not this system')
    await visitor.look('restore-turn-down')
    await dialog.getByRole('button', { name: 'Turn it down' }).click()
    await dialog.waitFor({ state: 'detached' })
    await visitor.look('restore-turned-down')
  })
  assert.equal(await statusOf(planId), 'cancelled')
  assert.equal(await treeFingerprint(world.filesRoot), live)
  await world.admin.call(systems.edit, { params: { id: systemId }, body: { requiresSecondApprover: false } })
})

test('walk 71: what a restore replaced is let go with a signature, and then there is nothing to be undone', async () => {
  let planId = ''
  await walk({ browser, url: world.url, name: 'restore-release' }, { as: personOf('admin') }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/restore')
    await page.getByRole('button', { name: 'Go on with this backup' }).click()
    planId = await plan(page)
    await fillSignature(page, personOf('admin'), 'records of last night are wrong')
    await page.getByRole('button', { name: 'Sign and restore demo-clinic' }).click()
    await page.getByText('What it replaced is kept', { exact: true }).waitFor({ timeout: 4 * minutes })
    assert.equal((await world.admin.call(restores.details, { params: { id: planId } })).mayUndo, true)
    await page.getByRole('button', { name: 'Release' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Back it up first').uncheck()
    await dialog.getByLabel('Why without a backup of it').fill('the safety backup is enough')
    await fillSignature(page, personOf('admin'), 'seen by the ward')
    await visitor.look('restore-release')
    await dialog.getByLabel('Back it up first').check()
    await dialog.getByRole('button', { name: 'Sign and release' }).click()
    await page.getByRole('heading', { name: /^Release of/ }).waitFor({ timeout: minutes })
    await page
      .getByText('Completed', { exact: true })
      .first()
      .waitFor({ timeout: 2 * minutes })
    await visitor.look('restore-released')
  })
  assert.equal((await world.admin.call(restores.details, { params: { id: planId } })).mayUndo, false)
  // By PostgreSQL itself: nothing is left beside what is live.
  const beside = await world.cluster.psql(
    'postgres',
    "select count(*) from pg_database where datname like 'clinic%' and datname <> 'clinic'",
  )
  assert.equal(beside.trim(), '0')
})
