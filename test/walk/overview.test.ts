import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import type { Browser, Page } from 'playwright-core'
import { systemClock } from '#base/clock.ts'
import { alerts } from '#contract/alerts.ts'
import { backups } from '#contract/backups.ts'
import { health } from '#contract/health.ts'
import { clientOf } from '#contract/client.ts'
import { jobs } from '#contract/jobs.ts'
import { people } from '#contract/people.ts'
import { systems } from '#contract/systems.ts'
import { tenants } from '#contract/tenants.ts'
import { everything } from '#service/catalog/scope.ts'
import { completed } from '#demo/furnish.ts'
import { clinicWorld, type ClinicWorld } from './clinic-world.ts'
import { openBrowser, walk } from './visitor.ts'

let world: ClinicWorld
let browser: Browser
/** A system whose files are not there yet. */
let laboratory: string
let scans: string
before(async () => {
  world = await clinicWorld()
  browser = await openBrowser()
  scans = path.join(world.here.directory, 'scans')
  const { id } = await world.admin.call(systems.register, {
    body: {
      name: 'lab-archive',
      title: 'Laboratory archive',
      repositoryId: world.furnished.repositoryId,
      roots: [{ name: 'scans', path: scans }],
    },
  })
  laboratory = id
})
after(async () => {
  await browser.close()
  await world[Symbol.asyncDispose]()
})

const person = (role: string) => world.furnished.people.find((one) => one.role === role)!

async function ended(runId: string): Promise<string> {
  for (;;) {
    const { status } = await world.admin.call(jobs.read, { params: { id: runId } })
    if (status !== 'pending' && status !== 'in_progress') return status
    await systemClock.sleep(100)
  }
}

/** What stands below is fetched when somebody comes to it. */
const goDownTo = (page: Page, heading: string) => page.getByRole('heading', { name: heading }).scrollIntoViewIfNeeded()

/** Gone with the page: whoever finds it there knows that the page was not loaded again. */
const mark = (page: Page) => page.evaluate('window.notLoadedAgain = true')
const isMarked = (page: Page) => page.evaluate('window.notLoadedAgain === true')

test('walk 50: the overview says what is protected and why something is not, and a new backup appears by itself', async () => {
  const failed = await world.admin.call(backups.create, { body: { systemId: laboratory, type: 'files' } })
  assert.equal(await ended(failed.runId), 'failed')
  await walk({ browser, url: world.url, name: 'overview' }, { as: person('BACKUP_OPERATOR') }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/')
    await page.getByRole('heading', { name: 'Can we recover today? Not everything.' }).waitFor()
    const clinic = page.getByRole('article', { name: 'Clinical records' })
    const lab = page.getByRole('article', { name: 'Laboratory archive' })
    await clinic.getByText('Protected', { exact: true }).waitFor()
    await lab.getByText('Unprotected', { exact: true }).waitFor()
    const { rows } = await world.admin.call(health.systems, { query: {} })
    assert.deepEqual(
      rows.map(({ title, state }) => [title, state]),
      [
        ['Clinical records', 'protected'],
        ['Laboratory archive', 'unprotected'],
      ],
    )
    // Every reason that the service gives stands there, with what to do.
    for (const { fact, hint } of rows[1]!.reasons) {
      assert.match((await lab.innerText()).toLowerCase(), new RegExp(fact.toLowerCase().replaceAll(/[^a-z0-9 ]/g, '.')))
      assert.ok((await lab.innerText()).includes(hint))
    }
    await lab.getByRole('button', { name: 'Back up now: Laboratory archive' }).waitFor()
    await visitor.look('overview')
    await goDownTo(page, 'The last 12 months')
    await page.getByRole('table', { name: 'Outcomes of backups by day' }).waitFor()
    await goDownTo(page, 'Storage')
    await page
      .getByText('The same as a table')
      .or(page.getByText(/^Not measured yet|^What is stored is drawn/))
      .first()
      .waitFor()
    await visitor.look('overview-below')
    await goDownTo(page, 'Recent backups')
    await mark(page)
    const name = 'made while somebody looks'
    const made = await world.admin.call(backups.create, { body: { systemId: world.furnished.systemId, type: 'database', name } })
    const row = page.getByRole('table', { name: 'Recent backups' }).getByRole('row').filter({ hasText: name })
    await row.waitFor()
    await completed(world.admin, made.runId)
    await row.getByText('Completed', { exact: true }).waitFor()
    assert.ok(await isMarked(page))
    await row.getByRole('button', { name: `Verify ${name}` }).click()
    await row.getByText('Verified', { exact: true }).waitFor({ timeout: 60_000 })
    assert.equal((await world.admin.call(backups.details, { params: { id: made.backupId } })).standing, 'intact')
  })
})

