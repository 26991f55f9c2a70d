import assert from 'node:assert/strict'
import { appendFile, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { clientOf } from '#contract/client.ts'
import { people } from '#contract/people.ts'
import { restores } from '#contract/restores.ts'
import { signatures } from '#contract/signatures.ts'
import { signIn } from '#contract/sign-in.ts'
import { systems } from '#contract/systems.ts'
import { enrol, type DemoPerson } from '#demo/furnish.ts'
import { databaseFingerprint, treeFingerprint } from '#demo/judge.ts'
import { clinicWorld, type ClinicWorld } from './clinic-world.ts'
import { NextCode } from './next-code.ts'
import { openBrowser, walk, type Visitor } from './visitor.ts'

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

const minutes = 60_000
const system = 'demo-clinic'
const personOf = (name: string) => world.furnished.people.find((one) => one.name === name)!

interface Seen {
  readonly database: string
  readonly files: string
}

/** By pg_dump, find and sha256sum: none of them is ours. */
async function seen(): Promise<Seen> {
  const { socketDirectory, user } = world.cluster
  return { database: await databaseFingerprint(socketDirectory, user, 'clinic'), files: await treeFingerprint(world.filesRoot) }
}

const count = async (table: string, database = 'clinic') => Number(await world.cluster.psql(database, `select count(*) from ${table}`))

/** What somebody at the console can do in one minute. */
async function destroy(): Promise<void> {
  await world.cluster.psql(
    'clinic',
    "delete from clinic.observation where id % 3 = 0; drop table clinic.consent cascade; update clinic.patient set family_name = 'X'; create table clinic.ransom (note text); insert into clinic.ransom values ('pay')",
  )
  await rm(path.join(world.filesRoot, 'studies'), { recursive: true })
  const uploads = await readdir(path.join(world.filesRoot, 'uploads'), { recursive: true, withFileTypes: true })
  for (const one of uploads.filter((entry) => entry.isFile()).slice(0, 3)) await appendFile(path.join(one.parentPath, one.name), 'broken')
  await writeFile(path.join(world.filesRoot, 'READ_ME_TO_DECRYPT.txt'), 'pay')
}

async function fillSignature(
  page: Page,
  person: DemoPerson,
  { reason, code }: { readonly reason: string; readonly code?: string },
): Promise<void> {
  await page.getByLabel('Reason').fill(reason)
  await page.getByLabel(`Type ${system} to confirm`).fill(system)
  await page.getByLabel('Your password').fill(person.password)
  await page.getByLabel('Code of your authenticator').fill(code ?? (await NextCode.of(person.totpSecret!)))
}

/** From the choice of a backup to its effect. */
async function planned({ page, open }: Pick<Visitor, 'page'> & { readonly open: () => Promise<void> }): Promise<string> {
  await open()
  await page.getByRole('button', { name: 'Go on with this backup' }).click()
  await page.getByRole('button', { name: 'Show what would happen' }).click()
  await page.getByRole('button', { name: 'Go on to sign' }).waitFor({ timeout: 2 * minutes })
  return new URL(page.url()).searchParams.get('plan')!
}

async function detailsOf(id: string) {
  return await world.admin.call(restores.details, { params: { id } })
}

test('walk 40: data is destroyed, restored by the pages, equal by programs that are not ours, and undone to exactly the destroyed state', async () => {
  const admin = personOf('admin')
  const whole = await seen()
  const rows = await count('clinic.observation')
  await destroy()
  const destroyed = await seen()
  assert.notEqual(destroyed.database, whole.database)
  assert.notEqual(destroyed.files, whole.files)
  await walk({ browser, url: world.url, name: 'restore' }, { as: admin }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/restore')
    await page.getByRole('radiogroup', { name: 'Backups by their time' }).getByRole('radio', { checked: true }).waitFor()
    await page.getByText('Proposed: the newest good backup').waitFor()
    await page.getByRole('button', { name: 'Look now whether it can be restored' }).click()
    await page.getByText(/It could be restored now/).waitFor({ timeout: 2 * minutes })
    await visitor.look('restore-1-backup')
    await page.getByRole('button', { name: 'Go on with this backup' }).click()
    await page.getByRole('radio', { name: 'Everything in this backup' }).waitFor()
    await visitor.look('restore-2-scope')
    await page.getByRole('button', { name: 'Show what would happen' }).click()

    const loss = page.getByRole('region', { name: 'What would be gone' })
    await loss.waitFor({ timeout: 2 * minutes })
    await loss.getByText(/table clinic\.ransom with 1 rows? is not in the backup/).waitFor()
    await loss.getByText(/1 file is not in the backup/).waitFor()
    await page.getByText('clinic.consent').first().waitFor()
    await page.getByText('READ_ME_TO_DECRYPT.txt').waitFor()
    await visitor.look('restore-3-effect')
    const planId = new URL(page.url()).searchParams.get('plan')!
    // Nothing has happened so far, whatever was looked at.
    assert.deepEqual(await seen(), destroyed)

    await page.getByRole('button', { name: 'Go on to sign' }).click()
    const sign = page.getByRole('button', { name: `Sign and restore ${system}` })
    await sign.waitFor()
    assert.ok(await sign.isDisabled())
    await fillSignature(page, admin, { reason: 'ransomware on the application server' })
    await visitor.look('restore-4-sign')
    await sign.click()
    await page.getByText('What it replaced is kept', { exact: true }).waitFor({ timeout: 4 * minutes })
    await page.getByRole('timer').first().waitFor()
    await visitor.look('restore-5-done')

    assert.deepEqual(await seen(), whole)
    assert.equal(await count('clinic.observation'), rows)
    const done = await detailsOf(planId)
    assert.equal(done.status, 'completed')
    assert.equal(done.reason, 'ransomware on the application server')
    assert.ok(done.safetyBackupId)
    const signed = await world.admin.call(signatures.list, { query: { subjectId: planId } })
    assert.deepEqual(
      signed.rows.map(({ userName, meaning }) => [userName, /^I order the restore of demo-clinic to its backup of .* UTC/.test(meaning)]),
      [['admin', true]],
    )
    await page.getByText(`${done.validationResults.verified!.tables}`, { exact: true }).first().waitFor()

    await undo(visitor)
    assert.deepEqual(await seen(), destroyed)
    await visitor.open(`/restores/${planId}`)
    await page.getByText('What it had replaced is live again.').waitFor()
    await visitor.open('/restores')
    await page.getByRole('table', { name: 'Restores' }).getByRole('row').nth(2).waitFor()
    await visitor.look('restores')
  })
})

