import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { systemSettingsSchema } from '#base/settings.ts'
import { connect } from '#engine/sources/postgres/connection.ts'
import { Ward } from '#test/support/ward.ts'

let ward: Ward
before(async () => {
  ward = await Ward.make()
})
after(() => ward[Symbol.asyncDispose]())
beforeEach(() => ward.renew())

test('a model that names what is gone, a key column that is gone, a value that the type no longer takes', async () => {
  const gone = systemSettingsSchema.parse({ entities: { kinds: { person: { table: 'people', key: 'mrn' } } } })
  await ward.refused(
    'ENTITY_MODEL',
    () => ward.world.plan(ward.wanted({ settings: gone })),
    /entities.kinds.person: there is no table public.people/,
  )
  await ward.sql("delete from person where mrn = 'M1'; alter table stay alter column note type int using 1")
  await ward.refused('ENTITY_DRIFT', () => ward.world.plan(ward.wanted()), /public.stay/)
})

test('a schema that went on: what is new takes its default, what is gone is listed, what has another type is cast', async () => {
  await ward.sql(`delete from person where mrn = 'M1';
    alter table person add column since text default 'new'; alter table stay drop column note; alter table person alter column name type varchar(80)`)
  const planned = await ward.world.plan(ward.wanted())
  assert.deepEqual(planned.changeSet.drift.addedColumns, ['public.person.since'])
  assert.deepEqual(planned.changeSet.drift.removedColumns, ['public.stay.note'])
  assert.deepEqual(planned.changeSet.drift.retypedColumns, [{ column: 'public.person.name', was: 'text', is: 'character varying(80)' }])
  await ward.world.apply(planned)
  assert.equal(
    await ward.sql("select mrn, name, since, (select count(*) from stay where person = id) from person where mrn = 'M1'"),
    'M1|name 1|new|3',
  )
})

test('a row that somebody else has by now waits for a choice, and each choice does what it says', async () => {
  await ward.sql(
    "update stay set person = 2, no = 9 where person = 1 and no = 1; update person set mrn = 'X1' where mrn = 'M1'; update stay set note = 'theirs' where person = 2 and no = 1",
  )
  await ward.sql("insert into person (mrn, ward, name) values ('M1', 'A', 'an impostor')")
  const open = await ward.world.plan(ward.wanted())
  // The same person under another number: found by the key of the backup, and the impostor by the number.
  const clash = open.changeSet.tables.find(({ table }) => table === 'person')!
  assert.deepEqual([clash.updates, clash.deletes, clash.clashes.length], [1, 1, 0])
  assert.deepEqual(open.changeSet.loss.length, 2)
  await ward.world.apply(open)
  assert.equal(
    await ward.sql("select string_agg(mrn || ':' || name, ',' order by id) from person where name in ('name 1', 'an impostor')"),
    'M1:name 1',
  )
  await ward.world.undo(open)
  assert.equal(
    await ward.sql("select string_agg(mrn || ':' || name, ',' order by id) from person where name in ('name 1', 'an impostor')"),
    'X1:name 1,M1:an impostor',
  )
})

test('rows that have to exist and are gone, and rows that moved, wait for a choice', async () => {
  await ward.sql("update person set ward = 'B'; delete from ward where code = 'A'")
  const open = await ward.world.plan(ward.wanted())
  const gone = open.changeSet.tables.find(({ table }) => table === 'ward')!
  assert.deepEqual(gone.open, [{ class: 'parent-missing', count: 1, first: [['A']] }])
  await ward.refused('ENTITY_POLICY', () => ward.world.apply(open), /1 rows of public.ward need a choice .*first key A/)
  const decided = await ward.world.plan(ward.wanted({ policy: { parents: 'backup' } }))
  await ward.world.apply(decided)
  assert.equal(await ward.sql("select ward, (select count(*) from ward) from person where mrn = 'M1'"), 'A|2')
})

