import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { drills } from '#contract/drills.ts'
import { systems } from '#contract/systems.ts'
import { isSignatureValid } from '#engine/repository/proof-key.ts'
import { parseProof } from '#engine/repository/proofs.ts'
import { clinicWorld, type ClinicWorld } from './clinic-world.ts'
import { openBrowser, walk } from './visitor.ts'

let world: ClinicWorld
let browser: Browser
before(async () => {
  world = await clinicWorld()
  browser = await openBrowser()
  const { settings } = await world.admin.call(systems.details, { params: { id: world.furnished.systemId } })
  await world.admin.call(systems.edit, {
    params: { id: world.furnished.systemId },
    body: {
      settings: {
        ...settings,
        objectives: { rtoMinutes: 30 },
        readyAssertions: [{ kind: 'count', schema: 'clinic', table: 'patient', atLeast: 1 }],
      },
    },
  })
})
after(async () => {
  await browser.close()
  await world[Symbol.asyncDispose]()
})

const minutes = 60_000
const personOf = (name: string) => world.furnished.people.find((one) => one.name === name)!

test('walk 45: a drill is run from the page, and the report that is downloaded has a signature that holds', async () => {
  await walk({ browser, url: world.url, name: 'drill' }, { as: personOf('omar') }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/drills')
    await page.getByText('No drill has been held yet').waitFor()
    await visitor.look('drills-none')
    await page.getByRole('button', { name: 'Run a drill' }).click()
    await page.getByRole('button', { name: 'Begin the drill' }).waitFor()
    await visitor.look('drill-run')
    await page.getByRole('button', { name: 'Begin the drill' }).click()
    await page.getByRole('heading', { name: 'Drill of demo-clinic' }).waitFor()
    await page.getByText('Everything was restored and compared').waitFor({ timeout: 4 * minutes })
    const id = new URL(page.url()).pathname.split('/').at(-1)!
    await page.getByRole('table', { name: 'Questions to the restored database' }).getByText('Holds').waitFor()
    await visitor.look('drill')
    const drill = await world.admin.call(drills.details, { params: { id } })
    assert.equal(drill.outcome, 'proven')
    const [coming] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Signed report' }).click()])
    const text = await readFile(await coming.path(), 'utf8')
    assert.ok(isSignatureValid(parseProof(text, 'the downloaded report')))
    assert.match(text, new RegExp(drill.backupId))
    assert.ok(
      !isSignatureValid(
        parseProof(
          text.replace('"outcome": "proven"', '"outcome": "failed"').replace('"outcome":"proven"', '"outcome":"failed"'),
          'a changed report',
        ),
      ),
    )
  })
})

test('walk 46: an administrator says when a system is drilled by itself; who may only look sees it and no report', async () => {
  const { systemId } = world.furnished
  await walk({ browser, url: world.url, name: 'drill-policy' }, { as: personOf('admin') }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/drills')
    await page.getByRole('table', { name: 'Drills by system' }).getByText('Only by hand').waitFor()
    await page.getByRole('table', { name: 'Drills by system' }).getByRole('button', { name: 'Clinical records' }).click()
    await page.getByText(/within the objective of 30m/).waitFor()
    await page.getByRole('button', { name: 'Say when' }).click()
    await page.getByRole('combobox', { name: 'At which times' }).click()
    await page.getByRole('option', { name: 'Every night at 04:00' }).click()
    await visitor.look('drill-policy')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('On time').first().waitFor()
    await visitor.look('drills')
  })
  const { policy } = await world.admin.call(drills.policy, { params: { id: systemId } })
  assert.deepEqual([policy!.cronExpression, policy!.timeZone, policy!.isActive], ['0 4 * * *', 'Europe/Berlin', true])
  await walk({ browser, url: world.url, name: 'drill-viewer' }, { as: personOf('vera') }, async (visitor) => {
    const { page } = visitor
    await visitor.open(`/drills?system=${systemId}`)
    await page.getByRole('table', { name: 'Drills', exact: true }).getByRole('link').first().click()
    await page.getByText('Everything was restored and compared').waitFor()
    assert.equal(await page.getByRole('link', { name: 'Signed report' }).count(), 0)
  })
})
