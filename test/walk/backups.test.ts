import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import type { Browser, Page } from 'playwright-core'
import { backupContent } from '#contract/backup-content.ts'
import { backups } from '#contract/backups.ts'
import { repositories } from '#contract/repositories.ts'
import { systems } from '#contract/systems.ts'
import { completed } from '#demo/furnish.ts'
import { everything } from '#service/catalog/scope.ts'
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

const person = (role: string) => world.furnished.people.find((one) => one.role === role)!
const nameOf = async (id: string) => (await world.admin.call(backups.details, { params: { id } })).name
const table = (page: Page, name: string) => page.getByRole('table', { name, exact: true })

async function backedUp(type: 'full' | 'database' | 'files', name: string): Promise<string> {
  const { backupId, runId } = await world.admin.call(backups.create, { body: { systemId: world.furnished.systemId, type, name } })
  await completed(world.admin, runId)
  return backupId
}

/** Rows of the body that are there once nothing is fetched any more. */
async function namesIn(page: Page): Promise<string[]> {
  await page.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' })
  return await table(page, 'Backups').locator('tbody tr td[data-title="Name"] a').allInnerTexts()
}

/** Opens the details beside the list and turns to one of their parts. */
async function openPart(page: Page, tab: string): Promise<void> {
  await page.getByRole('tab', { name: tab }).click()
  await page.getByRole('tabpanel', { name: tab }).waitFor()
}

test('walk 30: the list is filtered, sorted and searched by what stands in its address, and says which backup is the newest good one', async () => {
  const files = await backedUp('files', 'walk-thirty-files')
  await walk({ browser, url: world.url, name: 'backup-list' }, { as: person('BACKUP_OPERATOR') }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/backups')
    const all = await world.admin.call(backups.list, { query: {} })
    await table(page, 'Backups').waitFor()
    assert.deepEqual(
      await namesIn(page),
      all.rows.map(({ name }) => name),
    )
    await page.getByRole('region', { name: 'The newest good backup of each system' }).getByText('Newest good backup of').first().waitFor()
    const newest = table(page, 'Backups').getByRole('row').filter({ hasText: 'Newest good' })
    assert.match(await newest.first().innerText(), /walk-thirty-files/)
    await visitor.look('backups')

    await page.getByRole('combobox', { name: 'Type' }).click()
    await page.getByRole('option', { name: 'Files' }).click()
    await page.waitForURL(/type=files/)
    await page.getByRole('row').filter({ hasText: 'Full of' }).waitFor({ state: 'detached' })
    assert.deepEqual(await namesIn(page), ['walk-thirty-files'])
    await page.getByRole('button', { name: 'Show all' }).click()
    await page.getByRole('row').filter({ hasText: 'Full of' }).waitFor()

    await page.getByRole('textbox', { name: 'Name' }).fill('thirty')
    await page.waitForURL(/search=thirty/)
    await page.getByRole('row').filter({ hasText: 'Full of' }).waitFor({ state: 'detached' })
    assert.deepEqual(await namesIn(page), ['walk-thirty-files'])
    await page.getByRole('button', { name: 'Show all' }).click()

    await page.getByRole('button', { name: 'Content' }).click()
    await page.waitForURL(/sort=fileSizeBytes/)
    await page.getByRole('columnheader', { name: 'Content' }).and(page.locator('[aria-sort="descending"]')).waitFor()
    const bySize = await world.admin.call(backups.list, { query: { sort: 'fileSizeBytes' } })
    await table(page, 'Backups').locator('tbody tr').first().getByRole('link', { name: bySize.rows[0]!.name }).waitFor()
    assert.deepEqual(
      await namesIn(page),
      bySize.rows.map(({ name }) => name),
    )

    await page.getByRole('button', { name: 'Choose columns' }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Made by' }).click()
    await visitor.look('backup-columns')
    await page.keyboard.press('Escape')
    await table(page, 'Backups').getByRole('columnheader', { name: 'Made by' }).waitFor()
    await visitor.open(`/backups?open=${files}`)
    await page.getByRole('dialog').getByRole('heading', { name: 'walk-thirty-files' }).waitFor()
  })
})

