import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { restores } from '#contract/restores.ts'
import { signatures } from '#contract/signatures.ts'
import type { DemoPerson } from '#demo/furnish.ts'
import { databaseFingerprint, treeFingerprint } from '#demo/judge.ts'
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

const minutes = 60_000
const system = 'demo-clinic'
const personOf = (name: string) => world.furnished.people.find((one) => one.name === name)!
const ask = async (question: string) => (await world.cluster.psql('clinic', question)).trim()

/** By pg_dump, find and sha256sum: none of them is ours. */
async function seen(): Promise<{ readonly database: string; readonly files: string }> {
  const { socketDirectory, user } = world.cluster
  return { database: await databaseFingerprint(socketDirectory, user, 'clinic'), files: await treeFingerprint(world.filesRoot) }
}

async function sign(page: Page, { password, totpSecret }: DemoPerson, reason: string): Promise<void> {
  await page.getByLabel('Reason').fill(reason)
  await page.getByLabel(`Type ${system} to confirm`).fill(system)
  await page.getByLabel('Your password').fill(password)
  await page.getByLabel('Code of your authenticator').fill(await NextCode.of(totpSecret!))
}

test('walk 80: one patient is compared field by field, brought back, equal by programs that are not ours, and undone', async () => {
  const admin = personOf('admin')
  const patient = await ask(
    'select subject_code from clinic.patient p order by (select count(*) from clinic.observation o where o.patient_id = p.id) desc, id limit 1',
  )
  const other = await ask(`select subject_code from clinic.patient where subject_code <> '${patient}' order by id limit 1`)
  // Somebody else's row is written to as well, and stays as it is written.
  await ask(`update clinic.patient set family_name = 'Somebody' where subject_code = '${other}'`)
  const whole = await seen()
  const deleted = await ask(
    `with gone as (delete from clinic.observation where patient_id = (select id from clinic.patient where subject_code = '${patient}') returning 1)
     select count(*) from gone`,
  )
  await ask(`update clinic.patient set family_name = 'Wrongly' where subject_code = '${patient}'`)
  const damaged = await seen()
  assert.notEqual(damaged.database, whole.database)
  await walk({ browser, url: world.url, name: 'records' }, { as: admin }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/restore')
    await page.getByRole('button', { name: 'Go on with this backup' }).click()
    await page.getByRole('radio', { name: 'Single records' }).check()
    await page.getByLabel('Key', { exact: true }).fill('nobody at all')
    await page.getByRole('button', { name: 'Look for it in what is live' }).click()
    await page.getByText('Not in the live database').waitFor({ timeout: minutes })
    await page.getByLabel('Key', { exact: true }).fill(patient)
    await page.getByRole('button', { name: 'Look for it in what is live' }).click()
    await page.getByText(/It is there: \d+ rows? of \d+ tables?/).waitFor({ timeout: minutes })
    await visitor.look('records-1-scope')
    await page.getByRole('button', { name: 'Show what would happen' }).click()

    await page.getByRole('heading', { name: 'Table by table' }).waitFor({ timeout: 3 * minutes })
    const tables = page.getByRole('row', { name: /clinic\.observation/ })
    await tables.getByText(Number(deleted).toLocaleString('en-GB'), { exact: true }).waitFor()
    await page.getByText(patient, { exact: true }).waitFor()
    await page.getByRole('combobox', { name: 'Table' }).click()
    await page.getByRole('option', { name: /clinic\.patient \(1 row\)/ }).click()
    const row = page.getByRole('region', { name: /Changed back/ })
    await row.locator('del', { hasText: 'Wrongly' }).waitFor()
    await visitor.look('records-2-comparison')
    const planId = new URL(page.url()).searchParams.get('plan')!
    assert.ok(!page.url().includes(patient))
    assert.deepEqual(await seen(), damaged, 'to compare changes nothing')

    await page.getByRole('radio', { name: 'As they are' }).check()
    await page.getByRole('button', { name: 'Compare anew with these choices' }).click()
    await page.waitForURL((url) => url.searchParams.get('plan') !== planId)
    await page.getByRole('heading', { name: 'Table by table' }).waitFor({ timeout: 3 * minutes })
    assert.ok(await page.getByRole('radio', { name: 'As they are' }).isChecked())
    await page.goBack()
    await page.waitForURL((url) => url.searchParams.get('plan') === planId)

    await page.getByRole('button', { name: 'Go on to sign' }).click()
    const submit = page.getByRole('button', { name: 'Sign and write them back' })
    await submit.waitFor()
    assert.ok(await submit.isDisabled())
    await sign(page, admin, 'observations were deleted by mistake')
    await visitor.look('records-3-sign')
    await submit.click()
    await page.getByText('It can be undone', { exact: true }).waitFor({ timeout: 2 * minutes })
    await visitor.look('records-4-done')

    assert.deepEqual(await seen(), whole, 'the patient is back, and nothing else was touched')
    const done = await world.admin.call(restores.details, { params: { id: planId } })
    assert.deepEqual([done.extent, done.status], ['records', 'completed'])
    assert.equal(done.validationResults.records!.rows, Number(deleted) + 1)
    const signed = await world.admin.call(signatures.list, { query: { subjectId: planId } })
    assert.deepEqual(
      signed.rows.map(({ userName, meaning }) => [userName, meaning]),
      [['admin', 'I order that one record (patient) of demo-clinic be written back as planned']],
    )

    await page.getByRole('button', { name: 'Undo restore' }).click()
    const dialog = page.getByRole('dialog')
    await sign(page, admin, 'the wrong patient')
    await visitor.look('records-5-undo')
    await dialog.getByRole('button', { name: 'Sign and undo the restore' }).click()
    await page.getByRole('heading', { name: `Undo of records of ${system}` }).waitFor({ timeout: minutes })
    await page.getByText('The rows that the restore wrote are as they were before it.').waitFor({ timeout: 2 * minutes })
    assert.deepEqual(await seen(), damaged, 'undone to exactly what was before')
    await visitor.open('/restores')
    await page.getByRole('table', { name: 'Restores' }).getByText('Restore of records').waitFor()
    await visitor.look('records-6-history')
  })
})

test('walk 81: who looks into nothing sees the numbers, and neither whose they were nor the rows', async () => {
  const { rows } = await world.admin.call(restores.history, { query: { extent: 'records' } })
  const { planId } = rows.find(({ kind }) => kind === 'restore')!
  await walk({ browser, url: world.url, name: 'records-auditor' }, { as: personOf('adam') }, async (visitor) => {
    const { page } = visitor
    await visitor.open(`/restore/plans/${planId}`)
    await page.getByText('Your role does not show whose they are.').waitFor()
    await page.getByRole('row', { name: /clinic\.observation/ }).waitFor()
    assert.equal(await page.getByRole('heading', { name: 'Row by row' }).count(), 0)
    await visitor.look('records-as-auditor')
  })
})

test('walk 82: the page of a system says what a record of it is, and what nothing covers', async () => {
  await walk({ browser, url: world.url, name: 'records-model' }, { as: personOf('omar') }, async (visitor) => {
    const { page } = visitor
    await visitor.open(`/systems/${world.furnished.systemId}`)
    await page.getByRole('button', { name: 'Look at the database' }).click()
    await page.getByText(/a row of clinic\.patient, known by its/).waitFor({ timeout: minutes })
    await page.getByText(/Not covered, or slow/).waitFor()
    await visitor.look('records-model')
  })
})
