import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import type { Browser, Page } from 'playwright-core'
import { space } from '#contract/space.ts'
import { everything } from '#service/catalog/scope.ts'
import { clinicWorld, type ClinicWorld } from './clinic-world.ts'
import { openBrowser, walk } from './visitor.ts'

let world: ClinicWorld
let browser: Browser
before(async () => {
  world = await clinicWorld(0.1)
  browser = await openBrowser()
  await pretendDays()
})
after(async () => {
  await browser.close()
  await world[Symbol.asyncDispose]()
})

const days = 90

/** As if the service had run so long: a backup each night, some failed, the storage looked at each day, a drill each week. */
async function pretendDays(): Promise<void> {
  const { tenantId, systemId, repositoryId, backupId } = world.furnished
  const gib = 1024 ** 3
  await world.here.service.house.catalog.as(everything, async (tx) => {
    await sql`with nights as (
        select n, gen_random_uuid() as run, gen_random_uuid() as backup, n * interval '1 day' as ago,
          case when n % 17 = 3 then 'failed' when n % 11 = 5 then 'completed_with_gaps' else 'completed' end as status,
          interval '1 minute' * (14 - n / 12.0 + (n * 7 % 5) / 4.0) as took
        from generate_series(1, ${sql.lit(days)}) n),
      jobs as (
        insert into runs select (jsonb_populate_record(r, jsonb_build_object('id', run, 'subject_id', backup, 'title', 'night-' || n,
          'status', nights.status, 'created_at', r.created_at - ago, 'started_at', r.started_at - ago, 'ended_at', r.started_at - ago + took))).*
        from nights, runs r where r.subject_id = ${backupId})
      insert into backups select (jsonb_populate_record(b, jsonb_build_object('id', backup, 'run_id', run, 'name', 'night-' || n,
        'status', nights.status, 'created_at', b.created_at - ago, 'completed_at', b.created_at - ago + took))).*
      from nights, backups b where b.id = ${backupId}`.execute(tx)
    await sql`insert into space_samples (repository_id, tenant_id, day, at, stored_bytes, plain_bytes, packed_bytes, free_bytes, read_bytes_per_second)
      select ${repositoryId}, ${tenantId}, date_trunc('day', now()) - n * interval '1 day', now() - n * interval '1 day',
        ${gib}::bigint * (140 - n), ${gib}::bigint * (420 - 3 * n), ${gib}::bigint * (138 - n), ${gib}::bigint * (60 + n), 4e8
      from generate_series(1, ${sql.lit(days)}) n`.execute(tx)
    await sql`insert into drills (id, tenant_id, system_id, system_name, backup_id, repository_id, cause, status, outcome, restored_in_ms, objective_ms, created_by, created_at, ended_at)
      select gen_random_uuid(), ${tenantId}, ${systemId}, 'demo-clinic', ${backupId}, ${repositoryId}, 'newest', 'completed',
        case when n = 5 then 'failed' else 'proven' end, 900000 + (12 - n) * 45000 + (n * 13 % 4) * 30000, 3600000, 'schedule',
        now() - n * interval '7 days', now() - n * interval '7 days' + interval '30 minutes'
      from generate_series(1, 12) n`.execute(tx)
  })
}

/** Drawn when it comes into view; over its middle, from edge to edge, a reader's pointer. */
async function pointAt(page: Page, heading: string): Promise<void> {
  const section = page.locator('section').filter({ has: page.getByRole('heading', { name: heading, exact: true }) })
  await section.scrollIntoViewIfNeeded()
  const chart = section.locator('.recharts-surface').first()
  await chart.waitFor()
  await chart.scrollIntoViewIfNeeded()
  const { x, y, width, height } = (await chart.boundingBox())!
  await page.mouse.move(x + 4, y + height / 2)
  await page.mouse.move(x + width / 2, y + height / 2, { steps: 40 })
  await section.locator('.recharts-tooltip-wrapper').filter({ hasText: /\d/ }).first().waitFor()
  // It is not what is looked at.
  await page.mouse.move(0, 0)
}

test('walk 72: a quarter of a year is seen at a glance: what is stored and will be, how the nights went, how long a restore takes', async () => {
  const { systemId, repositoryId, people } = world.furnished
  await walk({ browser, url: world.url, name: 'many-days' }, { as: people[0]! }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/')
    await page.getByRole('heading', { name: 'The last 12 months' }).scrollIntoViewIfNeeded()
    const calendar = page.getByRole('table', { name: 'Outcomes of backups by day' })
    await calendar.scrollIntoViewIfNeeded()
    await visitor.look('days-calendar')
    await pointAt(page, 'Storage')
    await visitor.look('days-storage-use')
    await visitor.open('/storage')
    await page.getByRole('link', { name: 'first-repository' }).waitFor()
    await visitor.look('days-storage')
    await visitor.open(`/storage/${repositoryId}`)
    await pointAt(page, 'Space')
    await visitor.look('days-repository')
    await page.getByText('The same as a table').click()
    const { days: looked } = await world.admin.call(space.days, { params: { id: repositoryId }, query: { days: 365 } })
    const rows = page.getByRole('table', { name: /^Stored bytes by day/ }).locator('tbody tr')
    assert.ok(looked.length >= days && (await rows.count()) > looked.length, 'every day that was looked at, and the forecast')
    await visitor.open(`/systems/${systemId}`)
    await pointAt(page, 'History')
    await visitor.look('days-history')
    await visitor.open(`/drills?system=${systemId}`)
    await page.locator('.recharts-surface').first().waitFor()
    await visitor.look('days-drills')
  })
})

test('walk 73: details and reports are read on paper as well: light, whole, without what nobody can press there', async () => {
  const { systemId, repositoryId, backupId, people } = world.furnished
  await walk({ browser, url: world.url, name: 'paper' }, { as: people[0]! }, async (visitor) => {
    const { page } = visitor
    for (const [place, name] of [
      [`/backups/${backupId}`, 'paper-backup'],
      [`/systems/${systemId}`, 'paper-system'],
      [`/storage/${repositoryId}`, 'paper-repository'],
      ['/audit', 'paper-audit'],
    ] as const) {
      await visitor.open(place)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await visitor.print(name)
    }
  })
})
