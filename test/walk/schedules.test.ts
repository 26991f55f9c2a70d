import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { schedules } from '#contract/schedules.ts'
import { systems } from '#contract/systems.ts'
import { clinicWorld, type ClinicWorld } from './clinic-world.ts'
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

const operator = () => world.furnished.people.find(({ role }) => role === 'BACKUP_OPERATOR')!

async function choose(page: Page, label: string, option: string): Promise<void> {
  await page.getByRole('dialog').getByRole('combobox', { name: label, exact: true }).click()
  await page.getByRole('option', { name: option, exact: true }).click()
}

async function known(name: string) {
  const { rows } = await world.admin.call(schedules.list, { query: { pageSize: 200 } })
  return rows.find((one) => one.name === name)
}

test('walk 55: a schedule is built in words, with the next five runs that the service says, then changed and switched off', async () => {
  await walk({ browser, url: world.url, name: 'schedule' }, { as: operator() }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/schedules')
    await page.getByRole('table', { name: 'Schedules' }).waitFor()
    await visitor.look('schedules')
    await page.getByRole('button', { name: 'New schedule' }).click()
    const drawer = page.getByRole('dialog')
    await drawer.getByLabel('Name').fill('mornings')
    await choose(page, 'How often', 'On days of the week')
    await drawer.getByText('Mon', { exact: false }).first().click()
    await drawer.getByLabel('At', { exact: true }).fill('05:45')
    const when = { cronExpression: '45 5 * * 0,1', timeZone: 'Europe/Berlin' }
    const asked = await world.admin.call(schedules.preview, { body: when })
    const preview = drawer.getByRole('region', { name: 'Preview' })
    await preview.getByText(asked.words, { exact: true }).waitFor()
    const shown = await preview.getByRole('list', { name: 'Next runs' }).locator('strong').allInnerTexts()
    assert.deepEqual(
      shown,
      asked.nextRuns.map(({ local }) => local),
    )
    await drawer.getByLabel('Keep its backups at least, in days').fill('30')
    await drawer.getByRole('button', { name: 'See what would go' }).click()
    await drawer.getByText(/With these days 0 backups of \d+ would go now/).waitFor()
    await visitor.look('schedule-editor')
    await drawer.getByRole('button', { name: 'Make the schedule' }).click()
    const row = page.getByRole('table', { name: 'Schedules' }).getByRole('row').filter({ hasText: 'mornings' })
    await row.getByText(asked.words, { exact: false }).waitFor()
    const made = (await known('mornings'))!
    assert.deepEqual([made.cronExpression, made.timeZone, made.retentionDays], [when.cronExpression, when.timeZone, 30])
    assert.equal(made.nextRunAt, asked.nextRuns[0]!.at)
    await row.getByText(`${asked.nextRuns[0]!.local.slice(11)} in Europe/Berlin`).waitFor()

    await row.getByRole('button', { name: 'Change mornings' }).click()
    await choose(page, 'How often', 'Every few hours')
    await choose(page, 'Every', '6 hours')
    await drawer.getByRole('button', { name: 'Save the schedule' }).click()
    await drawer.waitFor({ state: 'detached' })
    assert.equal((await known('mornings'))!.cronExpression, '0 */6 * * *')

    await row.getByRole('switch').press('Space')
    await page.getByRole('dialog').getByRole('button', { name: 'Switch it off' }).waitFor()
    await visitor.look('schedule-off')
    await page.getByRole('dialog').getByRole('button', { name: 'Switch it off' }).click()
    await row.getByText('none while it is off').waitFor()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    assert.equal((await known('mornings'))!.isActive, false)
    await row.getByRole('switch').press('Space')
    await row.getByText('On', { exact: true }).waitFor()
    assert.equal((await known('mornings'))!.isActive, true)

    await row.getByRole('link', { name: 'mornings' }).click()
    await page.getByRole('heading', { name: 'mornings', level: 1 }).waitFor()
    await page.getByText(/takes 4 backups/).waitFor()
    await visitor.look('schedule')
    await page.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).waitFor()
    await visitor.look('schedule-remove')
    await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).click()
    await page.waitForURL(/\/schedules$/)
    assert.equal(await known('mornings'), undefined)
  })
})

test('walk 56: a system without a schedule is named, and has the usual ones at one click', async () => {
  const { id } = await world.admin.call(systems.register, {
    body: {
      name: 'documents',
      title: 'Documents',
      repositoryId: world.furnished.repositoryId,
      roots: [{ name: 'documents', path: world.filesRoot }],
    },
  })
  await walk({ browser, url: world.url, name: 'defaults' }, { as: operator() }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/schedules')
    await page.getByText('1 system of 2 without a schedule that is switched on').waitFor()
    await visitor.look('schedules-missing')
    await page.getByRole('button', { name: 'Make the usual schedules: Documents' }).click()
    await page.getByText('1 system of 2 without a schedule that is switched on').waitFor({ state: 'detached' })
    const { rows } = await world.admin.call(schedules.list, { query: { systemId: id } })
    assert.ok(rows.length > 0 && rows.every(({ timeZone, isActive }) => timeZone === 'Europe/Berlin' && isActive))
    for (const { name } of rows) await page.getByRole('table', { name: 'Schedules' }).getByRole('link', { name }).waitFor()
  })
})
