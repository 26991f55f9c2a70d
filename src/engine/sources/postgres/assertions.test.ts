import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isFault } from '#base/fault.ts'
import { allAssertions } from './ready-assertions.ts'
import { assertionSchema, systemSettingsSchema, type Expectation } from '#base/settings.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { runAssertion } from './assertions.ts'
import { sequenceAssertions } from './sequence-assertions.ts'

let cluster: TestCluster

before(async () => {
  cluster = await testCluster()
  await cluster.createDatabase('clinic')
  await cluster.psql(
    'clinic',
    `create table patient (id int generated always as identity primary key, name text, seen_at timestamptz);
     insert into patient (name, seen_at) select 'Smith ' || g, '2026-03-01T10:00:00+02' from generate_series(1, 40) g`,
  )
})
after(() => cluster.stop())

const instant = '2026-03-01T12:00:00.000Z'

function asserted(sql: string, expect: Expectation = true, timeoutMs = 60_000, signal?: AbortSignal) {
  const assertion = assertionSchema.parse({ name: 'one', sql, expect, timeoutMs })
  return runAssertion({ target: cluster.target('clinic'), name: 'main', instant }, assertion, signal)
}

test('one value is compared with what is expected: a truth, a number, a text, bounds, a time before the capture', async () => {
  const cases: readonly (readonly [string, Expectation, boolean])[] = [
    ['select count(*) = 40 from patient', true, true],
    ['select count(*) = 41 from patient', true, false],
    ['select exists (select from patient where name is null)', false, true],
    ['select count(*) from patient', 40, true],
    ['select count(*)::numeric from patient', 40, true],
    ['select count(*) from patient', 41, false],
    ['select count(*) from patient; -- with an end of its own', { atLeast: 40 }, true],
    ['select count(*) from patient', { atLeast: 41 }, false],
    ['select count(*) from patient', { atMost: 39 }, false],
    ['select count(*) from patient', { atLeast: 1, atMost: 100 }, true],
    ['select last_value >= (select max(id) from patient) from patient_id_seq', true, true],
    ["select 'release ' || 7", 'release 7', true],
    ["select 'release 8'", 'release 7', false],
    ['select 7', '7', false],
    ['select max(seen_at) from patient', { within: '4h' }, true],
    ['select max(seen_at) from patient', { within: '3h' }, false],
    ["select timestamp '2026-03-01 11:59:59.5'", { within: '1s' }, true],
    ["select date '2026-02-27'", { within: '2d' }, false],
    ['select count(*) from patient', { within: '1d' }, false],
  ]
  for (const [sql, expect, holds] of cases) {
    const { outcome } = await asserted(sql, expect)
    assert.equal(outcome, holds ? 'holds' : 'fails', `${sql} ${JSON.stringify(expect)}`)
  }
})

test('what was found stands in the result, but never a text, which may be about a patient', async () => {
  assert.deepEqual(await asserted('select count(*) from patient', 41), {
    name: 'one',
    database: 'main',
    expect: 41,
    outcome: 'fails',
    found: 40,
    fact: 'it returned 40',
  })
  assert.equal((await asserted('select max(seen_at) from patient', { within: '4h' })).found, '2026-03-01T08:00:00.000Z')
  const text = await asserted('select name from patient limit 1', 'Miller')
  assert.deepEqual([text.found, text.fact], [null, 'it returned another text'])
  const quoting = await asserted('select name::int from patient limit 1', 1)
  assert.deepEqual([quoting.outcome, quoting.fact], ['refused', 'the server refused it with SQLSTATE 22P02'])
})

test('what does not return one row with one value is refused, however many it would return', async () => {
  for (const sql of [
    'select id from patient',
    'select 1, 2',
    'select 1 where false',
    'select null',
    'select 1 from patient a, patient b, patient c, patient d, patient e, patient f',
  ]) {
    const { outcome, fact } = await asserted(sql)
    assert.deepEqual([outcome, fact], ['refused', 'it did not return one row with one value'], sql)
  }
})

