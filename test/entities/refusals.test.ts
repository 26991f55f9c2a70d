import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { systemSettingsSchema } from '#base/settings.ts'
import type { BackupId } from '#base/ids.ts'
import { connect } from '#engine/sources/postgres/connection.ts'
import { EntityWorld, type Wanted } from '#test/support/entity-world.ts'

const schemaSql = `
  create table ward (code text primary key);
  create table person (id int generated always as identity primary key, mrn text not null unique, ward text not null references ward, name text);
  create table stay (person int not null references person on delete cascade, no int, note text, primary key (person, no));
  create table bed (id int primary key, person int references person on delete set null);
  create table remark (person int not null references person, body text);
  insert into ward values ('A'), ('B');
  insert into person (mrn, ward, name) select 'M' || g, 'A', 'name ' || g from generate_series(1, 5) g;
  insert into stay select id, n, 'stay ' || n from person, generate_series(1, 3) n;
  insert into bed values (1, null), (2, 2);`

/** What stays out of the way: a bed is nobody's own. */
const settings = systemSettingsSchema.parse({
  entities: {
    kinds: { person: { table: 'person', key: 'mrn' } },
    references: [{ table: 'bed', columns: ['person'], ownership: 'ignore' }],
  },
})

let world: EntityWorld
let backup: BackupId
let name = ''
let count = 0
before(async () => {
  world = await EntityWorld.make()
  await world.cluster.createDatabase('original')
  await world.cluster.psql('original', schemaSql)
  backup = await world.backUp('original')
})
after(() => world[Symbol.asyncDispose]())
beforeEach(async () => {
  count += 1
  name = `live_${count}`
  await world.cluster.psql('postgres', `create database ${name} template original`)
})

const sql = async (text: string) => (await world.cluster.psql(name, text)).trim()
const wanted = (more: Partial<Wanted> = {}): Wanted => ({
  database: name,
  backup,
  settings,
  entities: [{ kind: 'person', key: 'M1' }],
  ...more,
})
const everything = () =>
  sql(
    "select string_agg(t, '|' order by t) from (select 'w' || ward::text as t from ward union all select 'p' || person::text from person union all select 's' || stay::text from stay union all select 'b' || bed::text from bed union all select 'r' || remark::text from remark) x",
  )

/** Refused with that code, and the live database is as it was. */
async function refused(code: string, work: () => Promise<unknown>, message?: RegExp): Promise<void> {
  const before = await everything()
  await assert.rejects(work, (error: { code?: string; message: string }) => {
    assert.equal(error.code, code, error.message)
    if (message) assert.match(error.message, message)
    return true
  })
  assert.equal(await everything(), before, 'the live database is as it was')
}

test('a kind or a key that the backup has not', async () => {
  await refused('ENTITY_UNKNOWN', () => world.plan(wanted({ entities: [{ kind: 'nurse', key: 'x' }] })), /there is no kind nurse/)
  await refused(
    'ENTITY_UNKNOWN',
    () => world.plan(wanted({ entities: [{ kind: 'person', key: "M'; drop table person; --" }] })),
    /no row of public.person/,
  )
  await sql("insert into person (mrn, ward) values ('M6', 'A')")
  await refused('ENTITY_UNKNOWN', () => world.plan(wanted({ entities: [{ kind: 'person', key: 'M6' }] })))
})

test('a model that names what is gone, a key column that is gone, a value that the type no longer takes', async () => {
  const gone = systemSettingsSchema.parse({ entities: { kinds: { person: { table: 'people', key: 'mrn' } } } })
  await refused('ENTITY_MODEL', () => world.plan(wanted({ settings: gone })), /entities.kinds.person: there is no table public.people/)
  await sql("delete from person where mrn = 'M1'; alter table stay alter column note type int using 1")
  await refused('ENTITY_DRIFT', () => world.plan(wanted()), /public.stay/)
})

test('a schema that went on: what is new takes its default, what is gone is listed, what has another type is cast', async () => {
  await sql(`delete from person where mrn = 'M1';
    alter table person add column since text default 'new'; alter table stay drop column note; alter table person alter column name type varchar(80)`)
  const planned = await world.plan(wanted())
  assert.deepEqual(planned.changeSet.drift.addedColumns, ['public.person.since'])
  assert.deepEqual(planned.changeSet.drift.removedColumns, ['public.stay.note'])
  assert.deepEqual(planned.changeSet.drift.retypedColumns, [{ column: 'public.person.name', was: 'text', is: 'character varying(80)' }])
  await world.apply(planned)
  assert.equal(
    await sql("select mrn, name, since, (select count(*) from stay where person = id) from person where mrn = 'M1'"),
    'M1|name 1|new|3',
  )
})

