import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { openBrowser, walk } from './visitor.ts'
import { NextCode } from './next-code.ts'

test('walk 2: the demo ends with the service up, and whoever signs in as it says finds the clinic backed up', async () => {
  const child = spawn(process.execPath, ['demo/main.ts', '--scale', '0.1', '--port', '0'], { stdio: ['pipe', 'pipe', 'ignore'] })
  const told = { url: '', password: '', secret: '' }
  for await (const line of createInterface({ input: child.stdout })) {
    told.url ||= /^ {2}(http:\S+)$/.exec(line)?.[1] ?? ''
    const admin = /^ {2}admin +(.+?) {3}.*secret (\w+)/.exec(line)
    if (admin) Object.assign(told, { password: admin[1], secret: admin[2] })
    if (told.url && told.secret) break
  }
  child.stdout.resume()
  const browser = await openBrowser()
  try {
    await walk({ browser, url: told.url, name: 'demo' }, {}, async (visitor) => {
      const { page } = visitor
      visitor.expect(/401/)
      await visitor.open('/backups')
      await page.getByLabel('Name').fill('admin')
      await page.getByLabel(/^Password/).fill(told.password)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByLabel('Code of your authenticator').fill(await NextCode.of(told.secret))
      await page.getByRole('button', { name: 'Sign in' }).click()
      const row = page.getByRole('row').filter({ hasText: 'demo-clinic' }).first()
      await row.waitFor()
      assert.match(await row.innerText(), /Completed/)
    })
  } finally {
    await browser.close()
    child.kill('SIGINT')
    await once(child, 'exit')
  }
})
