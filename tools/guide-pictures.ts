// The pictures of the user guide, taken of the pages as they are: `npm run pictures` writes docs/guide/pictures/*.png. A clinic is made,
// backed up, destroyed in part and restored; a second system fails, so that there is something to be done.
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { backups } from '#contract/backups.ts'
import { clientOf } from '#contract/client.ts'
import { drills } from '#contract/drills.ts'
import { holds } from '#contract/holds.ts'
import { restores } from '#contract/restores.ts'
import { signIn } from '#contract/sign-in.ts'
import { systems } from '#contract/systems.ts'
import { completed } from '#demo/furnish.ts'
import { clinicWorld, type ClinicWorld } from '#test/walk/clinic-world.ts'
import { NextCode } from '#test/walk/next-code.ts'
import { Visitor, openBrowser } from '#test/walk/visitor.ts'

const folder = path.resolve('docs/guide/pictures')

interface Picture {
  readonly name: string
  readonly place: string
  /** What a person does there before it is taken. */
  readonly steps?: (page: Page) => Promise<void>
}

await using world = await clinicWorld(1)
const places = await happenings(world)
const browser = await openBrowser()
try {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const visitor = await Visitor.arrive(browser, world.url)
  await visitor.open('/sign-in')
  await visitor.settle()
  await visitor.page.screenshot({ path: path.join(folder, 'sign-in.png') })
  await visitor.signInAs(world.furnished.people[0]!)
  for (const { name, place, steps } of picturesOf(places)) {
    await visitor.open(place)
    await visitor.page.getByRole('heading', { level: 1 }).first().waitFor()
    await steps?.(visitor.page)
    await visitor.settle()
    await visitor.page.screenshot({ path: path.join(folder, `${name}.png`) })
    process.stderr.write(`${name}\n`)
  }
  await visitor.leave()
} finally {
  await browser.close()
}

interface Places {
  readonly backupId: string
  readonly planId: string
  readonly restoreId: string
  readonly drillId: string
  readonly systemId: string
  readonly repositoryId: string
}

function picturesOf(ids: Places): Picture[] {
  return [
    { name: 'alerts', place: '/alerts' },
    { name: 'systems', place: '/systems' },
    { name: 'system', place: `/systems/${ids.systemId}` },
    { name: 'connect-system', place: '/systems/new' },
    { name: 'storage', place: '/storage' },
    { name: 'repository', place: `/storage/${ids.repositoryId}` },
    { name: 'back-up-now', place: `/backups/new?system=${ids.systemId}` },
    { name: 'backups', place: '/backups' },
    { name: 'backup', place: `/backups/${ids.backupId}` },
    { name: 'restore', place: `/restore?backup=${ids.backupId}` },
    { name: 'restore-plan', place: `/restore/plans/${ids.planId}` },
    { name: 'restore-result', place: `/restores/${ids.restoreId}` },
    { name: 'restores', place: '/restores' },
    { name: 'drill', place: `/drills/${ids.drillId}` },
    { name: 'schedules', place: '/schedules' },
    { name: 'retention', place: '/retention' },
    { name: 'holds', place: '/holds' },
    { name: 'audit', place: '/audit' },
    { name: 'people', place: '/people' },
    { name: 'notifications', place: '/notifications' },
    { name: 'settings', place: '/settings' },
    { name: 'account', place: '/account' },
    { name: 'overview', place: '/', steps: untilCounted },
  ]
}

/** What the backups take is counted within a minute after the last of them. */
async function untilCounted(page: Page): Promise<void> {
  const used = page.getByRole('region', { name: 'Storage used' })
  for (let tries = 0; tries < 10 && !/iB/.test(await used.innerText()); tries += 1) {
    await page.waitForTimeout(10_000)
    await page.reload()
    await used.waitFor()
  }
}

/** A day in the life of the clinic, through the interface that everybody has. */
async function happenings({ admin, furnished, cluster, url }: ClinicWorld): Promise<Places> {
  const { systemId, repositoryId, backupId } = furnished
  await admin.call(backups.verify, { params: { id: backupId }, body: {} }).then(({ runId }) => completed(admin, runId))
  const drill = await admin.call(drills.start, { body: { backupId } })
  await completed(admin, drill.runId)
  await admin.call(holds.place, { body: { reason: 'The study is being inspected', reference: 'INSP-2026-14', backupId } })
  const archive = await admin.call(systems.register, {
    body: { name: 'lab-archive', title: 'Laboratory archive', repositoryId, roots: [{ name: 'scans', path: '/data/scans' }] },
  })
  const failing = await admin.call(backups.create, { body: { systemId: archive.id, type: 'files' } })
  await completed(admin, failing.runId).catch(() => undefined) // It fails: that is what it is for.
  await cluster.psql('clinic', 'drop table clinic.observation cascade; delete from clinic.lab_result')
  const { planId, runId } = await admin.call(restores.preview, { body: { backupId } })
  await completed(admin, runId)
  const person = furnished.people[0]!
  const first = await clientOf({ url }).call(signIn.password, { body: { name: person.name, password: person.password } })
  const session = await clientOf({ url, token: first.token }).call(signIn.totp, { body: { code: await NextCode.of(person.totpSecret!) } })
  const begun = await clientOf({ url, token: session.token }).call(restores.execute, {
    body: {
      planId,
      confirm: 'demo-clinic',
      reason: 'a table was dropped by mistake',
      signature: {
        password: person.password,
        totp: await NextCode.of(person.totpSecret!),
        meaning: 'I restore the clinic from this backup',
      },
    },
  })
  await completed(admin, begun.runId!)
  const second = await admin.call(restores.preview, { body: { backupId, scope: 'files' } })
  await completed(admin, second.runId)
  return { systemId, repositoryId, backupId, planId: second.planId, restoreId: begun.restoreId, drillId: drill.drillId }
}
