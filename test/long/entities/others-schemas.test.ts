import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { EntityWorld } from '#test/support/entity-world.ts'
import { sharedFolder } from '#test/support/shared.ts'

let world: EntityWorld
before(async () => {
  world = await EntityWorld.make()
})
after(() => world[Symbol.asyncDispose]())

const sql = async (database: string, text: string) => (await world.cluster.psql(database, text)).trim()

async function identical(a: string, b: string): Promise<void> {
  const told = await world.cluster.diff(a, b)
  assert.match(told, /^IDENTICAL$/m, told)
}

/** Schemas that others wrote: partitions, generated columns, triggers, domains, quoted names. */
for (const { name, customer, deletion, rows, newest } of [
  {
    name: 'pagila',
    customer: '1',
    rows: 'select amount, payment_date from payment join customer using (customer_id) where customer_id',
    newest: 'select max(customer_id) from customer',
    deletion:
      'delete from payment where customer_id = 1; delete from rental where customer_id = 1; delete from customer where customer_id = 1',
  },
  {
    name: 'chinook',
    customer: '2',
    rows: 'select "Quantity", "TrackId", "Total", "LastName" from "InvoiceLine" join "Invoice" using ("InvoiceId") join "Customer" using ("CustomerId") where "CustomerId"',
    newest: 'select max("CustomerId") from "Customer"',
    deletion:
      'delete from "InvoiceLine" where "InvoiceId" in (select "InvoiceId" from "Invoice" where "CustomerId" = 2); delete from "Invoice" where "CustomerId" = 2; delete from "Customer" where "CustomerId" = 2',
  },
] as const) {
  test(`INV-910 a customer of ${name} is deleted and comes back; the database is as it was, and after the undo as it was before that`, async () => {
    await world.cluster.createDatabase(name)
    const load = `zstd -dc "${sharedFolder()}/cases/${name}.sql.zst" | psql -X -q -h "${world.cluster.socketDirectory}" -U "${world.cluster.user}" -d ${name}`
    await promisify(execFile)('bash', ['-c', load])
    const backup = await world.backUp(name)
    await sql('postgres', `create database ${name}_then template ${name}`)
    await sql(name, `begin; ${deletion}; commit`)
    await sql('postgres', `create database ${name}_deleted template ${name}`)
    const planned = await world.plan({ database: name, backup, entities: [{ kind: 'customer', key: customer }] })
    assert.ok(planned.changeSet.tables.every(({ updates, deletes }) => updates + deletes === 0))
    const state = await world.apply(planned)
    assert.equal(state.step, 'done')
    await identical(`${name}_then`, name)
    await world.undo(planned)
    await identical(`${name}_deleted`, name)
  })

  test(`INV-913 a customer of ${name} comes beside the living one; the counts are twice theirs, the joins are the same, and undo is exact`, async () => {
    const [live, then] = [`${name}_copied`, `${name}_beside`]
    await sql('postgres', `create database ${live} template ${name}_then`)
    const backup = await world.backUp(live)
    const planned = await world.plan({ database: live, backup, entities: [{ kind: 'customer', key: customer }], policy: { asCopy: true } })
    const { tables } = planned.changeSet
    const record = tables.map(({ found }) => found.unchanged)
    assert.deepEqual(
      tables.map(({ copies }) => copies),
      record,
    )
    assert.ok(record.reduce((sum, count) => sum + count, 0) > 20)
    await sql('postgres', `create database ${then} template ${live}`)
    const { applied } = await world.apply(planned)
    assert.equal(
      applied?.rows,
      record.reduce((sum, count) => sum + count, 0),
    )
    const copy = await sql(live, newest)
    assert.notEqual(copy, await sql(then, newest))
    const joined = (id: string) => sql(live, `select string_agg(line::text, ' ' order by line::text) from (${rows} = ${id}) line`)
    assert.equal(await joined(copy), await joined(customer))
    await world.undo(planned)
    await identical(then, live)
  })
}