test('a row that somebody else has by now waits for a choice, and each choice does what it says', async () => {
  await sql(
    "update stay set person = 2, no = 9 where person = 1 and no = 1; update person set mrn = 'X1' where mrn = 'M1'; update stay set note = 'theirs' where person = 2 and no = 1",
  )
  await sql("insert into person (mrn, ward, name) values ('M1', 'A', 'an impostor')")
  const open = await world.plan(wanted())
  // The same person under another number: found by the key of the backup, and the impostor by the number.
  const clash = open.changeSet.tables.find(({ table }) => table === 'person')!
  assert.deepEqual([clash.updates, clash.deletes, clash.clashes.length], [1, 1, 0])
  assert.deepEqual(open.changeSet.loss.length, 2)
  await world.apply(open)
  assert.equal(
    await sql("select string_agg(mrn || ':' || name, ',' order by id) from person where name in ('name 1', 'an impostor')"),
    'M1:name 1',
  )
  await world.undo(open)
  assert.equal(
    await sql("select string_agg(mrn || ':' || name, ',' order by id) from person where name in ('name 1', 'an impostor')"),
    'X1:name 1,M1:an impostor',
  )
})

test('rows that have to exist and are gone, and rows that moved, wait for a choice', async () => {
  await sql("update person set ward = 'B'; delete from ward where code = 'A'")
  const open = await world.plan(wanted())
  const ward = open.changeSet.tables.find(({ table }) => table === 'ward')!
  assert.deepEqual(ward.open, [{ class: 'parent-missing', count: 1, first: [['A']] }])
  await refused('ENTITY_POLICY', () => world.apply(open), /1 rows of public.ward need a choice .*first key A/)
  const decided = await world.plan(wanted({ policy: { parents: 'backup' } }))
  await world.apply(decided)
  assert.equal(await sql("select ward, (select count(*) from ward) from person where mrn = 'M1'"), 'A|2')
})

test('a value that a unique index lets in once, and a live row has it', async () => {
  await sql("delete from person where mrn = 'M1'; update person set mrn = 'M1' where mrn = 'M2'")
  // The other one is found by the number that the record has, and is somebody else.
  const ignoring = await world.plan(wanted({ policy: { rows: [{ schema: 'public', table: 'person', key: ['2'], take: 'live' }] } }))
  const person = ignoring.changeSet.tables.find(({ table }) => table === 'person')!
  assert.deepEqual(person.clashes, [{ index: 'person_mrn_key', count: 1, first: [{ row: ['1'], live: ['2'] }] }])
  await refused('ENTITY_POLICY', () => world.apply(ignoring), /person_mrn_key lets each value in once \(live key 2\)/)
})

test('a live row that another session has locked: nothing is done, and it is done when the lock is gone', async () => {
  await sql("update person set name = 'changed' where mrn = 'M1'")
  const planned = await world.plan(wanted())
  {
    await using other = await connect(world.cluster.target(name))
    await other.query("begin; select from person where mrn = 'M1' for update")
    await refused('ENTITY_LOCKED', () => world.apply(planned))
  }
  const again = await world.plan(wanted())
  await world.apply(again)
  assert.equal(await sql("select name from person where mrn = 'M1'"), 'name 1')
})

test('SAFETY rule 2: while one restore works on a database, no other one does, and none of it is recovered', async () => {
  await sql("update person set name = 'changed' where mrn = 'M1'")
  const [first, second] = [await world.plan(wanted()), await world.plan(wanted({ entities: [{ kind: 'person', key: 'M2' }] }))]
  await world.apply(first, async () => {
    await assert.rejects(world.apply(second), { code: 'TARGET_BUSY' })
    await assert.rejects(world.recover(), { code: 'TARGET_BUSY' })
  })
  assert.equal(await sql("select name from person where mrn = 'M1'"), 'name 1')
  await world.apply(second)
})

test('SAFETY rule 31: what was written after the plan makes it stale, and a plan is carried out once', async () => {
  await sql("update person set name = 'changed' where mrn = 'M1'")
  const planned = await world.plan(wanted())
  await sql("update person set name = 'changed again' where mrn = 'M1'")
  await refused('PLAN_STALE', () => world.apply(planned), /1 rows of public.person \(first key 1\)/)
  await refused('PLAN_USED', () => world.apply(planned))
  const fresh = await world.plan(wanted())
  await world.apply(fresh)
  await refused('PLAN_USED', () => world.apply(fresh))
})