async function undo(visitor: Visitor): Promise<void> {
  const { page } = visitor
  await page.getByRole('button', { name: 'Undo restore' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('What exists now and would be gone').waitFor()
  await fillSignature(page, personOf('admin'), { reason: 'the wrong day' })
  await visitor.look('restore-undo')
  await dialog.getByRole('button', { name: 'Sign and undo the restore' }).click()
  await page.getByRole('heading', { name: `Undo of ${system}` }).waitFor({ timeout: minutes })
  await page.getByText('What it replaced is kept', { exact: true }).waitFor({ timeout: 2 * minutes })
}

test('walk 41: a wrong code is refused in words, and nothing has begun', async () => {
  const ruth = personOf('ruth')
  const before = await seen()
  await walk({ browser, url: world.url, name: 'restore-wrong-code' }, { as: ruth }, async (visitor) => {
    const { page } = visitor
    const planId = await planned({ page, open: () => visitor.open('/restore') })
    await page.getByRole('button', { name: 'Go on to sign' }).click()
    await fillSignature(page, ruth, { reason: 'a try', code: '000000' })
    visitor.expect(/403/)
    await page.getByRole('button', { name: `Sign and restore ${system}` }).click()
    await page.getByRole('alert').getByText('REAUTHENTICATION').waitFor()
    await visitor.look('restore-refused')
    // The code is gone from the form, what was written is not.
    assert.equal(await page.getByLabel('Code of your authenticator').inputValue(), '')
    assert.equal(await page.getByLabel('Reason').inputValue(), 'a try')
    const plan = await world.admin.call(restores.plan, { params: { id: planId } })
    assert.equal(plan.usedAt, null)
  })
  assert.deepEqual(await seen(), before)
})

test('walk 42: who may only look is not offered a restore, and is refused it; who may plan hands the plan on', async () => {
  await walk({ browser, url: world.url, name: 'restore-viewer' }, { as: personOf('vera') }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/restores')
    await page.getByRole('heading', { name: 'Restore history' }).waitFor()
    assert.equal(await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Restore', exact: true }).count(), 0)
    await page.getByRole('table', { name: 'Restores' }).getByRole('link').first().click()
    await page.getByText('Administrators and restore approvers can put it back').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Undo restore' }).count(), 0)
    await visitor.look('restore-as-viewer')
    visitor.expect(/403/)
    await visitor.open('/restore')
    await page.getByText('Not for your role').waitFor()
  })
  await walk({ browser, url: world.url, name: 'restore-operator' }, { as: personOf('omar') }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/restore')
    await page.getByRole('button', { name: 'Go on with this backup' }).click()
    await page.getByRole('button', { name: 'Show what would happen' }).click()
    await page.getByText('Your role plans restores; somebody else orders them').waitFor({ timeout: 2 * minutes })
    assert.equal(await page.getByRole('button', { name: 'Go on to sign' }).count(), 0)
    await page.getByRole('link', { name: 'The plan as a page' }).click()
    await page.getByRole('heading', { name: `Restore plan for ${system}` }).waitFor()
    await page.getByText('Nobody has signed it.').waitFor()
    await visitor.look('restore-plan')
  })
})

/** Another one who may approve restores, with an authenticator. */
async function anotherApprover(): Promise<DemoPerson> {
  const [name, title, role, { password }] = ['ida', 'Ida Moreau', 'RESTORE_APPROVER', personOf('ruth')] as const
  const { passwordLink } = await world.admin.call(people.create, {
    body: { name, title, grants: [{ role, tenantId: world.furnished.tenantId }] },
  })
  await clientOf({ url: world.url }).call(people.usePasswordLink, { body: { token: passwordLink!.link.split('#')[1]!, password } })
  const { token } = await clientOf({ url: world.url }).call(signIn.password, { body: { name, password } })
  return { name, title, role, password, totpSecret: await enrol(clientOf({ url: world.url, token })) }
}

test('walk 43: where a system wants two signatures, nobody approves their own, and the second one begins it', async () => {
  const { systemId } = world.furnished
  const [ruth, ida] = [personOf('ruth'), await anotherApprover()]
  await world.admin.call(systems.edit, { params: { id: systemId }, body: { requiresSecondApprover: true } })
  const before = await seen()
  let planId = ''
  await walk({ browser, url: world.url, name: 'restore-first-signature' }, { as: ruth }, async (visitor) => {
    const { page } = visitor
    planId = await planned({ page, open: () => visitor.open('/restore') })
    await page.getByRole('button', { name: 'Go on to sign' }).click()
    await page.getByText('This system wants two signatures').waitFor()
    await fillSignature(page, ruth, { reason: 'records of last night are wrong' })
    await page.getByRole('button', { name: 'Sign, and ask a second person' }).click()
    await page.getByText('Waits for a second person').waitFor()
    await page.getByText('You ordered this restore, so you cannot approve it').waitFor()
    await visitor.look('restore-waits')
    await visitor.open('/approvals')
    await page.getByText('ruth (you)').waitFor()
    assert.equal(await page.getByRole('link', { name: 'Read the plan and decide' }).count(), 0)
  })
  assert.deepEqual(await seen(), before)
  assert.equal((await detailsOf(planId)).runId, null)
  await walk({ browser, url: world.url, name: 'restore-second-signature' }, { as: ida }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/')
    await page.getByRole('link', { name: /^Approvals\s*1/ }).click()
    await page.getByText('records of last night are wrong').waitFor()
    await visitor.look('approvals')
    await page.getByRole('link', { name: 'Read the plan and decide' }).click()
    await page.getByRole('heading', { name: 'Your decision' }).waitFor()
    await fillSignature(page, ida, { reason: 'seen, and agreed with the ward' })
    await visitor.look('approval')
    await page.getByRole('button', { name: `Sign, and let the restore of ${system} begin` }).click()
    await page.getByRole('link', { name: 'Open the restore' }).click()
    await page.getByText('What it replaced is kept', { exact: true }).waitFor({ timeout: 4 * minutes })
    await visitor.look('restore-receipt')
  })
  const done = await detailsOf(planId)
  assert.deepEqual([done.status, done.restoredBy, done.approvedBy], ['completed', 'ruth', 'ida'])
  const { rows } = await world.admin.call(signatures.list, { query: { subjectId: planId } })
  assert.deepEqual(rows.map(({ userName }) => userName).toSorted(), ['ida', 'ruth'])
  assert.equal(new Set(rows.map(({ digest }) => digest)).size, 1)
  assert.ok((await count('clinic.consent')) > 0)
  await world.admin.call(systems.edit, { params: { id: systemId }, body: { requiresSecondApprover: false } })
})

