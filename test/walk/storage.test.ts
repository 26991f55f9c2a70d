import assert from 'node:assert/strict'
import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { repositories } from '#contract/repositories.ts'
import { verification } from '#contract/verification.ts'
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

test('walk 20: a repository is made, and nobody goes on before its recovery key is saved', async () => {
  const place = path.join(world.here.directory, 'second repository')
  const [admin] = world.furnished.people
  await walk({ browser, url: world.url, name: 'add-repository' }, { as: admin! }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/storage')
    await page.getByRole('link', { name: 'first-repository' }).waitFor()
    await visitor.look('storage')
    await page.getByRole('link', { name: 'Add a repository' }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill('Not A Name')
    await page.getByRole('textbox', { name: 'Place' }).fill('data')
    await page.getByRole('button', { name: 'Make the repository' }).click()
    await page.getByText(/^A name is 1 to 63/).waitFor()
    await page.getByText('Write an absolute path, such as /data/backups').waitFor()
    await visitor.look('add-repository-refused')
    await page.getByRole('textbox', { name: 'Name' }).fill('second')
    await page.getByRole('textbox', { name: 'Place' }).fill(place)
    await page.getByRole('button', { name: 'Make the repository' }).click()

    const shown = page.getByRole('group', { name: 'Recovery key' })
    await shown.waitFor()
    await visitor.look('recovery-key')
    const key = (await shown.locator('span').allInnerTexts()).join('-')
    assert.match(key, /^([0-9A-HJKMNP-TV-Z]{6}-){5}[0-9A-HJKMNP-TV-Z]{6}$/)
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download as text' }).click()])
    assert.ok((await readFile(await download.path(), 'utf8')).includes(`\n${key}\n`))

    await page.getByRole('link', { name: 'Storage' }).first().click()
    await page.getByRole('dialog', { name: 'Leave without the recovery key?' }).waitFor()
    await visitor.look('recovery-key-left')
    await page.getByRole('button', { name: 'Cancel' }).click()

    const goOn = page.getByRole('button', { name: 'I have saved it, go on' })
    await page.getByLabel(/^The last group/).fill('000000')
    await goOn.click()
    await page.getByText('That is not the last group of this key.').waitFor()
    assert.equal(await shown.isVisible(), true)
    await page.getByLabel(/^The last group/).fill(key.slice(-6).toLowerCase())
    await goOn.click()
    await page.getByText('second is made').waitFor()
    assert.equal(await page.getByText(key.slice(0, 6)).count(), 0)

    assert.ok((await readdir(place)).includes('config'))
    const known = await world.admin.call(repositories.list, { query: {} })
    const made = known.rows.find(({ name }) => name === 'second')
    assert.equal(made?.place, `local:${place}`)

    // The key opens it: it is connected by the key, once it is no longer registered under the password.
    await world.admin.call(repositories.retire, { params: { id: made.id }, body: { reason: 'to be connected again' } })
    await visitor.open('/storage/new')
    await page.getByRole('radio', { name: /Connect one that exists/ }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill('second-again')
    await page.getByRole('textbox', { name: 'Place' }).fill(place)
    await page.getByLabel('Its password, or its recovery key').fill(key)
    await page.getByRole('button', { name: 'Connect the repository' }).click()
    await page.getByText('second-again is connected').waitFor()
  })
})

test('walk 21: an operator checks a repository, sees what was found, and is not offered what is not theirs', async () => {
  const { people, repositoryId } = world.furnished
  await walk({ browser, url: world.url, name: 'check-repository' }, { as: people[1]! }, async (visitor) => {
    const { page } = visitor
    await visitor.open(`/storage/${repositoryId}`)
    await page.getByRole('heading', { name: 'first-repository' }).waitFor()
    assert.equal(await page.getByRole('button', { name: 'Retire' }).count(), 0)
    await page.getByText('Not checked yet').waitFor()
    await page.getByRole('button', { name: 'Check now' }).click()
    await page.getByRole('radio', { name: /Full/ }).click()
    await visitor.look('check-dialog')
    await page.getByRole('button', { name: 'Check it' }).click()
    await page.getByText('Whole (every byte)').waitFor({ timeout: 60_000 })
    await visitor.look('repository')
    const { state } = await world.admin.call(repositories.details, { params: { id: repositoryId } })
    assert.equal(state.lastCheck?.isIntact, true)
    assert.equal(state.lastCheck.depth, 'full')
    assert.equal(state.lastCheck.share, undefined)
  })
})

test('walk 22: an administrator says how often every byte is read, names a quota, changes the password', async () => {
  const { people, repositoryId } = world.furnished
  await walk({ browser, url: world.url, name: 'change-repository' }, { as: people[0]! }, async (visitor) => {
    const { page } = visitor
    await visitor.open(`/storage/${repositoryId}`)
    await page.getByRole('button', { name: 'Change', exact: true }).click()
    await page.getByLabel('Every byte within so many days').fill('14')
    await visitor.look('repository-reading')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText(/Every byte is read within 14 days/).waitFor()
    assert.equal((await world.admin.call(verification.show, { params: { id: repositoryId } })).everyDays, 14)

    await page.getByRole('button', { name: 'Name and quota' }).click()
    await page.getByLabel('Quota in GiB').fill('2')
    await visitor.look('repository-edit')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    const changed = await world.admin.call(repositories.details, { params: { id: repositoryId } })
    assert.equal(changed.quotaBytes, 2 * 1024 ** 3)

    await page.getByRole('button', { name: 'Change the password' }).click()
    await visitor.look('repository-password')
    await page.getByRole('dialog').getByRole('button', { name: 'Change the password' }).click()
    await page.getByText('The password is changed').waitFor({ timeout: 60_000 })
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()

    await page.getByRole('button', { name: 'Retire' }).click()
    await page.getByText(/Give demo-clinic another repository first/).waitFor()
    assert.equal(await page.getByRole('button', { name: 'Retire it' }).isDisabled(), true)
    await visitor.look('repository-retire')
  })
})
