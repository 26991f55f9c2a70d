import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { isFault } from '#base/fault.ts'
import { systemSettingsSchema } from '#base/settings.ts'
import { planOfDatabase } from '#engine/masking/plan-of-database.ts'
import { connect } from '#engine/sources/postgres/connection.ts'
import { inOneView } from '#engine/sources/postgres/reading-session.ts'
import { workplace } from '#test/support/command-line.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'

let cluster: TestCluster
before(async () => {
  cluster = await testCluster()
  await cluster.createDatabase('shop')
  await cluster.psql(
    'shop',
    `create type mood as enum ('good', 'bad');
     create domain code as varchar(10) not null;
     create collation loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
     create table person (id integer primary key, number bigint unique, name text not null unique, nick varchar(10), note text not null,
       status text not null default 'new', feeling mood, initials text generated always as (left(name, 1)) stored, born date,
       pin char(4), amount numeric, loose text collate loose, label code default 'x', code text unique, seen timestamptz not null default now());
     create table visit (id bigint primary key, person_id integer references person, person_name text references person (name), on_day date, big bigint,
       code text not null references person (code));
     create table follow_up (id integer primary key, visit_id bigint references visit, done date);
     create table event (id integer, region text, primary key (id, region)) partition by list (region);
     create table event_a partition of event for values in ('a');
     create table parent (id integer, secret text, seen_on date);
     create table child (more text) inherits (parent);
     create table loop (id integer primary key, other integer references loop);
     insert into person (id, number, name, note, code) values (1, 1, 'Ada', 'a note', 'c1');
     insert into visit (id, person_id, person_name, on_day, code) values (1, 1, 'Ada', '2024-01-01', 'c1');`,
  )
})
after(() => cluster.stop())

interface Named {
  readonly table: string
  readonly column: string
  readonly mask: string
}

async function planned(masks: object, entities: object = {}) {
  const settings = systemSettingsSchema.parse({ masks, entities })
  await using connection = await connect(cluster.target('shop'))
  return await inOneView(connection, async () => {
    const { plan } = await planOfDatabase(connection, { masks: settings.masks!, entities: settings.entities }, 'main')
    return { plan, names: plan.columns.map(({ table, column, rule }) => `${table.name}.${column.name} ${rule.mask}`).sort() }
  })
}

const refusals: readonly [string, Named & Record<string, unknown>, RegExp][] = [
  ['NOT NULL', { table: 'person', column: 'note', mask: 'null' }, /person\.note cannot have the mask null: it is NOT NULL/],
  ['a default that is no constant', { table: 'person', column: 'seen', mask: 'exclude' }, /seen .*no default that is a constant/],
  ['an enum', { table: 'person', column: 'feeling', mask: 'hash' }, /feeling .*it is (public\.)?mood/],
  ['a generated column', { table: 'person', column: 'initials', mask: 'hash' }, /initials .*computes it from other columns/],
  [
    'too narrow a column',
    { table: 'person', column: 'nick', mask: 'hash' },
    /nick .*needs 16 characters, and character varying\(10\) holds 10; with keepsFormat/,
  ],
  ['a unique name', { table: 'person', column: 'code', mask: 'name' }, /code .*keeps its values unique/],
  [
    'a fixed value in a key',
    { table: 'person', column: 'code', mask: 'fixed', value: 'c' },
    /its values stand for others: public\.visit\.code refers to public\.person\.code/,
  ],
  [
    'a value that the type does not take',
    { table: 'person', column: 'feeling', mask: 'fixed', value: 'odd' },
    /invalid input value for enum/,
  ],
  ['a value too long', { table: 'person', column: 'pin', mask: 'fixed', value: '12345' }, /longer than character\(4\)/],
  ['a collation that takes different texts for equal', { table: 'person', column: 'loose', mask: 'hash' }, /collation/],
  ['no dates', { table: 'person', column: 'note', mask: 'shift', subject: ['id'] }, /text holds no dates/],
  ['no free text', { table: 'person', column: 'born', mask: 'text' }, /date holds no free text/],
  ['no text', { table: 'person', column: 'born', mask: 'name' }, /it is date, not text/],
  [
    'a subject that no key leads to',
    { table: 'visit', column: 'on_day', mask: 'shift', subject: ['big', 'id'] },
    /no foreign key of public\.visit stands on big alone/,
  ],
  ['a subject that is no column', { table: 'visit', column: 'on_day', mask: 'shift', subject: ['nobody'] }, /has no column nobody/],
  ['a key of partitions', { table: 'event', column: 'region', mask: 'hash' }, /region .*in which partition a row lies/],
  ['a domain that is NOT NULL', { table: 'person', column: 'label', mask: 'null' }, /label .*NOT NULL/],
]

for (const [why, rule, fact] of refusals) {
  test(`INV-927 ${why} is refused, with the table and the column`, async () => {
    await assert.rejects(planned({ columns: [rule] }), (error) => {
      assert.ok(isFault(error, 'MASK_REFUSED'), String(error))
      assert.match(error.message, fact)
      assert.equal(error.facts['column'], rule.column)
      return true
    })
  })
}