test('walk 31: the details tell where a backup came from and what is in it; a single file comes out as it lies on the disk', async () => {
  const { backupId: id } = world.furnished
  const details = await world.admin.call(backups.details, { params: { id } })
  const { rows: folder } = await world.admin.call(backupContent.files, { params: { id }, query: { path: 'files/documents' } })
  await walk({ browser, url: world.url, name: 'backup-details' }, { as: world.furnished.people[0]! }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/backups')
    await table(page, 'Backups').getByRole('link', { name: details.name }).click()
    await page.waitForURL(new RegExp(`open=${id}`))
    const drawer = page.getByRole('dialog')
    await drawer.getByText(details.checksum!).waitFor()
    await visitor.look('backup-overview')
    await openPart(page, 'Sources')
    await drawer.getByText('How exact it is').first().waitFor()
    await visitor.look('backup-sources')

    await openPart(page, 'Tables')
    await page.waitForURL(/tab=tables/)
    await drawer.getByLabel('Table', { exact: true }).fill('patient')
    const rows = (await world.cluster.psql('clinic', 'select count(*) from clinic.patient')).trim()
    const cells = table(page, 'Tables of the backup').locator('tbody tr')
    await drawer.getByText('1 to 1 of 1 table').waitFor()
    assert.equal((await cells.locator('td[data-title="Rows"]').innerText()).replaceAll(/\D/g, ''), rows)
    await visitor.look('backup-tables')

    await openPart(page, 'Files')
    for (const name of ['files', 'documents']) await drawer.getByRole('button', { name, exact: true }).click()
    await drawer.getByRole('navigation', { name: 'Folder' }).getByText('documents').waitFor()
    await drawer.getByText(folder[0]!.name, { exact: true }).waitFor()
    await visitor.look('backup-files')
    assert.ok(!page.url().includes('documents'), 'the name of a folder stands in the address')
    await walkToFile(page, drawer)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      drawer
        .getByRole('link', { name: /^Download / })
        .first()
        .click(),
    ])
    const shown = await drawer.getByRole('navigation', { name: 'Folder' }).locator('button, [aria-current]').allInnerTexts()
    const onDisk = path.join(world.filesRoot, ...shown.slice(3), download.suggestedFilename())
    assert.deepEqual(await readFile(await download.path()), await readFile(onDisk))

    await openPart(page, 'Sizes')
    await drawer.getByText('Deduplication').waitFor()
    await visitor.look('backup-sizes')
    await openPart(page, 'Who touched it')
    await drawer.getByText('backups.download-file').first().waitFor()
    await visitor.look('backup-trail')
    await visitor.open(`/backups/${id}`)
    await page.getByRole('heading', { name: details.name, level: 1 }).waitFor()
    for (const part of ['Overview', 'Sources', 'Tables', 'Files', 'Sizes', 'Proofs', 'Who touched it'])
      await page.getByRole('heading', { name: part, level: 2 }).waitFor()
    await visitor.look('backup-page')
  })
})

/** Down the first folders until there is a file to be downloaded. */
async function walkToFile(page: Page, drawer: ReturnType<Page['getByRole']>): Promise<void> {
  for (let depth = 0; depth < 8; depth += 1) {
    await drawer.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' })
    if ((await drawer.getByRole('link', { name: /^Download / }).count()) > 0) return
    const folder = drawer.locator('td[data-title="Name"] button').first()
    const name = await folder.innerText()
    await folder.click()
    await drawer.getByRole('navigation', { name: 'Folder' }).locator('[aria-current]').getByText(name, { exact: true }).waitFor()
  }
  assert.fail(`no file under ${page.url()}`)
}

test('walk 32: a portable archive is prepared, saved with the SHA-256 that the page shows, and imported again', async () => {
  const { backupId: id } = world.furnished
  await walk({ browser, url: world.url, name: 'backup-archive' }, { as: person('BACKUP_OPERATOR') }, async (visitor) => {
    const { page } = visitor
    await visitor.open(`/backups/${id}`)
    await page.getByRole('button', { name: 'Download', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Encrypt it with a passphrase').waitFor()
    await visitor.look('archive')
    await dialog.getByLabel(/^Encrypt it/).uncheck()
    await dialog.getByText('Whoever has the file can read every record in it').waitFor()
    await dialog.getByRole('button', { name: 'Prepare the archive' }).click()
    await dialog.getByText('The archive is ready').waitFor({ timeout: 60_000 })
    await visitor.look('archive-ready')
    const shown = await dialog.locator('code').innerText()
    const [download] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('link', { name: 'Save the archive' }).click()])
    const file = await download.path()
    assert.equal(
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
      shown,
    )
    await dialog.getByRole('button', { name: 'Close' }).last().click()

    const { total: totalBefore } = await world.admin.call(backups.list, { query: {} })
    await visitor.open('/backups')
    await page.getByRole('button', { name: 'Import' }).click()
    await dialog.getByRole('combobox', { name: 'System' }).click()
    await page.getByRole('option', { name: /demo-clinic/ }).click()
    await dialog
      .locator('input[type=file]')
      .setInputFiles({ name: download.suggestedFilename(), mimeType: '', buffer: await readFile(file) })
    await dialog.getByLabel(/^Import it once more/).check()
    await visitor.look('import')
    await dialog.getByRole('button', { name: 'Upload and import' }).click()
    await dialog.getByText(`SHA-256 ${shown}`).waitFor()
    await dialog.getByText('Completed', { exact: true }).first().waitFor({ timeout: 60_000 })
    await visitor.look('imported')
    const { total } = await world.admin.call(backups.list, { query: {} })
    assert.equal(total, totalBefore + 1)
  })
})