test('a value that a unique index lets in once, and a live row has it', async () => {
  await ward.sql("delete from person where mrn = 'M1'; update person set mrn = 'M1' where mrn = 'M2'")
  // The other one is found by the number that the record has, and is somebody else.
  const ignoring = await ward.world.plan(
    ward.wanted({ policy: { rows: [{ schema: 'public', table: 'person', key: ['2'], take: 'live' }] } }),
  )
  const person = ignoring.changeSet.tables.find(({ table }) => table === 'person')!
  assert.deepEqual(person.clashes, [{ index: 'person_mrn_key', columns: ['mrn'], count: 1, first: [{ row: ['1'], live: ['2'] }] }])
  await ward.refused('ENTITY_POLICY', () => ward.world.apply(ignoring), /person_mrn_key lets each value in once; live key 2/)
})

test('a live row that another session has locked: nothing is done, and it is done when the lock is gone', async () => {
  await ward.sql("update person set name = 'changed' where mrn = 'M1'")
  const planned = await ward.world.plan(ward.wanted())
  {
    await using other = await connect(ward.world.cluster.target(ward.name))
    await other.query("begin; select from person where mrn = 'M1' for update")
    await ward.refused('ENTITY_LOCKED', () => ward.world.apply(planned))
  }
  const again = await ward.world.plan(ward.wanted())
  await ward.world.apply(again)
  assert.equal(await ward.sql("select name from person where mrn = 'M1'"), 'name 1')
})

test('triggers stay quiet unless they are asked for; one that refuses, that changes a row, or that reaches others is told', async () => {
  await ward.sql(`create function stamp() returns trigger language plpgsql as $$ begin new.name := 'stamped'; return new; end $$;
    create trigger stamp before insert or update on person for each row execute function stamp();
    alter table person disable trigger stamp; delete from person where mrn = 'M1'; alter table person enable trigger stamp`)
  const loud = await ward.world.plan(ward.wanted({ policy: { triggers: 'fire' } }))
  assert.deepEqual(loud.changeSet.triggers, ['public.person.stamp'])
  await ward.refused('ENTITY_WRITE', () => ward.world.apply(loud), /1 rows of public.person \(first key 1\) did not come out as recorded/)
  await ward.sql(
    "create or replace function stamp() returns trigger language plpgsql as $$ begin raise exception 'not on my watch'; end $$",
  )
  await ward.refused(
    'ENTITY_WRITE',
    async () => ward.world.apply(await ward.world.plan(ward.wanted({ policy: { triggers: 'fire' } }))),
    /a trigger refuses/,
  )
  await ward.sql(
    `create or replace function stamp() returns trigger language plpgsql as $$ begin update ward set code = code || '!' where code = 'B'; return new; end $$`,
  )
  await ward.refused(
    'ENTITY_COMPLEMENT',
    async () => ward.world.apply(await ward.world.plan(ward.wanted({ policy: { triggers: 'fire' } }))),
    /rows of public.ward/,
  )
  await ward.sql(
    `create or replace function stamp() returns trigger language plpgsql as $$ begin insert into remark values (2, 'seen'); return new; end $$`,
  )
  const listed = await ward.world.apply(await ward.world.plan(ward.wanted({ policy: { triggers: 'fire' } })))
  assert.deepEqual(listed.applied?.effects, [{ table: 'public.remark', rowsAdded: 1 }])
  await ward.sql(
    "delete from stay where person = 1; alter table person disable trigger stamp; delete from person where mrn = 'M1'; alter table person enable always trigger stamp",
  )
  const quiet = await ward.world.apply(await ward.world.plan(ward.wanted()))
  assert.deepEqual([quiet.applied?.effects, quiet.applied?.quietTriggers], [[], ['public.person.stamp']])
  assert.equal(await ward.sql("select tgenabled from pg_trigger where tgname = 'stamp'"), 'A')
})

test('a change set that was edited is no plan', async () => {
  await ward.sql("update person set name = 'changed' where mrn = 'M1'")
  const planned = await ward.world.plan(ward.wanted())
  const file = path.join(planned.folder, 'change-set.json')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace('"name 1"', '"name 2"').replace('"updates": 1', '"updates": 2'))
  await ward.refused('PLAN_INVALID', () => ward.world.apply(planned))
  await writeFile(file, text)
  const rows = path.join(planned.folder, planned.changeSet.tables.find(({ updates }) => updates === 1)!.file!)
  const bytes = await readFile(rows)
  await writeFile(rows, bytes.toString('utf8').replace('name 1', 'name X'))
  await ward.refused('PLAN_INVALID', () => ward.world.apply(planned), /is not as it was written/)
  await writeFile(rows, bytes)
})
