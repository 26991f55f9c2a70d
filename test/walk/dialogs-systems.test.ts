import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import type { Browser } from 'playwright-core'
import { defaultSettings } from '#base/settings.ts'
import { backups } from '#contract/backups.ts'
import { jobs } from '#contract/jobs.ts'
import { systems } from '#contract/systems.ts'
import { completed } from '#demo/furnish.ts'
import { within } from '#service/catalog/scope.ts'
import { clinicWorld, type ClinicWorld } from './clinic-world.ts'
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

const admin = () => world.furnished.people[0]!

async function backedUp(): Promise<string> {
  const { backupId, runId } = await world.admin.call(backups.create, { body: { systemId: world.furnished.systemId, type: 'database' } })
  await completed(world.admin, runId)
  return backupId
}

/** As if so many like it had been made on the days before it. */
async function pretendPast(id: string, days: number): Promise<void> {
  await world.here.service.house.catalog.as(within(world.furnished.tenantId), (tx) =>
    sql`insert into backups select (jsonb_populate_record(b, jsonb_build_object('id', gen_random_uuid(), 'name', b.name || ' ' || day,
      'created_at', b.created_at - day * interval '1 day'))).* from backups b, generate_series(1, ${sql.lit(days)}) day where b.id = ${id}`.execute(
      tx,
    ),
  )
}

test('walk 66: a backup that is unlike those before it is judged, with a reason', async () => {
  await pretendPast(await backedUp(), 8)
  await world.cluster.psql('clinic', 'delete from clinic.observation where id % 10 <> 0')
  const [odd, odder] = [await backedUp(), await backedUp()]
  const verdictOn = async (id: string) => (await world.admin.call(backups.details, { params: { id } })).anomaly?.verdict
  assert.deepEqual([await verdictOn(odd), await verdictOn(odder)], [null, null])
  await walk({ browser, url: world.url, name: 'anomaly' }, { as: admin() }, async (visitor) => {
    const { page } = visitor
    const dialog = page.getByRole('dialog')
    await visitor.open(`/backups/${odd}`)
    await page.getByText('Unlike those before it: it is no good backup').waitFor()
    await visitor.look('anomaly')
    await page.getByRole('button', { name: 'It is wrong: reject' }).click()
    await dialog.getByLabel('Reason').fill('a script went wrong')
    await visitor.look('anomaly-reject')
    await dialog.getByRole('button', { name: 'Reject it' }).click()
    await page.getByText('Unlike those before it, and rejected').waitFor()
    await visitor.open(`/backups/${odder}`)
    await page.getByRole('button', { name: 'It is right: accept' }).click()
    await dialog.getByLabel('Reason').fill('old observations were archived')
    await visitor.look('anomaly-accept')
    await dialog.getByRole('button', { name: 'Accept it' }).click()
    await page.getByText('Unlike those before it, and accepted').waitFor()
  })
  assert.deepEqual([await verdictOn(odd), await verdictOn(odder)], ['rejected', 'accepted'])
})

test('walk 67: questions, rows that name files and what happens around a backup are written down for a system', async () => {
  const { systemId: id } = world.furnished
  await walk({ browser, url: world.url, name: 'system-settings' }, { as: admin() }, async (visitor) => {
    const { page } = visitor
    await visitor.open(`/systems/${id}`)
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('button', { name: /^Questions asked of every restored copy/ }).click()
    await page.getByRole('button', { name: 'Add a question by tables and columns' }).click()
    const question = page.getByRole('group', { name: 'Question 1' })
    await question.getByLabel('Schema').fill('clinic')
    await question.getByLabel('Table').fill('patient')
    await page.getByRole('button', { name: 'Add a query of your own' }).click()
    const query = page.getByRole('group', { name: 'Query 1' })
    await query.getByRole('textbox', { name: 'What must hold' }).fill('nobody is born in the future')
    await query.getByRole('textbox', { name: 'Query' }).fill('select not exists (select from clinic.patient where birth_date > now())')
    await visitor.look('system-questions')
    await page.getByRole('button', { name: /^Rows that name files/ }).click()
    await page.getByRole('button', { name: 'Add a column' }).click()
    await visitor.look('system-references')
    const reference = page.getByRole('group', { name: 'Reference 1' })
    await reference.getByLabel('Schema').fill('clinic')
    await reference.getByLabel('Table').fill('document')
    await reference.getByLabel('Column').fill('path')
    await page.getByRole('button', { name: /^What happens around a backup and a restore/ }).click()
    await page.getByRole('combobox', { name: 'Before a backup' }).click()
    await page.getByRole('option', { name: 'A program is run' }).click()
    await page.getByLabel('Program (before a backup)').fill('/bin/sh\n-c\ntrue')
    await page.getByRole('combobox', { name: 'After a backup' }).click()
    await page.getByRole('option', { name: 'An address is called' }).click()
    await page.getByLabel('Address (after a backup)').fill('nowhere')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('alert').first().waitFor()
    await visitor.look('system-hooks')
    await page.getByLabel('Address (after a backup)').fill('http://127.0.0.1:9/done')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'Clinical records', exact: true }).waitFor()
    await visitor.look('system-with-settings')
  })
  const { settings } = await world.admin.call(systems.details, { params: { id } })
  assert.deepEqual(settings.readyAssertions, [{ kind: 'count', schema: 'clinic', table: 'patient', atLeast: 1 }])
  assert.deepEqual(
    [settings.assertions.map(({ name }) => name), settings.fileReferences.map(({ table, column }) => `${table}.${column}`)],
    [['nobody is born in the future'], ['document.path']],
  )
  assert.deepEqual(Object.keys(settings.hooks), ['beforeBackup', 'afterBackup'])
})

test('walk 68: a job that runs is cancelled, and leaves no backup', async () => {
  const gate = path.join(world.here.directory, 'gate')
  const hooks = { beforeBackup: { command: ['/bin/sh', '-c', `until [ -e '${gate}' ]; do sleep 0.1; done`], timeoutMs: 300_000 } }
  await world.admin.call(systems.edit, { params: { id: world.furnished.systemId }, body: { settings: { ...defaultSettings, hooks } } })
  const { runId } = await world.admin.call(backups.create, { body: { systemId: world.furnished.systemId, type: 'database' } })
  await walk({ browser, url: world.url, name: 'job-cancel' }, { as: admin() }, async (visitor) => {
    const { page } = visitor
    await visitor.open(`/jobs/${runId}`)
    await page.getByText('Running', { exact: true }).first().waitFor({ timeout: 30_000 })
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel it' }).waitFor()
    await visitor.look('job-cancel')
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel it' }).click()
    await writeFile(gate, '')
    await page.getByText('Cancelled', { exact: true }).first().waitFor({ timeout: 60_000 })
    await visitor.look('job-cancelled')
  })
  assert.equal((await world.admin.call(jobs.read, { params: { id: runId } })).status, 'cancelled')
})