test('walk 51: the calendar counts as the catalog does, is used with the keyboard, and a day leads to its list', async () => {
  await walk({ browser, url: world.url, name: 'calendar' }, { as: person('VIEWER') }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/')
    await goDownTo(page, 'The last 12 months')
    const table = page.getByRole('table', { name: 'Outcomes of backups by day' })
    await table.waitFor()
    const { rows } = await world.here.service.house.catalog.as(everything, (tx) =>
      sql<{ status: string; count: number }>`
        select status, count(*)::int as count from backups
        where (created_at at time zone 'Europe/Berlin')::date = (now() at time zone 'Europe/Berlin')::date group by status`.execute(tx),
    )
    const count = (status: string) => rows.find((one) => one.status === status)?.count ?? 0
    assert.ok(count('failed') > 0 && count('completed') > 0)
    const today = table.locator('a[tabindex="0"]')
    const label = (await today.getAttribute('aria-label'))!
    assert.equal(label.split(': ')[1], `${count('completed')} completed, ${count('failed')} failed`)
    await today.focus()
    await page.keyboard.press('ArrowUp')
    const before = (await table.locator('a[tabindex="0"]').getAttribute('aria-label'))!
    assert.match(before, /: no backup$/)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/backups\?/)
    const { searchParams } = new URL(page.url())
    assert.equal(searchParams.get('from'), searchParams.get('to'))
    await page.getByRole('table', { name: 'Backups' }).waitFor()
  })
})

test('walk 52: what is wrong is put right by the button beside it, and the answer changes by itself', async () => {
  await mkdir(scans)
  await writeFile(path.join(scans, 'slide.txt'), 'nothing of anybody')
  await walk({ browser, url: world.url, name: 'remedy' }, { as: person('BACKUP_OPERATOR') }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/')
    const lab = page.getByRole('article', { name: 'Laboratory archive' })
    await lab.getByText('Unprotected', { exact: true }).waitFor()
    await mark(page)
    await lab.getByRole('button', { name: 'Back up now: Laboratory archive' }).click()
    await lab.getByText('Protected', { exact: true }).waitFor({ timeout: 60_000 })
    await page.getByRole('heading', { name: 'Can we recover today? Yes.' }).waitFor()
    assert.ok(await isMarked(page))
    const { state } = await world.admin.call(health.system, { params: { id: laboratory } })
    assert.equal(state, 'protected')
  })
})

test('walk 53: a backup that fails opens an alert while somebody looks, the menu counts it, and it is acknowledged and settled', async () => {
  await walk({ browser, url: world.url, name: 'alerts' }, { as: person('BACKUP_OPERATOR') }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/alerts')
    await page.getByText('Nothing is in doubt').waitFor()
    await visitor.look('alerts-none')
    await mark(page)
    const { id } = await world.admin.call(systems.register, {
      body: {
        name: 'lost-files',
        title: 'Lost files',
        repositoryId: world.furnished.repositoryId,
        roots: [{ name: 'gone', path: path.join(world.here.directory, 'gone') }],
      },
    })
    const { backupId, runId } = await world.admin.call(backups.create, { body: { systemId: id, type: 'files' } })
    assert.equal(await ended(runId), 'failed')
    const table = page.getByRole('table', { name: 'Critical alerts' })
    await table.getByText('lost-files', { exact: true }).waitFor()
    const { total } = await world.admin.call(alerts.list, { query: {} })
    await page.getByRole('navigation', { name: 'Pages' }).getByText(`${total} open alert`).waitFor()
    assert.ok(await isMarked(page))
    await visitor.look('alerts')
    await table.getByRole('button', { name: 'A backup failed' }).first().click()
    const drawer = page.getByRole('dialog')
    assert.equal(await drawer.getByRole('link', { name: 'See the backup' }).getAttribute('href'), `/backups/${backupId}`)
    await drawer.getByText('Told: no channel takes it.').waitFor()
    await visitor.look('alert')
    await drawer.getByRole('button', { name: 'Acknowledge' }).click()
    await drawer.getByLabel('Note').fill('the share is mounted tonight')
    await drawer.getByRole('button', { name: 'Acknowledge it' }).click()
    await drawer.getByText('omar takes care of it: the share is mounted tonight').waitFor()
    const [alert] = (await world.admin.call(alerts.list, { query: { systemId: id } })).rows
    assert.deepEqual([alert!.acknowledgedBy, alert!.acknowledgedNote], ['omar', 'the share is mounted tonight'])
    await drawer.getByRole('button', { name: 'Settle' }).click()
    await drawer.getByLabel('Note').fill('the system is retired')
    await drawer.getByRole('button', { name: 'Settle it' }).click()
    await drawer.getByText(/Settled: settled by omar/).waitFor()
    assert.equal((await world.admin.call(alerts.list, { query: {} })).total, 0)
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByText('Nothing is in doubt').waitFor()
    await page.getByText('Settled', { exact: true }).click()
    await page.getByRole('table', { name: 'Alerts' }).getByText('lost-files', { exact: true }).waitFor()
  })
})

test('walk 54: where there is no system yet, the overview leads to the first steps', async () => {
  const { id: tenantId } = await world.admin.call(tenants.create, { body: { name: 'empty-clinic', title: 'Empty clinic' } })
  const newcomer = { name: 'newcomer', title: 'Newcomer', role: 'SYSTEM_ADMIN', password: 'eight lamps over the harbour' } as const
  const { name, title, role, password } = newcomer
  const { passwordLink } = await world.admin.call(people.create, { body: { name, title, grants: [{ role, tenantId }] } })
  await clientOf({ url: world.url }).call(people.usePasswordLink, { body: { token: passwordLink!.link.split('#')[1]!, password } })
  await walk({ browser, url: world.url, name: 'overview-empty' }, { as: newcomer }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/')
    await page.getByRole('heading', { name: 'Nothing is protected yet' }).waitFor()
    await visitor.look('overview-empty')
    await page.getByRole('link', { name: 'Begin with the first steps' }).click()
    await page.waitForURL(/\/welcome$/)
  })
})
