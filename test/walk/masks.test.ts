import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { backups } from '#contract/backups.ts'
import { jobs } from '#contract/jobs.ts'
import { systems } from '#contract/systems.ts'
import { assertNobodyFound } from '#test/masking/judge.ts'
import { clinicMasks } from '#test/masking/masked-clinic.ts'
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

test('walk 89: identifiers are found, masks set, a masked copy made; in place it is refused, elsewhere nobody is found in it', async () => {
  const { systemId } = world.furnished
  await walk({ browser, url: world.url, name: 'masks' }, { as: personOf('admin') }, async (visitor) => {
    const { page } = visitor
    await visitor.open(`/systems/${systemId}`)
    await page.getByText('No masks are set', { exact: false }).waitFor()
    await page.getByRole('button', { name: 'Look for identifiers' }).click()
    const found = page.getByRole('table', { name: /^Identifiers in/ })
    await found
      .getByRole('row', { name: /clinic\.patient\.family_name/ })
      .getByText('as it is')
      .waitFor({ timeout: 2 * minutes })
    await visitor.look('masks-1-found')
    await page.getByRole('button', { name: /^Set the \d+ proposed masks/ }).click()
    await page.getByText(/columns of \d+ tables masked/).waitFor()

    // Somebody who knows the application corrects what was proposed: names of columns cannot tell everything.
    const { settings } = await world.admin.call(systems.details, { params: { id: systemId } })
    assert.ok(settings.masks!.columns.some(({ table, column }) => table === 'patient' && column === 'family_name'))
    const inClinic = settings.masks!.columns[0]!.database
    const columns = clinicMasks.masks.columns.map((one) => ({ ...one, ...(inClinic !== undefined && { database: inClinic }) }))
    const corrected = { ...settings, entities: clinicMasks.entities, masks: { columns } } as never
    await world.admin.call(systems.edit, { params: { id: systemId }, body: { settings: corrected } })
    await visitor.open(`/systems/${systemId}`)
    await page.getByRole('button', { name: 'Look for identifiers' }).click()
    await page.getByText(/constraints and keys hold/).waitFor({ timeout: 2 * minutes })
    await found
      .getByRole('row', { name: /clinic\.patient\.family_name/ })
      .getByText('masked', { exact: true })
      .waitFor()
    await visitor.look('masks-2-set')

    await visitor.open(`/backups/new?system=${systemId}`)
    await page.getByRole('radio', { name: /^Masked copy/ }).check()
    await page.getByText('never put in the place of its system', { exact: false }).waitFor()
    await visitor.look('masks-3-choice')
    await page.getByRole('button', { name: 'Skip the options' }).click()
    await page.getByText('The copy is pseudonymous, not anonymous').waitFor()
    await visitor.look('masks-4-review')
    await page.getByRole('button', { name: 'Start the backup' }).click()
    await page.getByText(/^Completed: everything is in it/).waitFor({ timeout: 2 * minutes })
    const run = new URL(page.url()).searchParams.get('run')!
    const id = (await world.admin.call(jobs.read, { params: { id: run } })).subjectId!

    await visitor.open(`/backups/${id}`)
    await page.getByText('Masked', { exact: true }).first().waitFor()
    const masked = page.getByRole('table', { name: /^Masked columns of/ })
    await masked
      .getByRole('row', { name: /clinic\.visit\.patient_id/ })
      .getByText(/linked with clinic\.patient\.id/)
      .waitFor()
    await visitor.look('masks-5-backup')
    const made = await world.admin.call(backups.details, { params: { id } })
    assert.equal(made.type, 'masked')

    await visitor.open(`/restore?backup=${id}`)
    await page.getByRole('button', { name: 'Go on with this backup' }).click()
    await page.getByText('It is masked, and never takes the place of its originals').waitFor()
    assert.equal(await page.getByRole('radio', { name: 'In place' }).count(), 0)
    // Whoever writes the address of the original is refused by the service.
    const url = page.getByLabel('URL of the database for clinic')
    const elsewhere = await url.inputValue()
    await url.fill(elsewhere.replace(/clinic_\d+/, 'clinic'))
    await page.getByRole('button', { name: 'Show what would happen' }).click()
    await page
      .getByText(/what is restored is masked, and/i)
      .first()
      .waitFor({ timeout: 2 * minutes })
    await page
      .getByText(/one of its own backups/)
      .first()
      .waitFor()
    await visitor.look('masks-6-refused')

    const admin = personOf('admin')
    await visitor.open(`/restore?backup=${id}`)
    await page.getByRole('button', { name: 'Go on with this backup' }).click()
    await url.fill(elsewhere.replace(/clinic_\d+/, 'clinic_masked'))
    await page.getByRole('button', { name: 'Show what would happen' }).click()
    await page.getByText('Nothing that exists now would be gone').waitFor({ timeout: 2 * minutes })
    await page.getByRole('button', { name: 'Go on to sign' }).click()
    await page.getByLabel('Reason').fill('a copy for research')
    await page.getByLabel('Type demo-clinic to confirm').fill('demo-clinic')
    await page.getByLabel('Your password').fill(admin.password)
    await page.getByLabel('Code of your authenticator').fill(await NextCode.of(admin.totpSecret!))
    await page.getByRole('button', { name: 'Sign and restore demo-clinic' }).click()
    await page.getByText('Result', { exact: true }).waitFor({ timeout: 4 * minutes })
    await visitor.look('masks-7-elsewhere')
  })
  assert.ok((await assertNobodyFound(world.cluster, 'clinic', 'clinic_masked')) > 100)
})
