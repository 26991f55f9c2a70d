import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { clinicWorld, type ClinicWorld } from './clinic-world.ts'
import { compareAnew, sign } from './record-steps.ts'
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

const minutes = 60_000
const admin = () => world.furnished.people.find(({ name }) => name === 'admin')!
const ask = async (question: string) => (await world.cluster.psql('clinic', question)).trim()

/** Every row of every table, and no sequence: numbers are drawn for a copy when it is planned. */
async function rowsNow(): Promise<string> {
  const hashes = await ask(
    `select string_agg(format('select %L, md5(coalesce(string_agg(t::text, chr(10) order by t::text), '''')) from only clinic.%I t', relname, relname), ' union all ')
     from pg_class where relnamespace = 'clinic'::regnamespace and relkind = 'r'`,
  )
  return await ask(`${hashes} order by 1`)
}

test('walk 90: a patient comes back as a copy beside the one who was changed since, under a number that a person says, and goes again', async () => {
  const [id, patient] = (
    await ask(`select p.id || ' ' || subject_code from clinic.patient p where (select count(*) from clinic.document where patient_id = p.id) = 1
      and exists (select from clinic.visit where patient_id = p.id) and subject_code ~ '-[0-9]{5}$' order by p.id limit 1`)
  ).split(' ') as [string, string]
  const name = await ask(`select family_name from clinic.patient where id = ${id}`)
  await ask(`update clinic.patient set family_name = 'Changed since' where id = ${id}`)
  const damaged = await rowsNow()
  await walk({ browser, url: world.url, name: 'record-copies' }, { as: admin() }, async (visitor) => {
    const { page } = visitor
    await visitor.open('/restore')
    await page.getByRole('button', { name: 'Go on with this backup' }).click()
    await page.getByRole('radio', { name: 'Single records' }).check()
    await page.getByLabel('Key', { exact: true }).fill(patient)
    await page.getByRole('button', { name: 'Show what would happen' }).click()
    await page.getByRole('heading', { name: 'Table by table' }).waitFor({ timeout: 4 * minutes })
    await page.getByRole('radio', { name: 'As a copy beside what is live' }).check()
    await visitor.look('record-copies-1-chosen')
    await compareAnew(page)
    await page.getByRole('heading', { name: 'clinic.patient: 1 row with a value that somebody else has by now' }).waitFor()
    await visitor.look('record-copies-2-clash')
    await page.getByLabel('Behind subject_code in the copies').fill('7')
    // No two rows may name one file: the copy goes without the document.
    await page.getByRole('combobox', { name: 'Table', exact: true }).click()
    await page.getByRole('option', { name: /^clinic\.document / }).click()
    await page.getByRole('radio', { name: 'Left out' }).check()
    await compareAnew(page)
    assert.equal(await page.getByRole('heading', { name: 'Choose before it can be signed' }).count(), 0)
    await page.getByText('Nothing that exists now would be gone').waitFor()
    assert.equal(await rowsNow(), damaged, 'to compare changes no row')
    await visitor.look('record-copies-3-anew')
    await page.getByRole('button', { name: 'Go on to sign' }).click()
    await page.getByRole('button', { name: 'Sign and write them back' }).waitFor()
    await sign(page, admin(), 'both states are needed')
    await page.getByRole('button', { name: 'Sign and write them back' }).click()
    await page.getByText('It can be undone', { exact: true }).waitFor({ timeout: 3 * minutes })
    const of = (code: string) =>
      ask(`select count(*) || ' ' || string_agg(distinct family_name, '') || ' ' || (select count(*) from clinic.visit v join clinic.patient q on q.id = v.patient_id
        where q.subject_code = '${code}') from clinic.patient where subject_code = '${code}'`)
    const visits = (await of(patient)).split(' ').at(-1)!
    assert.equal(await of(patient), `1 Changed since ${visits}`, 'the living one is as they were')
    assert.equal(await of(`${patient}7`), `1 ${name} ${visits}`, 'and the one of the backup stands beside them')
    await page.getByRole('button', { name: 'Undo restore' }).click()
    await sign(page, admin(), 'one of them is enough')
    await page.getByRole('dialog').getByRole('button', { name: 'Sign and undo the restore' }).click()
    await page.getByText('The rows that the restore wrote are as they were before it.').waitFor({ timeout: 3 * minutes })
    assert.equal(await rowsNow(), damaged, 'undone to exactly what was before')
  })
})
