import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { defaultSettings } from '#base/settings.ts'
import { audit } from '#contract/audit.ts'
import { backups } from '#contract/backups.ts'
import { health } from '#contract/health.ts'
import { jobs } from '#contract/jobs.ts'
import { restores } from '#contract/restores.ts'
import { systems } from '#contract/systems.ts'
import type { DemoPerson } from '#demo/furnish.ts'
import { clinicWorld, type ClinicWorld } from './clinic-world.ts'
import { NextCode } from './next-code.ts'
import { openBrowser, walk } from './visitor.ts'

let world: ClinicWorld
let browser: Browser
before(async () => {
  world = await clinicWorld(0.1)
  browser = await openBrowser()
  const fileReferences = [{ database: 'clinic', schema: 'clinic', table: 'document', column: 'path', root: 'documents', prefix: '' }]
  const settings = {
    ...defaultSettings,
    fileReferences,
    dataTypes: { wards: [{ schema: 'clinic', table: 'site' }] },
    timeColumns: [{ schema: 'clinic', table: 'visit', column: 'began_at' }],
  }
  await world.admin.call(systems.edit, { params: { id: world.furnished.systemId }, body: { settings } })
})
after(async () => {
  await browser.close()
  await world[Symbol.asyncDispose]()
})

const minutes = 60_000
const personOf = (name: string) => world.furnished.people.find((one) => one.name === name)!
const ask = async (question: string, database = 'clinic') => (await world.cluster.psql(database, question)).trim()

let backupId = ''
let patient = ''

async function sign(page: Page, { password, totpSecret }: DemoPerson): Promise<void> {
  await page.getByLabel('Reason').fill('for the study')
  await page.getByLabel('Type demo-clinic to confirm').fill('demo-clinic')
  await page.getByLabel('Your password').fill(password)
  await page.getByLabel('Code of your authenticator').fill(await NextCode.of(totpSecret!))
}

test('walk 88: an operator backs up one patient and a table; the manifest says what it holds, and nothing counts it as protection', async () => {
  patient = await ask('select p.subject_code from clinic.patient p join clinic.document d on d.patient_id = p.id order by p.id limit 1')
  const { systemId } = world.furnished
  const before = await world.admin.call(health.system, { params: { id: systemId } })
  await walk({ browser, url: world.url, name: 'selective' }, { as: personOf('omar') }, async (visitor) => {
    const { page } = visitor
    await visitor.open(`/backups/new?system=${systemId}`)
    await page.getByRole('radio', { name: /^Some of it/ }).click()
    await page.getByRole('button', { name: 'Next: options' }).click()
    await page
      .getByRole('alert')
      .getByText(/nothing is selected yet/)
      .waitFor()
    await visitor.look('selective-nothing')
    await page.getByLabel('Key', { exact: true }).fill(patient)
    await page.getByRole('button', { name: 'Look for it in what is live' }).click()
    await page.getByText(/It is there: \d+ rows? of \d+ tables?/).waitFor({ timeout: minutes })
    await page.getByRole('button', { name: /^Tables/ }).click()
    await page.getByLabel('Find a table').fill('staff')
    await page.getByRole('table', { name: 'Tables of the system' }).getByLabel('clinic.staff').check({ timeout: minutes })
    await page.getByRole('button', { name: /^Data types/ }).click()
    await page.getByLabel('wards').check()
    await page.getByRole('button', { name: /^Time/ }).click()
    await page.getByText(/clinic\.visit \(began_at\)/).waitFor()
    await visitor.look('selective-what')
    await page.getByRole('button', { name: 'Skip the options' }).click()
    for (const said of [`patient ${patient}`, 'clinic.staff', 'wards']) await page.getByText(said, { exact: true }).waitFor()
    await page.getByText('It is partial: the system cannot come back from it').waitFor()
    await visitor.look('selective-review')
    await page.getByRole('button', { name: 'Start the backup' }).click()
    await page.waitForURL(/[?&]run=/)
    assert.ok(!page.url().includes(patient))
    await page.getByText('Completed: everything that was selected is in it, counted and hashed').waitFor({ timeout: 90_000 })
    await page.getByRole('button', { name: 'Show whose records they are' }).click()
    await page.getByRole('table', { name: 'Records of the backup' }).getByText(patient, { exact: true }).waitFor({ timeout: minutes })
    await visitor.look('selective-completed')
    const run = await world.admin.call(jobs.read, { params: { id: new URL(page.url()).searchParams.get('run')! } })
    backupId = run.subjectId!
  })
  const made = await world.admin.call(backups.details, { params: { id: backupId } })
  const { selection } = made.manifest!
  assert.deepEqual([made.type, made.status], ['entity', 'completed'])
  assert.deepEqual(
    [selection!.kinds, selection!.tables, selection!.dataTypes],
    [[{ kind: 'patient', count: 1 }], [{ schema: 'clinic', table: 'staff' }], ['wards']],
  )
  const now = await world.admin.call(health.system, { params: { id: systemId } })
  assert.equal(now.lastBackup?.id, before.lastBackup?.id, 'it protects nothing')
  const { rows } = await world.admin.call(audit.list, { query: { pageSize: 200 } })
  assert.ok(!JSON.stringify(rows).includes(patient))
})

