import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import type { Browser } from 'playwright-core'
import { defaultRetention, retention } from '#contract/retention.ts'
import { everything } from '#service/catalog/scope.ts'
import { clinicWorld, type ClinicWorld } from './clinic-world.ts'
import { NextCode } from './next-code.ts'
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

/** Sixty nights of it, as if they had been made. */
async function nights(): Promise<void> {
  const { tenantId, repositoryId, systemId } = world.furnished
  await world.here.service.house.catalog.as(everything, (tx) =>
    sql`insert into backups (id, tenant_id, system_id, system_name, repository_id, name, type, status, snapshot, created_by, created_at, completed_at)
      select gen_random_uuid(), ${tenantId}, ${systemId}, 'demo-clinic', ${repositoryId}, 'night-' || n, 'full', 'completed',
        encode(sha256(n::text::bytea), 'hex'), 'schedule', now() - n * interval '1 day', now() - n * interval '1 day'
      from generate_series(1, 60) n`.execute(tx),
  )
}

test('walk 39: a policy is previewed as it is changed, with the reason for each backup; one that keeps less is signed', async () => {
  await nights()
  const { systemId, people } = world.furnished
  const admin = people[0]!
  const draft = { ...defaultRetention, keep: { ...defaultRetention.keep, daily: 3 } }
  const inForce = await world.admin.call(retention.preview, { body: { systemId } })
  const drafted = await world.admin.call(retention.preview, { body: { systemId, policy: draft } })
  assert.ok(drafted.removes > inForce.removes && inForce.removes > 0)
  await walk({ browser, url: world.url, name: 'retention' }, { as: admin }, async (visitor) => {
    const { page } = visitor
    const seen = async (kept: number, removed: number) => {
      for (const [label, count] of [
        ['Kept', kept],
        ['Removed', removed],
      ] as const)
        await page.getByRole('region', { name: label, exact: true }).getByText(String(count), { exact: true }).waitFor()
    }
    await visitor.open('/retention')
    await page.getByRole('link', { name: 'demo-clinic' }).waitFor()
    await page.getByText('The time is trusted to delete by').waitFor()
    await visitor.look('retention')
    await page.getByRole('link', { name: 'demo-clinic' }).click()
    await page.waitForURL(/system=/)
    await seen(inForce.keeps, inForce.removes)
    await page.getByText('What the policy does now').waitFor()
    await visitor.look('retention-policy')

    await page.getByLabel('Its own').check()
    await page.getByLabel('Daily').fill('3')
    await page.getByText('It keeps less than before: setting it is signed').waitFor()
    await seen(drafted.keeps, drafted.removes)
    await page.getByRole('radiogroup', { name: 'Which backups' }).getByText('Removed', { exact: true }).click()
    const first = drafted.decisions.find(({ act }) => act === 'remove')!
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: first.name, exact: true }) })
    await row.getByText('No rule of the policy keeps it').waitFor()
    await visitor.look('retention-draft')

    await page.getByRole('button', { name: 'Set the policy' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Reason').fill('agreed with the clinic')
    assert.ok(await dialog.getByRole('button', { name: 'Sign and set it' }).isDisabled())
    await visitor.look('retention-sign')
    await dialog.getByLabel('Your password').fill(admin.password)
    await dialog.getByLabel('Code of your authenticator').fill(await NextCode.of(admin.totpSecret!))
    await dialog.getByRole('button', { name: 'Sign and set it' }).click()
    await page.getByText('In force: 3 daily, 5 weekly, 12 monthly').waitFor()
    const [set] = (await world.admin.call(retention.policies, { query: { systemId } })).rows
    assert.deepEqual([set?.source, set?.policy.keep.daily], ['system', 3])

    // So many at once: deleted by a signature alone.
    assert.ok(drafted.isMassDeletion)
    await page.getByRole('button', { name: 'Carry it out now…' }).click()
    await dialog.getByText(`${drafted.removes} backups leave the lists`).waitFor()
    await visitor.look('retention-run')
    await dialog.getByLabel('Reason').fill('moved')
    await dialog.getByLabel('Your password').fill(admin.password)
    await dialog.getByLabel('Code of your authenticator').fill(await NextCode.of(admin.totpSecret!))
    await dialog.getByRole('button', { name: 'Sign and delete' }).click()
    await seen(drafted.keeps, 0)
    assert.equal((await world.admin.call(retention.preview, { body: { systemId } })).removes, 0)
  })
})