test('triggers stay quiet unless they are asked for; one that refuses, that changes a row, or that reaches others is told', async () => {
  await sql(`create function stamp() returns trigger language plpgsql as $$ begin new.name := 'stamped'; return new; end $$;
    create trigger stamp before insert or update on person for each row execute function stamp();
    alter table person disable trigger stamp; delete from person where mrn = 'M1'; alter table person enable trigger stamp`)
  const loud = await world.plan(wanted({ policy: { triggers: 'fire' } }))
  assert.deepEqual(loud.changeSet.triggers, ['public.person.stamp'])
  await refused('ENTITY_WRITE', () => world.apply(loud), /1 rows of public.person \(first key 1\) did not come out as recorded/)
  await sql("create or replace function stamp() returns trigger language plpgsql as $$ begin raise exception 'not on my watch'; end $$")
  await refused('ENTITY_WRITE', async () => world.apply(await world.plan(wanted({ policy: { triggers: 'fire' } }))), /a trigger refuses/)
  await sql(
    `create or replace function stamp() returns trigger language plpgsql as $$ begin update ward set code = code || '!' where code = 'B'; return new; end $$`,
  )
  await refused(
    'ENTITY_COMPLEMENT',
    async () => world.apply(await world.plan(wanted({ policy: { triggers: 'fire' } }))),
    /rows of public.ward/,
  )
  await sql(
    `create or replace function stamp() returns trigger language plpgsql as $$ begin insert into remark values (2, 'seen'); return new; end $$`,
  )
  const listed = await world.apply(await world.plan(wanted({ policy: { triggers: 'fire' } })))
  assert.deepEqual(listed.applied?.effects, [{ table: 'public.remark', rowsAdded: 1 }])
  await sql(
    "delete from stay where person = 1; alter table person disable trigger stamp; delete from person where mrn = 'M1'; alter table person enable always trigger stamp",
  )
  const quiet = await world.apply(await world.plan(wanted()))
  assert.deepEqual([quiet.applied?.effects, quiet.applied?.quietTriggers], [[], ['public.person.stamp']])
  assert.equal(await sql("select tgenabled from pg_trigger where tgname = 'stamp'"), 'A')
})

test('SAFETY rule 32: INV-911 a cascade that would take what the change set does not name is refused', async () => {
  const planned = await (async () => {
    await sql("insert into person (mrn, ward, name) values ('M9', 'A', 'since')")
    const other = systemSettingsSchema.parse({
      entities: {
        kinds: { ward: { table: 'ward', key: 'code' } },
        references: [
          { table: 'bed', columns: ['person'], ownership: 'ignore' },
          { table: 'stay', columns: ['person'], ownership: 'ignore' },
        ],
      },
    })
    await sql("insert into stay values ((select id from person where mrn = 'M9'), 1, 'since')")
    return await world.plan(wanted({ settings: other, entities: [{ kind: 'ward', key: 'A' }] }))
  })()
  assert.deepEqual(
    planned.changeSet.tables.map(({ table, deletes }) => [table, deletes]).filter(([, deletes]) => deletes !== 0),
    [['person', 1]],
  )
  await refused('ENTITY_COMPLEMENT', () => world.apply(planned), /rows of public.stay/)
})

test('a table without a key is left alone and said; a change set that was edited is no plan', async () => {
  await sql("insert into remark values (1, 'written since'); update person set name = 'changed' where mrn = 'M1'")
  const planned = await world.plan(wanted())
  assert.deepEqual(planned.changeSet.notCompared, [{ table: 'public.remark', rowsInBackup: 0, rowsNow: 1 }])
  const file = path.join(planned.folder, 'change-set.json')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace('"name 1"', '"name 2"').replace('"updates": 1', '"updates": 2'))
  await refused('PLAN_INVALID', () => world.apply(planned))
  await writeFile(file, text)
  const rows = path.join(planned.folder, planned.changeSet.tables.find(({ updates }) => updates === 1)!.file!)
  const bytes = await readFile(rows)
  await writeFile(rows, bytes.toString('utf8').replace('name 1', 'name X'))
  await refused('PLAN_INVALID', () => world.apply(planned), /is not as it was written/)
  await writeFile(rows, bytes)
})

test('SAFETY rule 32: a role that row security binds may not even plan, and one that may not write is told its GRANT', async () => {
  await sql(`create role bound login; grant select, insert, update, delete on all tables in schema public to bound;
    grant temporary on database ${name} to bound; update person set name = 'changed' where mrn = 'M1'`)
  const planned = await world.plan(wanted({ user: 'bound' }))
  await sql('alter table ward enable row level security')
  await refused('DATABASE_ROW_SECURITY', () => world.plan(wanted({ user: 'bound' })), /rows of public.ward may be hidden/)
  await refused('DATABASE_ROW_SECURITY', () => world.apply(planned))
  await sql('alter table ward disable row level security; revoke update on person from bound')
  const again = await world.plan(wanted({ user: 'bound' }))
  await refused('DATABASE_PRIVILEGE', () => world.apply(again), /GRANT UPDATE ON "public"."person" TO "bound";/)
})