test('walk 44: chosen tables come back into a new database, and what is live is not touched', async () => {
  const admin = personOf('admin')
  const before = await seen()
  await walk({ browser, url: world.url, name: 'restore-tables' }, { as: admin }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/restore')
    await page.getByRole('button', { name: 'Go on with this backup' }).click()
    await page.getByRole('radio', { name: 'Chosen tables' }).check()
    await page.getByRole('button', { name: 'Show what would happen' }).click()
    await page.getByRole('alert').getByText('Choose at least one table').waitFor()
    await page.getByLabel('Find a table').fill('consent')
    await page.getByRole('checkbox', { name: 'clinic.consent' }).check()
    await page.getByText('1 table chosen:').waitFor()
    const url = page.getByLabel('URL of the database for clinic')
    await url.fill((await url.inputValue()).replace(/clinic_\d+/, 'clinic_consents'))
    await visitor.look('restore-tables')
    await page.getByRole('button', { name: 'Show what would happen' }).click()
    await page.getByText('Nothing that exists now would be gone').waitFor({ timeout: 2 * minutes })
    await visitor.look('restore-tables-effect')
    await page.getByRole('button', { name: 'Go on to sign' }).click()
    await fillSignature(page, admin, { reason: 'consents of one subject' })
    await page.getByRole('button', { name: `Sign and restore ${system}` }).click()
    await page.getByText('Result', { exact: true }).waitFor({ timeout: 4 * minutes })
    await visitor.look('restore-tables-done')
  })
  assert.deepEqual(await seen(), before)
  assert.equal(await count('clinic.consent', 'clinic_consents'), await count('clinic.consent'))
  assert.ok((await count('clinic.consent')) > 0)
  assert.equal(await count('clinic.patient', 'clinic_consents'), 0)
})
