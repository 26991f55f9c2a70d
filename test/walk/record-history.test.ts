import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { audit } from '#contract/audit.ts'
import { backups, type BackupType } from '#contract/backups.ts'
import { restores } from '#contract/restores.ts'
import { completed, type DemoPerson } from '#demo/furnish.ts'
import { clinicWorld, type ClinicWorld } from './clinic-world.ts'
import { NextCode } from './next-code.ts'
import { openBrowser, walk } from './visitor.ts'

let world: ClinicWorld
let browser: Browser
before(async () => {
  world = await clinicWorld(0.1)
  browser = await openBrowser()
  await lived()
})
after(async () => {
  await browser.close()
  await world[Symbol.asyncDispose]()
})

const minutes = 60_000
const personOf = (name: string) => world.furnished.people.find((one) => one.name === name)!
const ask = async (question: string) => (await world.cluster.psql('clinic', question)).trim()

/** What psql said of the patient while it was so. */
interface Life {
  readonly patient: string
  readonly name: string
  readonly observations: number
  readonly deletedIds: readonly string[]
  /** Of the patient as a row, after it was renamed. */
  readonly row: string
  readonly backups: { readonly whole: string; readonly renamed: string; readonly files: string; readonly gone: string }
}
let life: Life

async function backedUp(type: BackupType): Promise<string> {
  const { backupId, runId } = await world.admin.call(backups.create, { body: { systemId: world.furnished.systemId, type } })
  await completed(world.admin, runId)
  return backupId
}

/** Renamed, three observations deleted, and then gone, with a backup after each. */
async function lived(): Promise<void> {
  const patient = await ask('select subject_code from clinic.patient order by id limit 1')
  const own = `patient_id = (select id from clinic.patient where subject_code = '${patient}')`
  const name = await ask(`select family_name from clinic.patient where subject_code = '${patient}'`)
  const observations = Number(await ask(`select count(*) from clinic.observation where ${own}`))
  const deletedIds = (await ask(`select id from clinic.observation where ${own} order by id limit 3`)).split('\n')
  await ask(`update clinic.patient set family_name = 'Renamed by mistake' where subject_code = '${patient}'`)
  await ask(`delete from clinic.observation where id in (${deletedIds.join()})`)
  const row = await ask(`select p from clinic.patient p where subject_code = '${patient}'`)
  const renamed = await backedUp('database')
  const files = await backedUp('files')
  await deletePatient(patient)
  const gone = await backedUp('database')
  life = { patient, name, observations, deletedIds, row, backups: { whole: world.furnished.backupId, renamed, files, gone } }
}

/** Every row that names the patient, then the patient: by what the catalog of PostgreSQL says of keys. */
async function deletePatient(patient: string): Promise<void> {
  const id = `(select id from clinic.patient where subject_code = '${patient}')`
  const tables = (
    await ask("select conrelid::regclass from pg_constraint where confrelid = 'clinic.patient'::regclass and conparentid = 0")
  ).split('\n')
  const visits = (
    await ask("select conrelid::regclass from pg_constraint where confrelid = 'clinic.visit'::regclass and conparentid = 0")
  ).split('\n')
  await ask(
    [
      ...visits.map((table) => `delete from ${table} where visit_id in (select id from clinic.visit where patient_id = ${id})`),
      ...tables.filter((table) => table !== 'clinic.visit').map((table) => `delete from ${table} where patient_id = ${id}`),
      `delete from clinic.visit where patient_id = ${id}`,
      `delete from clinic.patient where subject_code = '${patient}'`,
    ].join(';'),
  )
}

async function pointOf(page: Page, backupId: string) {
  const { name } = await world.admin.call(backups.details, { params: { id: backupId } })
  return page.getByRole('region', { name: `Backup ${name}`, exact: true })
}

async function readHistory(page: Page): Promise<void> {
  await page.getByLabel('Key', { exact: true }).fill(life.patient)
  await page.getByRole('button', { name: 'Read its history' }).click()
  await page.getByRole('heading', { name: 'Backup by backup' }).waitFor({ timeout: minutes })
}

async function sign(page: Page, { password, totpSecret }: DemoPerson): Promise<void> {
  await page.getByLabel('Reason').fill('deleted by mistake')
  await page.getByLabel('Type demo-clinic to confirm').fill('demo-clinic')
  await page.getByLabel('Your password').fill(password)
  await page.getByLabel('Code of your authenticator').fill(await NextCode.of(totpSecret!))
}

