import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
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

test('walk 1: whoever comes without a session signs in, with a code, and is led back to where they wanted to be', async () => {
  const admin = world.furnished.people[0]!
  await walk({ browser, url: world.url, name: 'sign-in' }, {}, async (visitor) => {
    const { page } = visitor
    visitor.expect(/401/)
    await visitor.open('/jobs?status=completed')
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await visitor.look('sign-in')
    await page.getByLabel('Name').fill(admin.name)
    await page.getByLabel(/^Password/).fill(admin.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByLabel('Code of your authenticator').fill(await NextCode.of(admin.totpSecret!))
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Activity' }).waitFor()
    assert.equal(new URL(page.url()).search, '?status=completed')
    await page.getByRole('table', { name: 'Jobs' }).getByRole('row').nth(1).waitFor()
    await visitor.look('activity')
  })
})
