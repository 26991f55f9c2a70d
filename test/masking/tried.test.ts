import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemSettingsSchema } from '#base/settings.ts'
import { planOfDatabase } from '#engine/masking/plan-of-database.ts'
import { tryMasks } from '#engine/masking/try-masks.ts'
import { connect } from '#engine/sources/postgres/connection.ts'
import { inReadOnlyView } from '#engine/sources/postgres/reading-session.ts'
import { workplace } from '#test/support/command-line.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'

let cluster: TestCluster
before(async () => {
  cluster = await testCluster()
  await cluster.createDatabase('shop')
  await cluster.psql(
    'shop',
    `create domain ward_code as text check (value ~ '^[A-Z]{2}-[0-9]{3}$');
     create table called (n int);
     create function is_known(text) returns boolean language plpgsql as $$ begin insert into called values (1); return true; end $$;
     create domain inner_code as text check (is_known(value)); create domain outer_code as inner_code check (value <> 'x');
     create table held (code outer_code); insert into held values ('a');
     create table stay (id int primary key, "Ward" ward_code not null, ended text, began date not null, bed int not null, who int not null, note text,
       constraint "has Form" check (ended ~ '^[0-9]{4}$'), constraint later check (began > date '2000-01-01'), constraint known check (is_known(note)),
       constraint one_a_day unique (bed, began));
     create unique index lower_note on stay (lower(note));
     insert into stay select n, 'AB-' || 100 + n, 1000 + n, date '2024-01-01' + n, 1, n, 'note ' || n from generate_series(1, 300) n;
     create table log (id int, at timestamptz not null, level text check (level in ('a', 'b'))) partition by range (at);
     create table log_old partition of log for values from (minvalue) to ('2024-01-01');
     create table log_rest partition of log default;
     insert into log values (1, '2023-05-05', 'a'), (2, '2024-05-05', 'b');`,
  )
})
after(() => cluster.stop())

async function tried(columns: readonly object[]) {
  const { masks } = systemSettingsSchema.parse({ masks: { columns } })
  await using connection = await connect(cluster.target('shop'))
  return await inReadOnlyView(connection, async () => {
    const { plan } = await planOfDatabase(connection, { masks: masks! }, 'main')
    return await tryMasks(connection, plan, Buffer.alloc(32, 7))
  })
}

const stay = (column: string, mask: object) => ({ table: 'stay', column, ...mask })

const broken: readonly [string, readonly object[], RegExp][] = [
  ['a CHECK', [stay('ended', { mask: 'hash' })], /stay\.ended cannot have the mask hash: 300 of 300 rows .*CHECK has Form.*keepsFormat/],
  [
    'a domain',
    [stay('Ward', { mask: 'hash' })],
    /stay\.Ward cannot have the mask hash: its type public.ward_code does not take.*keepsFormat/,
  ],
  [
    'a key of several columns',
    [stay('began', { mask: 'shift', subject: ['who'] })],
    /stay\.began cannot have the mask shift: .*one_a_day.*daysMax/,
  ],
  [
    'a CHECK of a partition',
    [{ table: 'log', column: 'level', mask: 'name' }],
    /level cannot have the mask name: 1 of 1 rows .*public\.log_/,
  ],
]

for (const [what, columns, fact] of broken) {
  test(`INV-938 ${what} that masked rows would break is found, with what may do instead`, async () => {
    const { broken: found } = await tried(columns)
    assert.ok(found.length > 0)
    assert.match(found[0]!.message, fact)
    assert.equal(found[0]!.code, 'MASK_REFUSED')
    // No value, neither an original one nor a masked one.
    assert.doesNotMatch(found[0]!.message, /AB-1|note \d/)
  })
}

test('INV-938 what holds is found to hold, on all rows of small tables', async () => {
  const columns = [stay('ended', { mask: 'hash', keepsFormat: true }), stay('Ward', { mask: 'hash', keepsFormat: true })]
  const trial = await tried([...columns, stay('id', { mask: 'hash' })])
  assert.deepEqual(trial, { broken: [], untried: [], rows: 300, isAll: true })
})

test('INV-938 a function of the application is not called, and what was not tried is named', async () => {
  const { broken: found, untried } = await tried([stay('note', { mask: 'text' })])
  assert.deepEqual(found, [])
  assert.deepEqual(untried.toSorted(), [
    'the CHECK known of public.stay: it calls functions',
    'the unique key lower_note of public.stay: it is of expressions or of some rows alone',
  ])
  await cluster.psql('shop', `create table letter (body text); insert into letter values ('a'), (repeat('x', 9000))`)
  const long = await tried([{ table: 'letter', column: 'body', mask: 'hash' }])
  assert.deepEqual([long.rows, long.isAll], [1, false], 'what is too long is left out, and that is said')
  const below = await tried([{ table: 'held', column: 'code', mask: 'hash' }])
  assert.deepEqual(below.untried, ['the constraints of public.outer_code, the type of public.held.code: they call functions'])
  // As many as rows were inserted.
  assert.equal((await cluster.psql('shop', 'select count(*) from called')).trim(), '301')
})

test('INV-938 a masked backup ends with it before anything is stored, and a plan says it', async () => {
  await using place = await workplace()
  const { writeFile } = await import('node:fs/promises')
  await place.expect(0, 'repository', 'create')
  const settings = place.file('settings.json')
  await writeFile(settings, JSON.stringify({ masks: { columns: [stay('ended', { mask: 'hash' })] } }))
  const of = ['--database', `main=${cluster.url('shop')}`, '--settings', settings]
  assert.match(
    (await place.expect(2, 'backup', '--system', 'shop', ...of, '--masked')).stderr,
    /MASK_REFUSED: public\.stay\.ended .*has Form/,
  )
  assert.deepEqual((await place.expect(0, 'backups', 'list')).json['backups'], [])
  assert.match((await place.expect(2, 'masks', 'plan', ...of)).stderr, /BREAKS +public\.stay\.ended/)
})