test('walk 33: a verification goes on before the eyes of whoever asked for it, and the backup is Verified afterwards', async () => {
  const { backupId: id } = world.furnished
  await walk({ browser, url: world.url, name: 'backup-verify' }, { as: person('AUDITOR') }, async (visitor) => {
    const { page } = visitor
    await visitor.open(`/backups?open=${id}`)
    await page.getByRole('button', { name: 'Verify', exact: true }).click()
    const dialog = page.getByRole('dialog').filter({ hasText: 'How thoroughly' })
    await dialog.waitFor()
    await visitor.look('verify')
    await dialog.getByRole('button', { name: 'Verify', exact: true }).click()
    const running = page.getByRole('dialog').filter({ hasText: 'It goes on when you close this' })
    await running.getByText('Completed', { exact: true }).first().waitFor({ timeout: 60_000 })
    await running.getByRole('button', { name: 'Close' }).last().click()
    await page.getByRole('dialog').getByText('Verified', { exact: true }).first().waitFor()
    assert.equal((await world.admin.call(backups.details, { params: { id } })).standing, 'intact')
    await openPart(page, 'Proofs')
    await table(page, 'Verifications of the backup').waitFor()
    await visitor.look('backup-proofs')
  })
})

test('walk 34: a backup is deleted by its name and a reason, after being told what speaks against it; the deletion is taken back', async () => {
  const id = await backedUp('files', 'walk-thirty-four')
  await walk({ browser, url: world.url, name: 'backup-delete' }, { as: world.furnished.people[0]! }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/backups')
    const actions = page.getByRole('button', { name: 'Actions for walk-thirty-four' })
    // A press on the button that ends beside it is no click on the row: its details stay closed.
    await actions.hover()
    await page.mouse.down()
    await page.getByRole('row').filter({ has: actions }).getByText('Completed').hover()
    await page.mouse.up()
    assert.equal(new URL(page.url()).searchParams.get('open'), null)
    await actions.click()
    await page.getByRole('menuitem', { name: 'Delete…' }).waitFor()
    await visitor.look('backup-menu')
    await page.getByRole('menuitem', { name: 'Delete…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('7 days').waitFor()
    await dialog.getByText('Its bytes will stay longer than that').waitFor()
    await visitor.look('delete')
    const submit = dialog.getByRole('button', { name: 'Delete the backup' })
    await dialog.getByLabel('Reason').fill('made to be deleted')
    await dialog.getByLabel(/^Type/).fill('walk-thirty')
    assert.ok(await submit.isDisabled())
    await dialog.getByLabel(/^Type/).fill('walk-thirty-four')
    await submit.click()
    await table(page, 'Backups').getByRole('link', { name: 'walk-thirty-four' }).waitFor({ state: 'detached' })
    const deleted = await world.admin.call(backups.details, { params: { id } })
    assert.deepEqual([deleted.deleteReason, deleted.removedAt], ['made to be deleted', null])

    await visitor.open('/backups?deleted=only')
    await table(page, 'Backups').getByRole('link', { name: 'walk-thirty-four' }).click()
    await page.getByRole('dialog').getByText('Deleted, and not yet removed').waitFor()
    await visitor.look('backup-deleted')
    await page.getByRole('button', { name: 'Take the deletion back' }).click()
    await page.getByRole('button', { name: 'Take it back' }).waitFor()
    await visitor.look('undelete')
    await page.getByRole('button', { name: 'Take it back' }).click()
    await page.getByRole('dialog').getByText('Deleted, and not yet removed').waitFor({ state: 'detached' })
    assert.equal((await world.admin.call(backups.details, { params: { id } })).deletedAt, null)
  })
})

test('walk 35: two backups are set side by side, and what a change of the database did is told table by table', async () => {
  const older = await backedUp('database', 'walk-thirty-five-older')
  await world.cluster.psql('clinic', 'create table clinic.extra as select generate_series(1, 37) as id')
  await world.cluster.psql('clinic', 'delete from clinic.medication where id in (select id from clinic.medication order by id limit 4)')
  const newer = await backedUp('database', 'walk-thirty-five-newer')
  await walk({ browser, url: world.url, name: 'backup-compare' }, { as: person('VIEWER') }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/backups?search=thirty-five')
    for (const name of [await nameOf(newer), await nameOf(older)]) await page.getByLabel(`Compare ${name}`).check()
    await page.getByRole('link', { name: 'Compare them' }).click()
    await page.waitForURL(/\/backups\/compare\?/)
    const rows = table(page, 'Tables of both backups').locator('tbody tr')
    await rows.first().waitFor()
    const said = await rows.evaluateAll((all) =>
      all.map((row) => ['Table', 'Change', 'Rows'].map((title) => row.querySelector(`td[data-title="${title}"]`)?.textContent?.trim())),
    )
    assert.deepEqual(said, [
      ['clinic: clinic.extra', 'Added', '+37'],
      ['clinic: clinic.medication', 'Changed', '−4'],
    ])
    const facts = table(page, 'Facts of both backups').getByRole('row').filter({ hasText: 'Database clinic, rows' })
    assert.match(await facts.innerText(), /\+33$/)
    await visitor.look('compare')
    await page.getByText('All', { exact: true }).click()
    const same = await world.admin.call(backupContent.compare, { params: { id: older, other: newer }, query: { change: 'any' } })
    await page.getByText(`of ${same.total} tables`).waitFor()
  })
})