test('walk 88: a viewer sees that it is partial, and not whose records it holds', async () => {
  await walk({ browser, url: world.url, name: 'selective-viewer' }, { as: personOf('vera') }, async (visitor) => {
    const { page } = visitor
    await visitor.open(`/backups/${backupId}`)
    await page.getByText('It is partial: it holds what was selected of its system').waitFor()
    await page.getByText('Your role does not show whose records they are.').waitFor()
    assert.ok(!(await page.getByRole('main').innerText()).includes(patient))
    await visitor.look('selective-viewer')
  })
})

test('walk 88: it is refused where its system is, and elsewhere it is the patient, the table and the files by psql and byte by byte', async () => {
  const admin = personOf('admin')
  const elsewhere = path.join(world.here.directory, 'files of one patient')
  const live = world.cluster.url('clinic')
  await walk({ browser, url: world.url, name: 'selective-restore' }, { as: admin }, async (visitor) => {
    const { page } = visitor
    await visitor.open(`/restore?backup=${backupId}&step=scope`)
    await page.getByText('It holds some of its system, and never takes its place').waitFor()
    assert.equal(await page.getByRole('radio', { name: 'In place' }).count(), 0)
    await visitor.look('selective-restore-where')
    const url = page.getByLabel('URL of the database for clinic')
    await page.getByLabel('Directory for the files documents').fill(elsewhere)
    await url.fill(live)
    await page.getByRole('button', { name: 'Show what would happen' }).click()
    await page
      .getByText(/holds a selection and would take the place of/)
      .first()
      .waitFor({ timeout: 2 * minutes })
    await visitor.look('selective-restore-refused')
    await visitor.open(`/restore?backup=${backupId}&step=scope`)
    await url.fill(live.replace('/clinic', '/one_patient'))
    await page.getByLabel('Directory for the files documents').fill(elsewhere)
    await page.getByRole('button', { name: 'Show what would happen' }).click()
    await page.getByRole('button', { name: 'Go on to sign' }).click({ timeout: 2 * minutes })
    const planId = new URL(page.url()).searchParams.get('plan')!
    await sign(page, admin)
    await page.getByRole('button', { name: 'Sign and restore demo-clinic' }).click()
    await page.getByText('Result', { exact: true }).waitFor({ timeout: 4 * minutes })
    assert.equal((await world.admin.call(restores.details, { params: { id: planId } })).status, 'completed')
  })
  const own = `patient_id in (select id from clinic.patient where subject_code = '${patient}')`
  const questions = [
    `select p from clinic.patient p where subject_code = '${patient}'`,
    `select count(*), md5(string_agg(o::text, ',' order by o.id)) from clinic.observation o where ${own}`,
    `select count(*), md5(string_agg(v::text, ',' order by v.id)) from clinic.visit v where ${own}`,
    "select count(*), md5(string_agg(s::text, ',' order by s.id)) from clinic.staff s",
    "select count(*), md5(string_agg(s::text, ',' order by s.id)) from clinic.site s",
  ]
  for (const question of questions) assert.equal(await ask(question, 'one_patient'), await ask(question), question)
  assert.equal(await ask('select count(*) from clinic.patient', 'one_patient'), '1')
  for (const file of (await ask(`select path from clinic.document where ${own}`)).split('\n'))
    assert.deepEqual(await readFile(path.join(elsewhere, file)), await readFile(path.join(world.filesRoot, file)), file)
})
