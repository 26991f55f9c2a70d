import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { EntityWorld } from '#test/support/entity-world.ts'
import { deleted, inOddClinic, oddClinic, oddSettings, quietly, seventh, unfriended } from '#test/support/odd-clinic.ts'

let world: EntityWorld
before(async () => {
  world = await EntityWorld.make()
})
after(() => world[Symbol.asyncDispose]())

// The added event has the number of somebody else's row in the table that inherits.
const edited = quietly(`begin; set row_security = off;
  delete from only base_event where id = 30;
  update only base_event set what = 'edited' where patient in (table seven);
  insert into base_event (id, patient, what) select 30, "Pid", 'added' from seven;
  delete from special_event where patient in (table seven);
  update "Patient" set m = 'b''c', tags = '{new}', full_name = 'Other' where "Pid" in (table seven);
  update visit set room = 99 where patient in (table seven);
  delete from obs where n = 2 and visit_id in (select id from visit where patient in (table seven));
  update rls_note set tenant = 't2' where patient in (table seven); commit;`)

for (const [what, sql] of [
  ['deleted', deleted],
  ['edited', edited],
] as const)
  test(`INV-910 INV-911 one patient ${what} in tables of every kind comes back identical, and undo is exact`, async () => {
    const [live, before, damaged] = [`odd_${what}`, `odd_${what}_whole`, `odd_${what}_damaged`]
    const copy = (from: string, to: string) => world.cluster.psql('postgres', `create database ${to} template ${from}`)
    await world.cluster.createDatabase(live)
    await world.cluster.psql(live, oddClinic)
    await world.cluster.psql(live, unfriended)
    if (what === 'edited') await world.cluster.psql(live, `${inOddClinic} delete from only base_event where id = 30;`)
    await copy(live, before)
    const backup = await world.backUp(live)
    await world.cluster.psql(live, `${inOddClinic} ${sql}`)
    await copy(live, damaged)
    assert.doesNotMatch(await world.cluster.diff(before, live), /^IDENTICAL$/m)
    const planned = await world.plan({ database: live, backup, settings: oddSettings, entities: [{ kind: 'patient', key: seventh }] })
    assert.deepEqual(planned.changeSet.drift.retypedColumns, [])
    await world.apply(planned)
    assert.match(await world.cluster.diff(before, live), /^IDENTICAL$/m)
    await world.undo(planned)
    assert.match(await world.cluster.diff(damaged, live), /^IDENTICAL$/m)
  })
