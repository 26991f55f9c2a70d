import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { systemSettingsSchema } from '#base/settings.ts'
import { EntityWorld } from '#test/support/entity-world.ts'

let world: EntityWorld
before(async () => {
  world = await EntityWorld.make()
})
after(() => world[Symbol.asyncDispose]())

const settings = systemSettingsSchema.parse({ entities: { kinds: { patient: { schema: 'Cl in"ic', table: 'Patient', key: 'MRN' } } } })
const mrn = `M'"\\7`
const here = `set search_path = "Cl in""ic", public;
  create temporary view seven as select "Pid" from "Patient" where "MRN" = $$${mrn}$$;`
const quietly = (sql: string) => `alter table "Patient" disable trigger aud; ${sql} alter table "Patient" enable always trigger aud;`

const deleted = quietly(`begin; set row_security = off;
  delete from obs where visit_id in (select id from visit where patient in (table seven));
  delete from booking where patient in (table seven);
  delete from base_event where patient in (table seven);
  delete from rls_note where patient in (table seven);
  delete from ruled where patient in (table seven);
  create temporary table gone as table seven; delete from "Patient" where "Pid" in (table gone); commit;`)

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
    const [live, whole, damaged] = [`odd_${what}`, `odd_${what}_whole`, `odd_${what}_damaged`]
    const copy = (from: string, to: string) => world.cluster.psql('postgres', `create database ${to} template ${from}`)
    await world.cluster.createDatabase(live)
    const schema = await readFile(path.join(import.meta.dirname, '../cases/odd-clinic.sql'), 'utf8')
    await world.cluster.psql(live, schema)
    await world.cluster.psql(live, `${here} ${quietly('update "Patient" set best_friend = null where best_friend in (table seven);')}`)
    if (what === 'edited') await world.cluster.psql(live, `${here} delete from only base_event where id = 30;`)
    await copy(live, whole)
    const backup = await world.backUp(live)
    await world.cluster.psql(live, `${here} ${sql}`)
    await copy(live, damaged)
    assert.doesNotMatch(await world.cluster.diff(whole, live), /^IDENTICAL$/m)
    const planned = await world.plan({ database: live, backup, settings, entities: [{ kind: 'patient', key: mrn }] })
    assert.deepEqual(planned.changeSet.drift.retypedColumns, [])
    assert.deepEqual(planned.changeSet.notCompared, [])
    await world.apply(planned)
    assert.match(await world.cluster.diff(whole, live), /^IDENTICAL$/m)
    await world.undo(planned)
    assert.match(await world.cluster.diff(damaged, live), /^IDENTICAL$/m)
  })
