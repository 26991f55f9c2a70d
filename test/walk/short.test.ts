import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
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

/** What a first visit may fetch before it can be used: script as it is compressed with gzip, the largest that a browser is sent. */
const firstLoadBytesMax = 250_000

test('walk 3: the first page needs less than 250 kB of compressed script', async () => {
  await walk({ browser, url: world.url, name: 'first-load' }, { as: world.furnished.people[0]! }, async (visitor) => {
    const scripts = new Set<string>()
    visitor.page.on('request', (request) => request.resourceType() === 'script' && scripts.add(request.url()))
    await visitor.open('/')
    await visitor.page.getByRole('heading', { name: 'Overview' }).waitFor()
    await visitor.settle()
    const sizes = await Promise.all([...scripts].map(compressedBytes))
    assert.ok(sizes.length >= 3)
    const total = sizes.reduce((sum, bytes) => sum + bytes, 0)
    assert.ok(total < firstLoadBytesMax, `${total} bytes`)
  })
})

async function compressedBytes(url: string): Promise<number> {
  return gzipSync(Buffer.from(await (await fetch(url)).arrayBuffer()), { level: 9 }).byteLength
}
