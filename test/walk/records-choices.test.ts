import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { backups } from '#contract/backups.ts'
import { systems } from '#contract/systems.ts'
import { completed } from '#demo/furnish.ts'
import { databaseFingerprint } from '#demo/judge.ts'
import { copyTree, treeDiff } from '#test/support/trees.ts'
import { clinicWorld, type ClinicWorld } from './clinic-world.ts'
import { compareAnew, sign } from './record-steps.ts'
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
const admin = () => world.furnished.people.find(({ name }) => name === 'admin')!
const ask = async (question: string) => (await world.cluster.psql('clinic', question)).trim()
/** By pg_dump, which is not ours. */
const rowsNow = () => databaseFingerprint(world.cluster.socketDirectory, world.cluster.user, 'clinic')

async function backUp(): Promise<void> {
  const { runId } = await world.admin.call(backups.create, { body: { systemId: world.furnished.systemId, type: 'full' } })
  await completed(world.admin, runId)
}

async function compare(
  { page, open }: { readonly page: Page; readonly open: (place: string) => Promise<void> },
  patient: string,
): Promise<void> {
  await open('/restore')
  await page.getByRole('button', { name: 'Go on with this backup' }).click()
  await page.getByRole('radio', { name: 'Single records' }).check()
  await page.getByLabel('Key', { exact: true }).fill(patient)
  await page.getByRole('button', { name: 'Show what would happen' }).click()
  await page.getByRole('heading', { name: 'Table by table' }).waitFor({ timeout: 4 * minutes })
}

const visited = (visitor: Visitor) => ({ page: visitor.page, open: (place: string) => visitor.open(place) })

async function carryOut(page: Page, reason: string): Promise<void> {
  await page.getByRole('button', { name: 'Go on to sign' }).click()
  await page.getByRole('button', { name: 'Sign and write them back' }).waitFor()
  await sign(page, admin(), reason)
  await page.getByRole('button', { name: 'Sign and write them back' }).click()
  await page.getByText('It can be undone', { exact: true }).waitFor({ timeout: 3 * minutes })
}

async function undo(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Undo restore' }).click()
  const dialog = page.getByRole('dialog')
  await sign(page, admin(), 'the wrong patient')
  await dialog.getByRole('button', { name: 'Sign and undo the restore' }).click()
  await page.getByText('The rows that the restore wrote are as they were before it.').waitFor({ timeout: 3 * minutes })
}

/** A patient with a document and a medication, and somebody else with both. */
const withBoth = (not: string) =>
  `select p.id || ' ' || subject_code from clinic.patient p where exists (select from clinic.medication where patient_id = p.id)
     and exists (select from clinic.document where patient_id = p.id) and p.id <> ${not} order by p.id limit 1`

test('walk 83: what belongs to somebody else by now, a nurse who is gone, and a value that somebody else has: each is decided on the page, and it comes out so', async () => {
  const [id, patient] = (await ask(withBoth('0'))).split(' ') as [string, string]
  const [other] = (await ask(withBoth(id))).split(' ') as [string]
  const one = (table: string, of: string, more = '') => ask(`select min(id) from clinic.${table} where patient_id = ${of} ${more}`)
  const [taken, brought, document] = [await one('medication', id), await one('medication', other), await one('document', id)]
  const theirDocument = await one('document', other)
  const visit = await one('visit', id, 'and id not in (select visit_id from clinic.document where visit_id is not null)')
  const nurse = (
    await ask(
      `insert into clinic.staff (site_id, name, role) select site_id, 'Nurse of a closed ward', 'nurse' from clinic.patient where id = ${id} returning id`,
    )
  ).split('\n')[0]!
  await ask(`update clinic.visit set staff_id = ${nurse} where id = ${visit}`)
  await backUp()
  const place = await ask(`select path from clinic.document where id = ${document}`)
  // What the person will decide, done by hand: this is how the database has to come out.
  await ask(
    `update clinic.medication set patient_id = ${id} where id = ${brought}; delete from clinic.document where id = ${document};
     update clinic.document set path = '${place}' where id = ${theirDocument}`,
  )
  const expected = await rowsNow()
  await ask(
    `update clinic.medication set patient_id = ${other} where id = ${taken}; delete from clinic.visit where id = ${visit}; delete from clinic.staff where id = ${nurse}`,
  )
  const damaged = await rowsNow()
  assert.notEqual(damaged, expected)
  await walk({ browser, url: world.url, name: 'record-choices' }, { as: admin() }, async (visitor) => {
    const { page } = visitor
    await compare(visited(visitor), patient)
    await page.getByRole('heading', { name: 'Choose before it can be signed' }).waitFor()
    await page.getByText('4 rows wait for a choice').waitFor()
    assert.ok(await page.getByRole('button', { name: 'Go on to sign' }).isDisabled())
    const waiting = (key: string) => page.getByRole('region', { name: `Waits for a choice: id ${key}`, exact: true })
    await waiting(taken).getByText('By now it belongs to another one.', { exact: false }).waitFor()
    await visitor.look('record-choices-1-open')
    await waiting(taken)
      .getByRole('radio', { name: /Back to this record/ })
      .check()
    await waiting(brought)
      .getByRole('radio', { name: /Left with this record/ })
      .check()
    await waiting(nurse)
      .getByRole('radio', { name: /Comes back as well/ })
      .check()
    await page
      .getByRole('radiogroup', { name: new RegExp(`Row ${document} of the record; the live row ${theirDocument}`) })
      .getByRole('radio', { name: 'Leave this row of the backup out' })
      .check()
    await page.getByText('4 choices changed').waitFor()
    assert.ok(!page.url().includes(patient) && !page.url().includes(place))
    await visitor.look('record-choices-2-chosen')
    await compareAnew(page)
    assert.equal(await page.getByRole('heading', { name: 'Choose before it can be signed' }).count(), 0)
    assert.equal(await rowsNow(), damaged, 'to compare changes nothing')
    await visitor.look('record-choices-3-anew')
    const planId = new URL(page.url()).searchParams.get('plan')!
    await visitor.open(`/restore/plans/${planId}`)
    await page.getByText('clinic.staff: chosen one by one, 1 row.').waitFor()
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download as JSON' }).click()
    const text = await readFile(await (await download).path(), 'utf8')
    assert.ok(text.includes(patient) && text.includes(place))
    await visitor.look('record-choices-4-document')
    await page.goBack()
    await carryOut(page, 'the visit was deleted by mistake')
    assert.equal(await rowsNow(), expected, 'as decided, and nothing else')
    await undo(page)
    assert.equal(await rowsNow(), damaged, 'undone to exactly what was before')
  })
})