test('walk 86: what became of a patient is read off a page as psql saw it happen; its key stands in no address and not in the trail', async () => {
  await walk({ browser, url: world.url, name: 'history' }, { as: personOf('omar') }, async (visitor) => {
    const { page } = visitor
    visitor.expect(/422/)
    await visitor.open(`/systems/${world.furnished.systemId}`)
    await page.getByRole('link', { name: 'History of one record' }).click()
    await page.getByLabel('Key', { exact: true }).fill('nobody at all')
    await page.getByRole('button', { name: 'Read its history' }).click()
    await page.getByText(/is a record of kind patient with that key/).waitFor({ timeout: minutes })
    await visitor.look('history-nobody')
    await readHistory(page)
    assert.ok(!page.url().includes(life.patient))

    await page.getByText('It is not in the newest backup', { exact: true }).waitFor()
    const oldest = await pointOf(page, life.backups.whole)
    await oldest.getByText('There already', { exact: true }).waitFor()
    await oldest.getByText(`clinic.observation: ${life.observations} there already`).waitFor()
    const renamed = await pointOf(page, life.backups.renamed)
    await renamed.locator('del', { hasText: life.name }).waitFor()
    await renamed.locator('ins', { hasText: 'Renamed by mistake' }).waitFor()
    await renamed.getByText(`clinic.observation: 3 gone; ${life.observations - 3} there`).waitFor()
    await renamed.getByRole('button', { name: 'The whole row as it was here' }).click()
    await renamed
      .getByRole('table', { name: /^The whole row/ })
      .getByText(life.patient, { exact: true })
      .waitFor()
    const gone = await pointOf(page, life.backups.gone)
    await gone.getByText('Gone', { exact: true }).waitFor()
    assert.equal(await gone.getByRole('link', { name: 'Bring back as it was here' }).count(), 0)
    const { name: files } = await world.admin.call(backups.details, { params: { id: life.backups.files } })
    await page.getByRole('table', { name: 'Backups that were left out' }).getByText(files).waitFor()
    await visitor.look('history')

    await page
      .getByRole('row', { name: /clinic\.observation/ })
      .getByRole('button', { name: 'Show its rows' })
      .click()
    const rows = page.getByRole('region', { name: 'Rows of clinic.observation' })
    await rows.waitFor({ timeout: minutes })
    // By their numbers they come first: gone one backup earlier than all others.
    for (const id of life.deletedIds)
      await rows
        .getByRole('region', { name: `id ${id}`, exact: true })
        .getByText('Gone')
        .waitFor()
    await page.getByRole('combobox', { name: 'Now' }).click()
    await page.getByRole('option').nth(1).click()
    const both = page.getByRole('region', { name: /^Differs: clinic\.patient/ })
    await both.locator('del', { hasText: life.name }).waitFor()
    await page
      .getByRole('region', { name: /^Only then: clinic\.observation/ })
      .nth(2)
      .waitFor()
    assert.equal(await page.getByRole('region', { name: /^Only then: clinic\.observation/ }).count(), 3)
    await visitor.look('history-rows')
    await visitor.print('history')
  })
  const { rows } = await world.admin.call(audit.list, { query: { pageSize: 200 } })
  assert.ok(rows.some(({ action }) => action === 'systems.history'))
  assert.ok(!JSON.stringify(rows).includes(life.patient))
})

test('walk 86: who may not download backups is told so, and sees no record', async () => {
  for (const name of ['adam', 'vera'])
    await walk({ browser, url: world.url, name: `history-${name}` }, { as: personOf(name) }, async (visitor) => {
      const { page } = visitor
      await visitor.open(`/systems/${world.furnished.systemId}`)
      await page.getByRole('heading', { name: 'Single records' }).waitFor()
      assert.equal(await page.getByRole('link', { name: 'History of one record' }).count(), 0)
      await visitor.open(`/systems/${world.furnished.systemId}/history`)
      await page.getByRole('heading', { name: 'Not for your role' }).waitFor()
      if (name === 'vera') await visitor.look('history-denied')
    })
})

test('walk 87: from the last point that has it a patient is brought back as it was there, by its key handed over in memory alone', async () => {
  const admin = personOf('admin')
  await walk({ browser, url: world.url, name: 'history-restore' }, { as: admin }, async (visitor) => {
    const { page } = visitor
    await visitor.open(`/systems/${world.furnished.systemId}/history`)
    await readHistory(page)
    const renamed = await pointOf(page, life.backups.renamed)
    await renamed.getByRole('link', { name: 'Bring back as it was here' }).click()
    await page.waitForURL(/\/restore\?/)
    await page.getByRole('radio', { name: 'Single records', checked: true }).waitFor()
    assert.equal(await page.getByLabel('Key', { exact: true }).inputValue(), life.patient)
    assert.equal(new URL(page.url()).searchParams.get('backup'), life.backups.renamed)
    assert.ok(!page.url().includes(life.patient))
    await visitor.look('history-handed')
    await page.getByRole('button', { name: 'Show what would happen' }).click()
    await page.getByRole('heading', { name: 'Table by table' }).waitFor({ timeout: 3 * minutes })
    const planId = new URL(page.url()).searchParams.get('plan')!
    const plan = await world.admin.call(restores.plan, { params: { id: planId } })
    const observations = plan.records!.tables.find(({ table }) => table === 'observation')
    assert.equal(observations!.inserts, life.observations - 3)
    await page.getByRole('button', { name: 'Go on to sign' }).click()
    await sign(page, admin)
    await page.getByRole('button', { name: 'Sign and write them back' }).click()
    await page.getByText('It can be undone', { exact: true }).waitFor({ timeout: 2 * minutes })
    assert.equal(await ask(`select p from clinic.patient p where subject_code = '${life.patient}'`), life.row)

    // Loaded again, the page knows nobody.
    await page.goto(`${world.url}/systems/${world.furnished.systemId}/history`)
    assert.equal(await page.getByLabel('Key', { exact: true }).inputValue(), '')
  })
})
