import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { audit } from '#contract/audit.ts'
import { people } from '#contract/people.ts'
import { clinicWorld, type ClinicWorld } from './clinic-world.ts'
import { openBrowser, walk } from './visitor.ts'

let world: ClinicWorld
let browser: Browser
before(async () => {
  world = await clinicWorld(0.05)
  browser = await openBrowser()
})
after(async () => {
  await browser.close()
  await world[Symbol.asyncDispose]()
})

test('walk 18: an auditor finds what somebody did, with what it changed, verifies the trail, and takes it along', async () => {
  const { person } = await world.admin.call(people.create, {
    body: { name: 'iris', title: 'Iris Brand', grants: [{ role: 'VIEWER', tenantId: world.furnished.tenantId }] },
  })
  await world.admin.call(people.edit, { params: { id: person.id }, body: { title: 'Iris Brandt' } })
  const adam = world.furnished.people.find(({ name }) => name === 'adam')!
  await walk({ browser, url: world.url, name: 'audit' }, { as: adam }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/audit')
    const table = page.getByRole('table', { name: 'Events of the audit trail' })
    await table.waitFor()
    await visitor.look('audit')
    await page.getByRole('searchbox', { name: 'Search' }).fill('iris')
    await page.getByText('1 to 2 of 2 events').waitFor()
    assert.doesNotMatch(page.url(), /iris/, 'what somebody searches for does not stand in the address')
    await table.getByRole('button', { name: 'people.edit' }).click()
    const changed = page.getByRole('table', { name: 'What it changed' })
    await changed.getByRole('cell', { name: 'Iris Brand', exact: true }).waitFor()
    await changed.getByRole('cell', { name: 'Iris Brandt', exact: true }).waitFor()
    await visitor.look('audit-event')
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('button', { name: 'Verify the trail' }).click()
    await page.getByText(/The trail is whole: \d+ events/).waitFor()
    await visitor.look('audit-verified')
    const saved = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Export all of it' }).click()
    const lines = (await readFile(await (await saved).path(), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string })
    const events = lines.filter(({ kind }) => kind === 'event' || kind === 'other').length
    const exported = (await world.admin.call(audit.list, { query: { action: 'audit.export', pageSize: 1 } })).rows[0]!
    assert.equal(events, exported.seq - 1, 'every event before that of the export itself')
    assert.equal(lines[0]!.kind, 'audit-export')
  })
  // The same question to the service, of which the pages know nothing.
  assert.equal((await world.admin.call(audit.verify, { body: {} })).isWhole, true)
})