test('walk 36: the list stays quick with 100,000 backups: it pages, sorts and searches', async () => {
  const { tenantId, repositoryId } = world.furnished
  const body = { name: 'years', title: 'Years of backups', repositoryId, roots: [{ name: 'documents', path: world.filesRoot }] }
  const { id: systemId } = await world.admin.call(systems.register, { body })
  await world.here.service.house.catalog.as(everything, (tx) =>
    sql`insert into backups (id, tenant_id, system_id, system_name, repository_id, name, type, status, snapshot, created_by, created_at, completed_at, file_size_bytes)
      select gen_random_uuid(), ${tenantId}, ${systemId}, 'years', ${repositoryId}, 'years-' || lpad(n::text, 6, '0'), 'files', 'completed',
        encode(sha256(n::text::bytea), 'hex'), 'schedule', now() - interval '1 minute' - n * interval '1 hour', now() - n * interval '1 hour', n * 1000
      from generate_series(1, 100000) n`.execute(tx),
  )
  assert.ok((await world.admin.call(repositories.list, { query: {} })).total > 0)
  await walk({ browser, url: world.url, name: 'many-backups' }, { as: person('BACKUP_OPERATOR') }, async (visitor) => {
    const { page } = visitor
    await visitor.open(`/backups?systemId=${systemId}&pageSize=100`)
    await page.getByText('1 to 100 of 100\u2009000 backups').waitFor()
    assert.equal((await namesIn(page))[0], 'years-000001')
    await page.getByRole('button', { name: 'Page 1000' }).click()
    await page.getByText('99\u2009901 to 100\u2009000 of').waitFor()
    assert.equal((await namesIn(page)).at(-1), 'years-100000')
    await page.getByRole('button', { name: 'Content' }).click()
    await table(page, 'Backups').getByRole('link', { name: 'years-100000' }).waitFor()
    assert.equal((await namesIn(page))[0], 'years-100000')
    await page.getByRole('textbox', { name: 'Name' }).fill('years-04242')
    await page.getByText('1 to 10 of 10 backups').waitFor()
    assert.deepEqual(
      (await namesIn(page)).toSorted(),
      Array.from({ length: 10 }, (_none, n) => `years-04242${n}`),
    )
    await visitor.look('many-backups')
  })
})

test('walk 37: whoever may only look is offered nothing that changes or takes out anything', async () => {
  const { backupId: id } = world.furnished
  await walk({ browser, url: world.url, name: 'backup-viewer' }, { as: person('VIEWER') }, async (visitor) => {
    const { page } = visitor
    await visitor.open(`/backups/${id}`)
    await page.getByRole('heading', { name: 'Proofs', level: 2 }).waitFor()
    await page.getByText('README.txt').waitFor()
    for (const name of ['Verify', 'Download', 'Hold', 'Delete'])
      assert.equal(await page.getByRole('button', { name, exact: true }).count(), 0, name)
    for (const name of [/^Restore$/, /^Download /])
      assert.equal(await page.getByRole('link', { name }).and(page.locator('main *')).count(), 0)
    assert.equal(await page.getByRole('heading', { name: 'Who touched it' }).count(), 0)
    await visitor.open(`/backups?search=${encodeURIComponent(await nameOf(id))}`)
    await page
      .getByRole('button', { name: /^Actions for/ })
      .first()
      .click()
    await page.getByRole('menuitem', { name: 'Details on a page' }).waitFor()
    assert.equal(await page.getByRole('menuitem').count(), 1)
    assert.equal(await page.getByRole('button', { name: 'Import' }).count(), 0)
    await visitor.look('backups-viewer')
  })
})
