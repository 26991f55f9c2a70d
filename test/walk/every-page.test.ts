import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { jobs } from '#contract/jobs.ts'
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

test('walk 4: every page of the list is read by everybody, in light and in dark, and fits on a phone', async () => {
  const { people, systemId, repositoryId, backupId } = world.furnished
  const [job] = (await world.admin.call(jobs.list, { query: {} })).rows
  /** Of pages about one thing: one that is there. Restores, drills and schedules have walks of their own. */
  const things: Record<string, string> = {
    '/backups/$id': `/backups/${backupId}`,
    '/systems/$id': `/systems/${systemId}`,
    '/systems/$id/history': `/systems/${systemId}/history`,
    '/storage/$id': `/storage/${repositoryId}`,
    '/jobs/$id': `/jobs/${job!.id}`,
  }
  // As text: the list itself brings what only a browser has.
  const list = (await readFile('src/ui/pages.ts', 'utf8')).split('export const pages')[1]!
  const paths = [...list.matchAll(/^ {4}path: '([^']+)',$/gm)].map((match) => match[1]!)
  const places = paths.map((path) => (path.includes('$') ? things[path] : path)).filter((place) => place !== undefined)
  assert.ok(places.length >= 25)
  await walk({ browser, url: world.url, name: 'every-page' }, { as: people[0]! }, async (visitor) => {
    for (const place of places) {
      await visitor.open(place)
      await visitor.page.getByRole('heading', { level: 1 }).first().waitFor()
      await visitor.look(`page${place === '/' ? '' : place.replaceAll(/\/[0-9a-f-]{36}/g, '-one').replaceAll('/', '-')}`)
    }
  })
})

test('walk 5: by the keyboard alone past the menu, and to a page by its name', async () => {
  await walk({ browser, url: world.url, name: 'keyboard' }, { as: world.furnished.people[0]! }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/')
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForURL(/#content$/)
    await page.keyboard.press('Control+k')
    const search = page.getByPlaceholder('Go to…')
    await search.waitFor()
    await visitor.look('palette')
    await search.fill('legal')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Legal holds', level: 1 }).waitFor()
  })
})