const mistakes: readonly [string, object, RegExp][] = [
  [
    'a table that is not there',
    { columns: [{ table: 'nobody', column: 'x', mask: 'null' }] },
    /masks\.columns\.0: there is no table public\.nobody/,
  ],
  [
    'a column that is not there',
    { columns: [{ table: 'person', column: 'x', mask: 'null' }] },
    /masks\.columns\.0: the table public\.person has no column x/,
  ],
  ['a partition', { columns: [{ table: 'event_a', column: 'id', mask: 'hash' }] }, /it is a partition/],
  [
    'a column that is named twice',
    { columns: [1, 2].map(() => ({ table: 'person', column: 'note', mask: 'text' })) },
    /masks\.columns\.1: public\.person\.note is named twice/,
  ],
  [
    'two masks for what is linked',
    {
      columns: [
        { table: 'person', column: 'code', mask: 'hash' },
        { table: 'visit', column: 'code', mask: 'hash', keepsFormat: true },
      ],
    },
    /in two ways/,
  ],
  [
    'two subjects for what is inherited',
    {
      columns: [
        { table: 'parent', column: 'seen_on', mask: 'shift', subject: ['id'] },
        { table: 'child', column: 'seen_on', mask: 'shift', subject: ['more'] },
      ],
    },
    /child\.seen_on would be masked in two ways/,
  ],
]

for (const [what, masks, fact] of mistakes) {
  test(`${what} is refused, with the place in the settings`, async () => {
    await assert.rejects(planned(masks), (error) => isFault(error, 'MASK_SETTINGS') && fact.test(error.message))
  })
}

test('INV-921 a mask goes along every link, through any number of them, and ends where a reference becomes NULL', async () => {
  assert.deepEqual((await planned({ columns: [{ table: 'visit', column: 'person_id', mask: 'hash' }] })).names, [
    'person.id hash',
    'visit.person_id hash',
  ])
  assert.deepEqual((await planned({ columns: [{ table: 'loop', column: 'id', mask: 'hash' }] })).names, ['loop.id hash', 'loop.other hash'])
  assert.deepEqual((await planned({ columns: [{ table: 'parent', column: 'secret', mask: 'text' }] })).names, [
    'child.secret text',
    'parent.secret text',
  ])
  const ended = [
    { table: 'person', column: 'name', mask: 'hash' },
    { table: 'visit', column: 'person_name', mask: 'null' },
  ]
  assert.deepEqual((await planned({ columns: ended })).names, ['person.name hash', 'visit.person_name null'])
})

test('INV-921 columns that are linked and of types in which equal is written otherwise are refused', async () => {
  const virtual = [{ table: 'visit', columns: ['big'], ofTable: 'person', ofColumns: ['id'] }]
  await assert.rejects(
    planned({ columns: [{ table: 'person', column: 'id', mask: 'hash' }] }, { virtual }),
    (error) => isFault(error, 'MASK_REFUSED') && /visit\.(big|person_id).*linked with/.test(error.message),
  )
})

test('a column that may not be NULL is excluded by its constant default', async () => {
  const { plan } = await planned({ columns: [{ table: 'person', column: 'status', mask: 'exclude' }] })
  assert.deepEqual(
    plan.columns.map(({ mask }) => mask),
    [{ kind: 'constant', text: 'new' }],
  )
})

test('rows that others refer to are left out only with them', async () => {
  await assert.rejects(
    planned({ excludedTables: [{ table: 'visit' }] }),
    (error) => isFault(error, 'MASK_REFUSED') && /follow_up\.visit_id refers to them/.test(error.message),
  )
  assert.equal((await planned({ excludedTables: [{ table: 'visit' }, { table: 'follow_up' }] })).plan.excluded.length, 2)
  const nulled = { excludedTables: [{ table: 'visit' }], columns: [{ table: 'follow_up', column: 'visit_id', mask: 'null' }] }
  assert.deepEqual((await planned(nulled)).names, ['follow_up.visit_id null'])
})

test('INV-927 INV-928 what cannot be masked ends the backup with a clear fault, nothing stored, and no key in what is said', async () => {
  await using place = await workplace()
  await place.expect(0, 'repository', 'create')
  const settings = place.file('settings.json')
  const words = ['backup', '--system', 'shop', '--database', `main=${cluster.url('shop')}`, '--settings', settings, '--masked']
  const refusedBy = async (masks: object | undefined, ...more: readonly string[]) => {
    await writeFile(settings, JSON.stringify(masks ? { masks } : {}))
    const { exitCode, stderr } = await place.integrum(...words, ...more)
    return `${exitCode} ${stderr}`
  }
  assert.match(await refusedBy(undefined), /^2 .*MASK_SETTINGS: the settings have no masks/s)
  assert.match(
    await refusedBy({ columns: [{ table: 'person', column: 'note', mask: 'null' }] }),
    /^2 .*MASK_REFUSED: public\.person\.note/s,
  )
  assert.match(await refusedBy({ keptRoots: ['documents'] }), /^2 .*MASK_SETTINGS: masks\.keptRoots/s)
  assert.match(await refusedBy({ columns: [{ table: 'person', column: 'note', mask: 'blur' }] }), /^2 .*masks\.columns\.0/s)
  const key = place.file('key')
  await writeFile(key, 'secret-and-short')
  const short = await refusedBy({ columns: [] }, '--mask-key-file', key)
  assert.match(short, /^2 .*MASK_KEY: the mask key in .* has 16 characters, it needs 32/s)
  assert.ok(!short.includes('secret-and-short'))
  // A value that keeps no form is met while rows flow.
  await cluster.psql('shop', `update person set note = 'ก-1'`)
  const met = await refusedBy({ columns: [{ table: 'person', column: 'note', mask: 'hash', keepsFormat: true }] })
  assert.match(met, /^1 .*MASK_VALUE: public\.person\.note: /s)
  assert.ok(!met.includes('ก'))
  assert.deepEqual((await place.expect(0, 'backups', 'list')).json['backups'], [])
})