test('an assertion writes nothing, runs one statement, and ends in its time', async () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['selekt 1', /syntax error/],
    ['select count(*) from patients', /relation "patients" does not exist/],
    ['delete from patient returning true', /syntax error/],
    [
      'with gone as (delete from patient returning 1) select count(*) = 40 from gone',
      /DECLARE CURSOR must not contain data-modifying|read-only/,
    ],
    ["select setval('patient_id_seq', 1) = 1", /read-only transaction/],
    ["select set_config('transaction_read_only', 'off', true) = 'off'", /transaction read-write mode/],
    ['select true; commit; delete from patient', /multiple commands/],
  ]
  for (const [sql, pattern] of wrong) {
    const { outcome, fact } = await asserted(sql)
    assert.equal(outcome, 'refused', sql)
    assert.match(fact ?? '', pattern)
  }
  const slow = await asserted('select pg_sleep(600) is not null', true, 50)
  assert.deepEqual([slow.outcome, slow.fact], ['refused', 'it took longer than it may'])
  assert.equal((await cluster.psql('clinic', 'select count(*), max(id) from patient')).trim(), '40|40')
  assert.equal((await cluster.psql('clinic', 'select last_value from patient_id_seq')).trim(), '40')
})

test('an abort cuts a running assertion off', async () => {
  const stop = new AbortController()
  const running = asserted('select pg_sleep(600) is not null', true, 600_000, stop.signal)
  const isRunning = "select exists (select from pg_stat_activity where query ~ '^fetch' and state = 'active')"
  while ((await cluster.psql('clinic', isRunning)).trim() !== 't');
  stop.abort()
  await assert.rejects(running, (error) => isFault(error, 'CANCELLED'))
})

test('sequences of columns are found, and one whose next number is taken already does not hold', async () => {
  await cluster.createDatabase('numbered')
  await cluster.psql(
    'numbered',
    `create table "Odd name" (id serial primary key); insert into "Odd name" select from generate_series(1, 3);
     create table untouched (id bigint generated by default as identity);
     create table behind (id int generated by default as identity); insert into behind values (1);
     create table down (id serial); alter sequence down_id_seq increment -1 minvalue -9 start -1 restart; insert into down values (5);
     create sequence of_nobody`,
  )
  const place = { target: cluster.target('numbered'), name: 'main', instant }
  const asked = await sequenceAssertions(place)
  const results = await Promise.all(asked.map((assertion) => runAssertion(place, assertion)))
  assert.deepEqual(
    results.map(({ name, outcome }) => [name, outcome]),
    [
      ['sequence public.Odd name_id_seq is above public.Odd name.id', 'holds'],
      ['sequence public.behind_id_seq is above public.behind.id', 'fails'],
      ['sequence public.untouched_id_seq is above public.untouched.id', 'holds'],
    ],
  )
})

test('ready assertions hold, and fail, in a real database', async () => {
  await cluster.createDatabase('ready')
  await cluster.psql(
    'ready',
    `create table patient (id int primary key); insert into patient values (1), (2);
     create table visit (patient_id int, at timestamptz); insert into visit values (1, '2026-03-01T10:00:00Z'), (null, null)`,
  )
  const orphans = { kind: 'no-orphans', table: 'visit', column: 'patient_id', ofTable: 'patient' }
  const newest = { kind: 'newest', table: 'visit', column: 'at' }
  const asked = [{ kind: 'count', table: 'patient', atLeast: 2 }, { kind: 'count', table: 'patient', atLeast: 3 }, orphans]
  const outcomes = async (readyAssertions: unknown[]) => {
    const place = { target: cluster.target('ready'), name: 'main', instant }
    const all = allAssertions(systemSettingsSchema.parse({ readyAssertions }))
    return await Promise.all(all.map(async (assertion) => (await runAssertion(place, assertion)).outcome))
  }
  assert.deepEqual(await outcomes([...asked, newest, { ...newest, within: '1h' }]), ['holds', 'fails', 'holds', 'holds', 'fails'])
  await cluster.psql('ready', `insert into visit values (3, now())`)
  assert.deepEqual(await outcomes([orphans]), ['fails'])
})
