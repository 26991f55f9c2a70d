import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { systemSettingsSchema } from '#base/settings.ts'
import { Ward } from '#test/support/ward.ts'

let ward: Ward
before(async () => {
  ward = await Ward.make()
})
after(() => ward[Symbol.asyncDispose]())
beforeEach(() => ward.renew())

test('a kind or a key that the backup has not', async () => {
  await ward.refused(
    'ENTITY_UNKNOWN',
    () => ward.world.plan(ward.wanted({ entities: [{ kind: 'nurse', key: 'x' }] })),
    /there is no kind nurse/,
  )
  await ward.refused(
    'ENTITY_UNKNOWN',
    () => ward.world.plan(ward.wanted({ entities: [{ kind: 'person', key: "M'; drop table person; --" }] })),
    /no row of public.person/,
  )
  await ward.sql("insert into person (mrn, ward) values ('M6', 'A')")
  await ward.refused('ENTITY_UNKNOWN', () => ward.world.plan(ward.wanted({ entities: [{ kind: 'person', key: 'M6' }] })))
})

test('SAFETY rule 2: while one restore works on a database, no other one does, and none of it is recovered', async () => {
  await ward.sql("update person set name = 'changed' where mrn = 'M1'")
  const [first, second] = [
    await ward.world.plan(ward.wanted()),
    await ward.world.plan(ward.wanted({ entities: [{ kind: 'person', key: 'M2' }] })),
  ]
  await ward.world.apply(first, async () => {
    await assert.rejects(ward.world.apply(second), { code: 'TARGET_BUSY' })
    await assert.rejects(ward.world.recover(), { code: 'TARGET_BUSY' })
  })
  assert.equal(await ward.sql("select name from person where mrn = 'M1'"), 'name 1')
  await ward.world.apply(second)
})

test('SAFETY rule 31: what was written after the plan makes it stale, and a plan is carried out once', async () => {
  await ward.sql("update person set name = 'changed' where mrn = 'M1'")
  const planned = await ward.world.plan(ward.wanted())
  await ward.sql("update person set name = 'changed again' where mrn = 'M1'")
  await ward.refused('PLAN_STALE', () => ward.world.apply(planned), /1 rows of public.person \(first key 1\)/)
  await ward.refused('PLAN_USED', () => ward.world.apply(planned))
  const fresh = await ward.world.plan(ward.wanted())
  await ward.world.apply(fresh)
  await ward.refused('PLAN_USED', () => ward.world.apply(fresh))
})

test('SAFETY rule 32: INV-911 a cascade that would take what the change set does not name is refused', async () => {
  const planned = await (async () => {
    await ward.sql("insert into person (mrn, ward, name) values ('M9', 'A', 'since')")
    const other = systemSettingsSchema.parse({
      entities: {
        kinds: { ward: { table: 'ward', key: 'code' } },
        references: [
          { table: 'bed', columns: ['person'], ownership: 'ignore' },
          { table: 'stay', columns: ['person'], ownership: 'ignore' },
        ],
      },
    })
    await ward.sql("insert into stay values ((select id from person where mrn = 'M9'), 1, 'since')")
    return await ward.world.plan(ward.wanted({ settings: other, entities: [{ kind: 'ward', key: 'A' }] }))
  })()
  assert.deepEqual(
    planned.changeSet.tables.map(({ table, deletes }) => [table, deletes]).filter(([, deletes]) => deletes !== 0),
    [['person', 1]],
  )
  await ward.refused('ENTITY_COMPLEMENT', () => ward.world.apply(planned), /rows of public.stay/)
})

test('SAFETY rule 32: a role that row security binds may not even plan, and one that may not write is told its GRANT', async () => {
  await ward.sql(`create role bound login; grant select, insert, update, delete on all tables in schema public to bound;
    grant temporary on database ${ward.name} to bound; update person set name = 'changed' where mrn = 'M1'`)
  const planned = await ward.world.plan(ward.wanted({ user: 'bound' }))
  await ward.sql('alter table ward enable row level security')
  await ward.refused('DATABASE_ROW_SECURITY', () => ward.world.plan(ward.wanted({ user: 'bound' })), /rows of public.ward may be hidden/)
  await ward.refused('DATABASE_ROW_SECURITY', () => ward.world.apply(planned))
  await ward.sql('alter table ward disable row level security; revoke update on person from bound')
  const again = await ward.world.plan(ward.wanted({ user: 'bound' }))
  await ward.refused('DATABASE_PRIVILEGE', () => ward.world.apply(again), /GRANT UPDATE ON "public"."person" TO "bound";/)
})
