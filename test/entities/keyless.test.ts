import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemSettingsSchema } from '#base/settings.ts'
import { readChangedRows } from '#engine/entities/changed-rows.ts'
import { EntityWorld } from '#test/support/entity-world.ts'

let world: EntityWorld
before(async () => {
  world = await EntityWorld.make()
})
after(() => world[Symbol.asyncDispose]())

const settings = systemSettingsSchema.parse({ entities: { kinds: { person: { table: 'person', key: 'mrn' } } } })
const entities = [{ kind: 'person', key: 'M1' }]

/** Three people and what the statements make, with a backup of it. */
async function made(name: string, sql: string) {
  await world.cluster.createDatabase(name)
  const run = async (text: string) => (await world.cluster.psql(name, text)).trim()
  const people = `create table person (id int primary key, mrn text unique, name text); insert into person select g, 'M' || g from generate_series(1, 3) g;`
  await run(`${people} ${sql}`)
  const backup = await world.backUp(name)
  /** Rows of a table, without those of tables that inherit from it. */
  const rows = async (from: string, where = 'true') =>
    (await run(`select t::text from ${from} t where ${where} order by t::text collate "C"`)).split('\n').filter((row) => row !== '')
  return { run, rows, wanted: { database: name, backup, settings, entities } }
}

const readings = `
  create table reading (person int not null references person, at timestamptz, value float8, note json);
  insert into reading select p, '2026-01-01', v, '{"a": 1}' from generate_series(1, 3) p, generate_series(1, 3) v, generate_series(1, 3);
  insert into reading values (1, null, 'NaN', null), (1, null, 'NaN', null), (2, null, null, null);`

const meddledReadings = `
  delete from reading where ctid in (select ctid from reading where person = 1 and value = 1 limit 2);
  delete from reading where person = 1 and value = 'NaN';
  update reading set value = 2.5 where ctid = (select ctid from reading where person = 1 and value = 2 limit 1);
  insert into reading select * from reading where person = 1 and value = 3 limit 1;
  insert into reading values (1, now(), 9, null), (1, '2026-01-01', 3, '{"a":1}');
  delete from reading where person = 2 and value is null;
  insert into reading values (3, null, 3, null);`

/** Partitions, and tables that inherit, with a key and without one. */
const parts = `
  create table event (person int not null references person, at date, what text) partition by range (at);
  create table event_1 partition of event for values from ('2026-01-01') to ('2026-02-01');
  create table event_rest partition of event default;
  insert into event select p, d, 'x' from generate_series(1, 3) p, unnest('{2026-01-05,2026-03-05}'::date[]) d, generate_series(1, 2);
  create table scan (person int references person, dose int);
  create table deep_scan (depth int, foreign key (person) references person) inherits (scan);
  create table keyed_scan (id int primary key, person int references person);
  create table keyed_deep_scan (primary key (id), foreign key (person) references person) inherits (keyed_scan);
  insert into scan values (1, 5), (1, 5), (2, 5); insert into deep_scan values (1, 5, 9), (1, 5, 9), (2, 5, 9);
  insert into keyed_scan values (1, 1), (2, 2); insert into keyed_deep_scan values (1, 1), (3, 1);`

const meddledParts = `
  delete from event_1 where person = 1; delete from event_rest where ctid = (select min(ctid) from event_rest where person = 1);
  insert into event values (1, '2026-01-05', 'since');
  delete from only scan where ctid = (select min(ctid) from only scan where person = 1);
  delete from deep_scan where person = 1; insert into deep_scan values (1, 5, null);
  delete from keyed_deep_scan; delete from only keyed_scan where id = 1;`

/** A table whose unique column may be empty is named by others; one has no primary key and two unique ones. */
const named = `
  create table code (code text unique, label text); insert into code values ('A', 'first'), (null, 'none'), (null, 'none');
  create table finding (person int not null references person, code text references code (code));
  insert into finding values (1, 'A'), (1, 'A'), (1, null);
  create table identified (a int not null unique, b int not null, person int not null references person);
  create unique index identified_b on identified (b, a); alter table identified replica identity using index identified_b;
  insert into identified values (1, 1, 1), (2, 1, 1);`

const meddledNamed = `delete from finding; delete from code where label = 'first'; update identified set person = 2 where a = 2;`

const partTables = ['event_1', 'event_rest', 'only scan', 'only deep_scan', 'only keyed_scan', 'only keyed_deep_scan']
const tables = ['reading', ...partTables, 'code', 'finding', 'identified']

