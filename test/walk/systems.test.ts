import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
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

test('walk 23: a system is connected with a role that may not read everything, which is shown, put right, and tested again', async () => {
  const { cluster, furnished } = world
  await cluster.psql('clinic', 'create role half_reader login; grant connect on database clinic to half_reader')
  await walk({ browser, url: world.url, name: 'connect-system' }, { as: furnished.people[0]! }, async (visitor) => {
    const { page } = visitor
    const field = (name: string) => page.getByRole('textbox', { name, exact: true })
    const next = page.getByRole('button', { name: /^Next: / })
    await visitor.open('/systems')
    await page.getByRole('link', { name: 'Clinical records' }).waitFor()
    await visitor.look('systems')
    await page.getByRole('link', { name: 'Connect a system' }).click()
    await next.click()
    await page.getByText('Needed').waitFor()
    await field('Title').fill('Second clinic')
    await field('Name').fill('second-clinic')
    await visitor.look('connect-what')
    await next.click()

    await next.click()
    await page
      .getByRole('alert')
      .getByText(/a database or a root/i)
      .waitFor()
    await page.getByRole('button', { name: 'Add a database' }).click()
    await field('Host').fill(cluster.socketDirectory)
    await field('Database').fill('clinic')
    await field('Role').fill('half_reader')
    await page.getByRole('button', { name: 'Add a directory of files' }).click()
    await field('Directory').fill(world.filesRoot)
    await visitor.look('connect-sources')
    await next.click()

    await page.getByRole('combobox', { name: 'Repository' }).click()
    await page.getByRole('option', { name: /first-repository/ }).click()
    await page.getByLabel('Data that may be lost (RPO)', { exact: true }).fill('24')
    await page.getByRole('button', { name: /^Files that are left out/ }).click()
    await page.getByLabel('Left out of uploads').fill('tmp/**')
    await visitor.look('connect-where')
    await next.click()

    await page.getByText(/A backup would fail/).waitFor({ timeout: 60_000 })
    await visitor.look('connect-test-failed')
    // First what it may read at all, then that no row is hidden from it.
    const again = page.getByRole('button', { name: 'Test again' })
    const statements = page.getByLabel('Statements to run')
    const grants = await statements.innerText()
    assert.match(grants, /grant /i)
    await page.getByRole('button', { name: /^Copy the statement/ }).click()
    await page.getByText('Copied').waitFor()
    await cluster.psql('clinic', grants)
    await again.click()
    await page.getByText(/row security would hide rows/).waitFor({ timeout: 60_000 })
    await cluster.psql('clinic', await statements.innerText())
    await again.click()
    await page.getByText(/A backup would work/).waitFor({ timeout: 60_000 })
    await visitor.look('connect-test-passed')
    await page.getByRole('button', { name: 'Connect the system' }).click()
    await page.getByText('Second clinic is connected').waitFor()
    await visitor.look('connected')
    await page.getByRole('button', { name: /^Make the usual ones/ }).click()
    await page.getByText(/schedules? made/).waitFor()
  })
  const { rows } = await world.admin.call(systems.list, { query: { search: 'second-clinic' } })
  assert.equal(rows.length, 1)
  assert.equal(rows[0]!.settings.objectives.rpoMinutes, 24 * 60)
  assert.deepEqual(rows[0]!.settings.exclude, { uploads: ['tmp/**'] })
  assert.match(rows[0]!.databases[0]!.url, /^postgresql:\/\/half_reader@\/clinic\?host=/)
})

test('walk 24: the page of a system says whether it could be brought back; it is tested, edited, and retired by its name', async () => {
  const { furnished } = world
  const { id: systemId } = await world.admin.call(systems.register, {
    body: {
      name: 'old-archive',
      title: 'Old archive',
      repositoryId: furnished.repositoryId,
      roots: [{ name: 'scans', path: '/nonexistent/scans' }],
    },
  })
  await walk({ browser, url: world.url, name: 'system' }, { as: furnished.people[0]! }, async (visitor) => {
    const { page } = visitor
    await visitor.open(`/systems/${furnished.systemId}`)
    await page.getByRole('heading', { name: 'Could it be brought back today?' }).waitFor()
    await page.getByRole('table', { name: 'Sources' }).getByText('clinic', { exact: true }).waitFor()
    await visitor.look('system')
    await page.getByRole('button', { name: 'Test it' }).click()
    await page.getByText(/A backup would work/).waitFor({ timeout: 60_000 })

    await visitor.open(`/systems/${systemId}`)
    await page.getByText('Unprotected').waitFor()
    await page.getByText(/no backup that could be brought back/).waitFor()
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('heading', { name: 'Edit Old archive' }).waitFor()
    await visitor.look('system-edit')
    await page.getByRole('textbox', { name: 'Directory', exact: true }).fill('scans')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('1 field is not right yet').waitFor()
    await page.getByRole('textbox', { name: 'Directory', exact: true }).fill('/srv/scans')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'Old archive', exact: true }).waitFor()
    assert.equal((await world.admin.call(systems.details, { params: { id: systemId } })).roots[0]!.path, '/srv/scans')

    await page.getByRole('button', { name: 'Retire' }).click()
    const retire = page.getByRole('button', { name: 'Retire it' })
    await page.getByLabel('Reason').fill('replaced by the new archive')
    await page.getByLabel(/to confirm/).fill('old')
    assert.equal(await retire.isDisabled(), true)
    await visitor.look('system-retire')
    await page.getByLabel(/to confirm/).fill('old-archive')
    await retire.click()
    await page.getByText('This system is retired').waitFor()
  })
  assert.notEqual((await world.admin.call(systems.details, { params: { id: systemId } })).retiredAt, null)
})
