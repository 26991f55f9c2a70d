import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemSettingsSchema } from '#base/settings.ts'
import type { BackupId } from '#base/ids.ts'
import type { ChangePolicy } from '#engine/entities/change-set.ts'
import { readChangedRows, type ChangedRow, type RowPart } from '#engine/entities/changed-rows.ts'
import { EntityWorld, type Planned } from '#test/support/entity-world.ts'

/** The keys of `note` are of types whose text, by a cast, is not what COPY writes. */
const schema = `
  create table ward (code text primary key);
  create table person (id int primary key, mrn text not null unique, ward text references ward, name text, tel text unique);
  create table note (person int not null references person, is_open bool, host inet, letter char(4), body text, primary key (is_open, host, letter));
  insert into ward values ('A'), ('B');
  insert into person values (1, 'M1', 'A', 'Ann', '1'), (2, 'M2', 'B', 'Bob', '2');
  insert into note select 1, g % 2 = 0, ('10.0.0.' || g)::inet, 'n' || g, 'note ' || g from generate_series(1, 5) g;`

const settings = systemSettingsSchema.parse({ entities: { kinds: { person: { table: 'person', key: 'mrn' } } } })

let world: EntityWorld
let backup: BackupId
before(async () => {
  world = await EntityWorld.make()
  await world.cluster.createDatabase('original')
  await world.cluster.psql('original', schema)
  backup = await world.backUp('original')
  await world.cluster.psql(
    'original',
    `update note set body = 'edited' where letter in ('n1', 'n2');
     update note set person = 2 where letter = 'n3';
     delete from note where letter = 'n4';
     update person set tel = null, name = 'Anna', ward = 'B' where id = 1;
     update person set tel = '1' where id = 2;
     delete from ward where code = 'A';`,
  )
})
after(() => world[Symbol.asyncDispose]())

const sql = async (text: string) => (await world.cluster.psql('original', text)).trim()
const plan = (policy: Partial<ChangePolicy> = {}) =>
  world.plan({ database: 'original', backup, settings, entities: [{ kind: 'person', key: 'M1' }], policy })

async function rowsOf({ changeSet, folder }: Planned, name: string, part: RowPart): Promise<readonly ChangedRow[]> {
  const table = changeSet.tables.find((one) => one.table === name)!
  return (await readChangedRows(folder, table, { part, from: 0, limit: 100 })).rows
}

const short = ({ action, class: found, key }: ChangedRow) => `${action} ${found ?? ''} ${key.map(String).join('|')}`
const note = (key: string[], take: 'backup' | 'live') => ({ schema: 'public', table: 'note', key, take })

test('every row that differs is shown: those that are written, and those that wait for a choice or stay, with both sides', async () => {
  const planned = await plan()
  assert.deepEqual((await rowsOf(planned, 'note', 'written')).map(short), [
    'update  f|10.0.0.1|n1  ',
    'update  t|10.0.0.2|n2  ',
    'insert  t|10.0.0.4|n4  ',
  ])
  const [elsewhere] = await rowsOf(planned, 'note', 'left')
  assert.equal(short(elsewhere!), 'open elsewhere f|10.0.0.3|n3  ')
  assert.deepEqual(elsewhere!.fields[0], { before: '2', after: '1', isChanged: true })
  const open = planned.changeSet.tables.find(({ table }) => table === 'note')!.open
  assert.deepEqual(open, [{ class: 'elsewhere', count: 1, first: [['f', '10.0.0.3', 'n3  ']] }])
  assert.deepEqual((await rowsOf(planned, 'ward', 'left')).map(short), ['open parent-missing A'])
  const person = planned.changeSet.tables.find(({ table }) => table === 'person')!
  assert.deepEqual(person.clashes, [{ index: 'person_tel_key', columns: ['tel'], count: 1, first: [{ row: ['1'], live: ['2'] }] }])
})

test('a row is chosen by the key that is shown of it, whatever its type; what is kept is shown as kept', async () => {
  const decided = await plan({
    parents: 'backup',
    tables: [{ schema: 'public', table: 'person', changed: { columns: ['name', 'ward'] } }],
    rows: [note(['f', '10.0.0.1', 'n1  '], 'live'), note(['f', '10.0.0.3', 'n3  '], 'backup'), note(['t', '10.0.0.4', 'n4  '], 'live')],
  })
  assert.deepEqual((await rowsOf(decided, 'note', 'written')).map(short), ['update  f|10.0.0.3|n3  ', 'update  t|10.0.0.2|n2  '])
  assert.deepEqual((await rowsOf(decided, 'note', 'left')).map(short), ['keep update f|10.0.0.1|n1  ', 'keep insert t|10.0.0.4|n4  '])
  assert.equal(decided.changeSet.tables.find(({ table }) => table === 'note')!.chosenRows, 3)
  assert.deepEqual(decided.changeSet.warnings, [])
  const before = await sql('select * from person order by id')
  await world.apply(decided)
  assert.equal(await sql('select * from person order by id'), '1|M1|A|Ann|\n2|M2|B|Bob|1')
  assert.equal(
    await sql("select string_agg(letter || ' of ' || person || ' ' || body, ', ' order by letter) from note"),
    'n1 of 1 edited, n2 of 1 note 2, n3 of 1 note 3, n5 of 1 note 5',
  )
  await world.undo(decided)
  assert.equal(await sql('select * from person order by id'), before)
})

test('columns that are merged may leave a row as it is; it is shown as kept', async () => {
  const planned = await plan({ tables: [{ schema: 'public', table: 'note', changed: { columns: ['host'] } }] })
  assert.deepEqual((await rowsOf(planned, 'note', 'left')).map(short), [
    'keep update f|10.0.0.1|n1  ',
    'open elsewhere f|10.0.0.3|n3  ',
    'keep update t|10.0.0.2|n2  ',
  ])
})

test('a choice that means nothing is refused by its table and column, and none by a key', async () => {
  const table = { schema: 'public', table: 'note' }
  for (const [policy, fact] of [
    [{ tables: [{ ...table, table: 'nothing', changed: 'live' }] }, /public\.nothing, which the database has not/],
    [{ tables: [{ ...table, changed: { columns: ['body', 'bodies'] } }] }, /the column bodies of public\.note/],
    [{ tables: [{ ...table }, { ...table }] }, /more than one choice is made for the table public\.note/],
    [{ rows: [note(['secret'], 'live')] }, /the key of a row of public\.note has 3 columns, and a choice names 1/],
    [{ rows: [note(['t', 'secret', 'x'], 'live'), note(['t', 'secret', 'x'], 'backup')] }, /more than one choice is made for the same row/],
  ] as const satisfies readonly (readonly [Partial<ChangePolicy>, RegExp])[])
    await assert.rejects(plan(policy), (error: { code?: string; message: string }) => {
      assert.equal(error.code, 'ENTITY_CHOICE', error.message)
      assert.match(error.message, fact)
      assert.doesNotMatch(error.message, /secret/)
      return true
    })
  const vain = await plan({ rows: [note(['t', '10.0.0.99', 'none'], 'live'), note(['f', '10.0.0.5', 'n5  '], 'live')] })
  assert.deepEqual(vain.changeSet.warnings, ['2 choices for single rows name no row that differs'])
})
