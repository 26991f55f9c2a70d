import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { defaultSettings } from '#base/settings.ts'
import { backups } from '#contract/backups.ts'
import { jobs } from '#contract/jobs.ts'
import { systems } from '#contract/systems.ts'
import { clinicWorld, type ClinicWorld } from './clinic-world.ts'
import { openBrowser, walk, type Visitor } from './visitor.ts'

let world: ClinicWorld
let browser: Browser
before(async () => {
  world = await clinicWorld(0.2, { port: await freePort() })
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  await world[Symbol.asyncDispose]()
})

/** Of a page whose service is started again: it must come back at the same address. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const operator = () => world.furnished.people[1]!

async function startBackup({ page }: Visitor): Promise<string> {
  await page.getByRole('button', { name: 'Skip the options' }).click()
  await page.getByRole('button', { name: 'Start the backup' }).click()
  await page.waitForURL(/[?&]run=/)
  return new URL(page.url()).searchParams.get('run')!
}

test('walk 25: an operator backs a system up by the wizard; what it says is in it is what psql counts', async () => {
  const { furnished, cluster } = world
  await walk({ browser, url: world.url, name: 'backup-wizard' }, { as: operator() }, async (visitor) => {
    const { page } = visitor
    await visitor.open(`/backups/new?system=${furnished.systemId}`)
    await page.getByRole('radio', { name: /^Full/ }).waitFor()
    await visitor.look('backup-what')
    await page.getByRole('button', { name: 'Next: options' }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill('before the upgrade')
    await page.getByRole('slider', { name: 'Compression level' }).press('ArrowRight')
    await visitor.look('backup-options')
    await page.getByRole('button', { name: 'Next: review and start' }).click()
    await page.getByRole('table', { name: 'What is included' }).getByText('clinic').waitFor()
    await visitor.look('backup-review')
    await page.getByRole('button', { name: 'Start the backup' }).click()
    await page.waitForURL(/[?&]run=/)
    // What is in the address suffices to find the same progress again.
    await page.reload()
    await page.getByText('Completed: everything is in it, counted and hashed').waitFor({ timeout: 90_000 })
    await visitor.look('backup-completed')

    const shown = page
      .getByRole('table', { name: 'Databases' })
      .getByRole('row', { name: /clinic/ })
      .getByRole('cell')
    const [tables, rows] = (await shown.allInnerTexts()).slice(2, 4).map((text) => Number(text.replaceAll(/\s/g, '')))
    const counted = await cluster.psql(
      'clinic',
      `select count(*), sum((xpath('/row/c/text()', query_to_xml(format('select count(*) as c from %s', oid::regclass), false, true, '')))[1]::text::bigint)
       from pg_class where relkind = 'r' and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'pg_toast')
       and relpersistence <> 't'`,
    )
    const [countedTables, countedRows] = counted.trim().split('|').map(Number)
    assert.deepEqual([tables, rows], [countedTables, countedRows])
    await page.getByRole('link', { name: 'Open the backup' }).waitFor()
    const runId = new URL(page.url()).searchParams.get('run')!
    const { subjectId } = await world.admin.call(jobs.read, { params: { id: runId } })
    const made = await world.admin.call(backups.details, { params: { id: subjectId! } })
    assert.deepEqual([made.status, made.name, made.manifest!.compressionLevel], ['completed', 'before the upgrade', 2])

    await page.getByRole('link', { name: 'The job with its whole log' }).click()
    await page.getByRole('switch', { name: 'Show it from its beginning' }).click()
    const { total } = await world.admin.call(jobs.log, { params: { id: runId }, query: {} })
    await page.getByText(total === 0 ? 'It wrote nothing to its log.' : /^1 to \d+ of \d+ lines?$/).waitFor()
    await visitor.look('job')
    await visitor.open('/jobs')
    await page
      .getByRole('textbox', { name: 'Kind' })
      .or(page.getByRole('combobox', { name: 'Kind' }))
      .first()
      .click()
    await page.getByRole('option', { name: 'Backup', exact: true }).click()
    await page.waitForURL(/kind=backup/)
    await page.getByRole('table', { name: 'Jobs' }).getByRole('row').nth(1).waitFor()
    await visitor.look('activity-filtered')
  })
})

test('walk 26: a backup that lacks a file which a row names ends with a gap, and the gap is named with what to do', async () => {
  const { furnished, cluster } = world
  const settings = {
    ...defaultSettings,
    fileReferences: [{ database: 'clinic', schema: 'clinic', table: 'document', column: 'path', root: 'documents', prefix: '' }],
  }
  await world.admin.call(systems.edit, { params: { id: furnished.systemId }, body: { settings } })
  const lost = (await cluster.psql('clinic', 'select path from clinic.document order by id limit 1')).trim()
  await rm(path.join(world.filesRoot, lost))
  await walk({ browser, url: world.url, name: 'backup-gaps' }, { as: operator() }, async (visitor) => {
    const { page } = visitor
    await visitor.open(`/backups/new?system=${furnished.systemId}`)
    await startBackup(visitor)
    await page.getByText(/^Completed with gaps: 1 thing is not in it/).waitFor({ timeout: 90_000 })
    const gaps = page.getByRole('table', { name: 'Gaps' })
    await gaps.getByText('A row names a file that is not there').waitFor()
    assert.match(await gaps.innerText(), new RegExp(lost.replaceAll('.', '\\.')))
    await gaps.getByText(/Look whether the application has lost the file/).waitFor()
    await visitor.look('backup-gaps')
  })
})

test('walk 27: the service starts again in the middle of a backup; the page says that it lost it, finds it again, and the backup completes', async () => {
  const { furnished, here } = world
  const gate = path.join(here.directory, 'gate')
  const command = ['/bin/sh', '-c', `until [ -e '${gate}' ]; do sleep 0.1; done`]
  const hooks = { beforeBackup: { command, timeoutMs: 300_000 } }
  await world.admin.call(systems.edit, {
    params: { id: furnished.systemId },
    body: { settings: { ...defaultSettings, hooks } },
  })
  await walk({ browser, url: world.url, name: 'backup-restart' }, { as: operator() }, async (visitor) => {
    const { page } = visitor
    visitor.expect(/ERR_(CONNECTION|INCOMPLETE|EMPTY|SOCKET|NETWORK)/, /\b50[234]\b/)
    await visitor.open(`/backups/new?system=${furnished.systemId}`)
    const runId = await startBackup(visitor)
    await page.getByText('Running', { exact: true }).waitFor({ timeout: 30_000 })
    await visitor.look('backup-running')
    await here.stop()
    await page.getByText('The connection to the service is lost').waitFor({ timeout: 30_000 })
    await visitor.look('backup-connection-lost')
    await writeFile(gate, '')
    await here.restart()
    await page.getByText('Completed: everything is in it, counted and hashed').waitFor({ timeout: 120_000 })
    assert.equal(await page.getByText('The connection to the service is lost').count(), 0)
    assert.equal(new URL(page.url()).searchParams.get('run'), runId)
    const run = await world.admin.call(jobs.read, { params: { id: runId } })
    assert.equal(run.status, 'completed')
    assert.ok(run.attempt > 1, 'it was taken up again')
  })
})
