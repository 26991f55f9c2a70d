import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { backups } from '#contract/backups.ts'
import { holds } from '#contract/holds.ts'
import { clinicWorld, type ClinicWorld } from './clinic-world.ts'
import { NextCode } from './next-code.ts'
import { openBrowser, walk } from './visitor.ts'

let world: ClinicWorld
let browser: Browser
before(async () => {
  world = await clinicWorld()
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  await world[Symbol.asyncDispose]()
})

test('walk 38: a hold refuses a deletion and says why; released with a signature it lets go', async () => {
  const { backupId: id, people } = world.furnished
  const admin = people[0]!
  const { name } = await world.admin.call(backups.details, { params: { id } })
  const auditor = people.find(({ role }) => role === 'AUDITOR')!
  await walk({ browser, url: world.url, name: 'hold-place' }, { as: auditor }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/holds')
    await page.getByText('Nothing is on hold').waitFor()
    await page.getByRole('button', { name: 'Place a hold' }).click()
    await page.getByRole('dialog').getByLabel('Reference').waitFor()
    await visitor.look('hold-place-system')
    await page.keyboard.press('Escape')
    await visitor.open(`/backups/${id}`)
    await page.getByRole('button', { name: 'Hold', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Reference').fill('docket 12/2026')
    await dialog.getByLabel('Reason').fill('a claim')
    await visitor.look('hold-place')
    await dialog.getByRole('button', { name: 'Place the hold' }).click()
    await page.getByText('1 legal hold: nobody deletes it').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Delete', exact: true }).count(), 0)
  })
  const [hold] = (await world.admin.call(holds.list, { query: {} })).rows
  assert.deepEqual([hold?.backupId, hold?.reference, hold?.placedBy, hold?.held], [id, 'docket 12/2026', auditor.name, 1])
  await walk({ browser, url: world.url, name: 'hold-release' }, { as: admin }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/backups')
    await page.getByRole('row').filter({ hasText: name }).getByText('On hold').waitFor()
    await page.getByRole('button', { name: `Actions for ${name}` }).click()
    await page.getByRole('menuitem', { name: 'Delete…' }).click()
    await page.getByText('This backup cannot be deleted').waitFor()
    await page.getByRole('dialog').getByText('a claim').waitFor()
    await visitor.look('delete-held')
    // And the service refuses it whatever a page shows.
    await assert.rejects(world.admin.call(backups.remove, { params: { id }, body: { reason: 'not needed' } }), { code: 'RETENTION_HELD' })

    await page.getByRole('dialog').getByRole('link', { name: 'docket 12/2026' }).click()
    await page.waitForURL(/\/holds\?open=/)
    const drawer = page.getByRole('dialog')
    await drawer.getByRole('table', { name: 'Held backups' }).getByRole('link', { name }).waitFor()
    await visitor.look('hold')
    await drawer.getByRole('button', { name: 'Release the hold' }).click()
    const dialog = page.getByRole('dialog').filter({ hasText: 'I release the legal hold docket 12/2026' })
    await dialog.getByLabel('Reason').fill('settled')
    await visitor.look('hold-release')
    await dialog.getByLabel('Your password').fill(admin.password)
    await dialog.getByLabel('Code of your authenticator').fill(await NextCode.of(admin.totpSecret!))
    await dialog.getByRole('button', { name: 'Sign and release' }).click()
    await drawer.getByText('Released by').waitFor()
    await visitor.open('/holds?state=released')
    await page.getByRole('table', { name: 'Legal holds' }).getByText('docket 12/2026').waitFor()
    await visitor.look('holds')
  })
  const [released] = (await world.admin.call(holds.list, { query: { state: 'released' } })).rows
  assert.deepEqual([released?.releasedBy, released?.releaseReason], [admin.name, 'settled'])
})