test('INV-915 rows without a key come back as many as there were and each into its own table, those of others stay, and undo is exact', async () => {
  const { run, rows, wanted } = await made('counted', `${readings} ${parts} ${named}`)
  const all = async (where: string) => await Promise.all(tables.map((table) => rows(table, table === 'code' ? 'true' : where)))
  const past = await all('person = 1')
  await run(`${meddledReadings} ${meddledParts} ${meddledNamed}`)
  const [now, others] = [await all('true'), await all('person <> 1 and $$identified$$ <> t.tableoid::regclass::text')]
  const undecided = await world.plan(wanted)
  const open = undecided.changeSet.tables.flatMap(({ table, open: waiting }) =>
    waiting.map((one) => [table, one.class, one.count, one.first]),
  )
  assert.deepEqual(open, [
    ['code', 'parent-missing', 1, [['(A,first)']]],
    ['identified', 'elsewhere', 1, [['1', '2']]],
  ])
  await assert.rejects(world.apply(undecided), ({ code, message }: { code: string; message: string }) => {
    assert.deepEqual([code, message.includes('first key')], ['ENTITY_POLICY', false])
    return true
  })

  const planned = await world.plan({ ...wanted, policy: { parents: 'backup', conflicts: 'backup' } })
  const table = planned.changeSet.tables.find(({ table: name }) => name === 'reading')!
  const { unchanged, insert, update, delete: came } = table.found
  assert.deepEqual([table.key, unchanged, insert, update, came], [[], 6, 5, 0, 4])
  assert.match(planned.changeSet.warnings.join('\n'), /public.reading has no key/)
  const page = await readChangedRows(planned.folder, table, { part: 'written', from: 0, limit: 100 })
  assert.deepEqual(
    page.rows.map(({ key }) => key.length).filter((width) => width > 0),
    [],
  )
  const values = page.rows.map(({ action, fields }) => JSON.stringify([action, fields[2]!.before, fields[2]!.after]))
  const since = ['["delete","2.5",null]', '["delete","3",null]', '["delete","3",null]', '["delete","9",null]']
  const back = ['["insert",null,"1"]', '["insert",null,"1"]', '["insert",null,"2"]', '["insert",null,"NaN"]', '["insert",null,"NaN"]']
  assert.deepEqual(values.toSorted(), [...since, ...back])
  const { applied } = await world.apply(planned)
  assert.equal(
    applied?.rows,
    planned.changeSet.tables.reduce((sum, { inserts, updates, deletes }) => sum + inserts + updates + deletes, 0),
  )
  assert.deepEqual(await all('person = 1'), past)
  assert.deepEqual(
    await all('person <> 1 and $$identified$$ <> t.tableoid::regclass::text'),
    others.map((found, at) => (tables[at] === 'code' ? past[at]! : found)),
  )
  await world.undo(planned)
  assert.deepEqual(await all('true'), now)
})

test('INV-916 one more or one less of equal rows, and neither a plan nor an undo is carried out; rows written since are kept if somebody wants it', async () => {
  const { run, rows, wanted } = await made(
    'stale',
    "create table log (person int references person, line text); insert into log values (1, 'a'), (1, 'a'), (1, 'b')",
  )
  await run("delete from log where ctid = (select max(ctid) from log where line = 'a'); insert into log values (1, 'c'), (1, 'c')")
  const now = await rows('log')
  for (const [change, back] of [
    ["insert into log values (1, 'a')", "delete from log where ctid = (select max(ctid) from log where line = 'a')"],
    ["delete from log where ctid = (select max(ctid) from log where line = 'c')", "insert into log values (1, 'c')"],
  ] as const) {
    const stale = await world.plan(wanted)
    await run(change)
    const changed = await rows('log')
    await assert.rejects(world.apply(stale), { code: 'PLAN_STALE' })
    assert.deepEqual(await rows('log'), changed)
    await run(back)
  }
  const planned = await world.plan(wanted)
  await world.apply(planned)
  assert.deepEqual(await rows('log'), ['(1,a)', '(1,a)', '(1,b)'])
  await run("insert into log values (1, 'a')")
  await assert.rejects(world.undo(planned), { code: 'ENTITY_UNDO_CONFLICT' })
  assert.equal((await rows('log')).length, 4)
  await run("delete from log where ctid = (select min(ctid) from log where line = 'a')")
  await world.undo(planned)
  assert.deepEqual(await rows('log'), now)

  const kept = await world.plan({ ...wanted, policy: { added: 'live' } })
  assert.deepEqual([kept.changeSet.tables.find(({ table }) => table === 'log')?.deletes, kept.changeSet.loss], [0, []])
  const single = { policy: { rows: [{ schema: 'public', table: 'log', key: ['1'], take: 'live' as const }] } }
  await assert.rejects(world.plan({ ...wanted, ...single }), { code: 'ENTITY_CHOICE' })
})

test('INV-915 INV-916 with a column added since, an undo takes the rows that the restore wrote and no equal ones', async () => {
  const { run, rows, wanted } = await made(
    'drift',
    `create table log (person int references person, line varchar(20), gone int, amount numeric(8, 2));
     insert into log select 1, 'a', 1, 1 from generate_series(1, 3); insert into log values (1, 'b', 2, 2)`,
  )
  await run(`delete from log where ctid in (select ctid from log where line = 'a' limit 2); delete from log where line = 'b';
    alter table log drop column gone, add column source text default 'unknown', alter column amount type numeric(10, 4);
    update log set source = 'device'; insert into log values (2, 'a', 1, 'other'), (1, 'c', 3, 'since')`)
  const now = await rows('log')
  const planned = await world.plan(wanted)
  await world.apply(planned)
  const restored = ['(1,a,1.0000,device)', '(1,a,1.0000,unknown)', '(1,a,1.0000,unknown)', '(1,b,2.0000,unknown)', '(2,a,1.0000,other)']
  assert.deepEqual(await rows('log'), restored)
  await world.undo(planned)
  assert.deepEqual(await rows('log'), now)

  const again = await world.plan(wanted)
  await world.apply(again)
  await run(
    "update log set source = 'unknown' where source = 'device'; update log set source = 'seen' where ctid = (select min(ctid) from log where line = 'a' and source = 'unknown')",
  )
  await assert.rejects(world.undo(again), { code: 'ENTITY_UNDO_CONFLICT' })
})