test('walk 84: files of a patient that were deleted, replaced and added since are shown by name, come back with the rows, and go back exactly', async () => {
  const details = await world.admin.call(systems.details, { params: { id: world.furnished.systemId } })
  const fileReferences = [{ database: 'clinic', schema: 'clinic', table: 'document', column: 'path', root: 'documents', prefix: '' }]
  await world.admin.call(systems.edit, {
    params: { id: details.id },
    body: { settings: { ...details.settings, fileReferences } },
  })
  const [id, gone] = (await ask("select patient_id || ' ' || path from clinic.document order by id desc limit 1")).split(' ') as [
    string,
    string,
  ]
  const patient = await ask(`select subject_code from clinic.patient where id = ${id}`)
  const beside = (name: string) => path.join(path.dirname(gone), name)
  const [replaced, added] = [beside('second scan.txt'), beside('scanned since.txt')]
  const at = (name: string) => path.join(world.filesRoot, name)
  const addDocument = async (name: string, text: string) => {
    await writeFile(at(name), text)
    await ask(`insert into clinic.document (patient_id, visit_id, kind, path, size_bytes, sha256, metadata)
      select patient_id, visit_id, kind, '${name}', ${text.length}, '', '{}' from clinic.document where path = '${gone}'`)
  }
  await addDocument(replaced, 'a second scan')
  await backUp()
  const [before, since] = [path.join(world.here.directory, 'files-before'), path.join(world.here.directory, 'files-since')]
  const documents = () => ask('select md5(string_agg(d::text, chr(10) order by id)) from clinic.document d')
  const documentsBefore = await documents()
  await copyTree(world.filesRoot, before)
  await rm(at(gone))
  await writeFile(at(replaced), 'a scan of somebody else')
  await addDocument(added, 'a scan that came since')
  await copyTree(world.filesRoot, since)
  const rowsSince = await rowsNow()
  await walk({ browser, url: world.url, name: 'record-files' }, { as: admin() }, async (visitor) => {
    const { page } = visitor
    await compare(visited(visitor), patient)
    const files = page.getByRole('table', { name: 'Files below documents' })
    for (const [name, words] of [
      [gone, 'Comes back'],
      [replaced, 'Replaced'],
      [added, 'Taken away'],
    ] as const)
      await files.getByRole('row', { name }).getByText(words).waitFor()
    await files.scrollIntoViewIfNeeded()
    await visitor.look('record-files-1-comparison')
    await carryOut(page, 'files were overwritten')
    // When a directory was last written to is no part of a file of the record.
    assert.match(await treeDiff(before, world.filesRoot, '--no-dirmtime'), /^IDENTICAL$/m)
    assert.equal(await documents(), documentsBefore)
    await visitor.look('record-files-2-done')
    await undo(page)
    assert.match(await treeDiff(since, world.filesRoot, '--no-dirmtime'), /^IDENTICAL$/m)
    assert.equal(await rowsNow(), rowsSince)
  })
})
