import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { isFault } from '#base/fault.ts'
import { entityModelSchema } from '#base/settings.ts'
import { run } from '#host/run.ts'
import { largestPack, packsOf } from '#test/support/doubt.ts'
import { historyWorld, rebuilt, type HistoryWorld } from '#test/support/history-world.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { newSeed, type Seed } from '#test/support/seed.ts'
import { workshop, type Workshop } from '#test/support/workshop.ts'

let cluster: TestCluster
let shop: Workshop
before(async () => {
  cluster = await testCluster()
  shop = await workshop()
})
after(async () => {
  await cluster.stop()
  await shop[Symbol.asyncDispose]()
})

/** Composite keys, partitions, rows without a key, a cycle, rows that name several tables, texts that COPY escapes. */
const schema = `
  create table account (id text primary key, owner text);
  create table item (account_id text references account on delete cascade, no int, label text, content text, primary key (account_id, no));
  create table part (id int primary key, account_id text, item_no int, weight numeric,
    foreign key (account_id, item_no) references item on delete cascade on update cascade) partition by range (id);
  create table part_low partition of part for values from (minvalue) to (40);
  create table part_high (weight numeric, item_no int, account_id text, id int not null);
  alter table part attach partition part_high for values from (40) to (maxvalue);
  create table note (account_id text not null references account on delete cascade, body text);
  create table tree (id int primary key, account_id text references account on delete set null, parent int references tree on delete set null);
  create table mark (target_type text, target_id text, word text);`

const settings = entityModelSchema.parse({
  kinds: { account: { table: 'account', key: 'id' } },
  references: [{ table: 'tree', columns: ['parent'], ownership: 'own' }],
  polymorphic: [{ table: 'mark', typeColumn: 'target_type', idColumn: 'target_id', targets: { account: { table: 'account' } } }],
})

const accounts = ['plain', 'tab\there', '\\N', 'ü "two"\nlines\\', 'x'.repeat(700)]
const literal = (text: string) =>
  `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n').replaceAll('\t', '\\t')}'`

function conditionsOf(key: string): Record<string, string> {
  const id = literal(key)
  return {
    'public.account': `id = ${id}`,
    'public.item': `account_id = ${id}`,
    'public.part': `account_id = ${id} and item_no is not null`,
    'public.note': `account_id = ${id}`,
    'public.tree': `id in (with recursive own as (select id from tree where account_id = ${id}
      union select tree.id from tree join own on parent = own.id) select id from own)`,
    'public.mark': `target_type = 'account' and target_id = ${id}`,
  }
}

function randomChange(seed: Seed): string {
  const account = () => literal(seed.oneOf(accounts))
  const number = () => seed.below(80)
  const long = () => `repeat('${seed.oneOf(['a', 'bc'])}', ${seed.oneOf([3, 9_000, 700_000])})`
  return seed.oneOf([
    () => `insert into account values (${account()}, 'o${number()}') on conflict (id) do update set owner = excluded.owner`,
    () => `insert into item select id, ${number()}, 'l', ${long()} from account where id = ${account()} on conflict do nothing`,
    () => `insert into item select id, ${number()}, 'l', null from account on conflict do nothing`,
    () => `update item set content = ${long()} where no = (select no from item order by random() limit 1)`,
    () => `update item set no = no + 100 where no = (select max(no) from item where no < 100)`,
    () => `insert into part select ${number()}, account_id, no, random() from item order by random() limit 1 on conflict do nothing`,
    () => `update part set item_no = null where id % 7 = ${seed.below(7)}`,
    () => `delete from part where id < ${number()}`,
    () => `insert into note select id, 'b${seed.below(3)}' from account, generate_series(1, ${seed.below(3)})`,
    () => `delete from note where body = 'b${seed.below(3)}' and account_id = ${account()}`,
    () => `insert into tree select ${number()}, (select id from account where id = ${account()}), null on conflict do nothing`,
    () => `insert into tree select ${number()} + 100, null, (select min(id) from tree where id < ${number()}) on conflict do nothing`,
    () => `update tree set parent = (select max(id) from tree) where id = (select min(id) from tree)`,
    () => `insert into mark values ('${seed.oneOf(['account', 'other'])}', ${account()}, 'w${number()}')`,
    () => `delete from account where id = ${account()}`,
    () => `vacuum full ${seed.oneOf(['item', 'part_high', 'note'])}`,
  ])()
}

test('INV-930 INV-932 random rows of composite, partitioned, keyless and cyclic tables are followed through random changes', async () => {
  const seed = newSeed()
  console.log(`SWEEP_SEED=${seed.value}`)
  await cluster.createDatabase('random')
  await cluster.psql('random', schema)
  const world = await historyWorld(cluster, 'random', shop.at('random'))
  const expected: Record<string, (typeof world.expected)[number]>[] = []
  for (let round = 0; round < 6; round += 1) {
    await cluster.psql('random', Array.from({ length: 25 }, () => randomChange(seed)).join(';\n'))
    const now: (typeof expected)[number] = {}
    for (const key of accounts) now[key] = await world.stateOf(conditionsOf(key))
    expected.push(now)
    await world.backUp({})
  }
  for (const key of accounts) {
    if (!expected.some((now) => now[key]!['public.account'])) {
      await assert.rejects(world.history('account', key, settings), (error) => isFault(error, 'ENTITY_UNKNOWN'))
      continue
    }
    const history = await world.history('account', key, settings)
    for (const [index, now] of expected.entries()) {
      const rows = now[key]!['public.account'] ? now[key] : {}
      assert.deepEqual(rebuilt(history, history.backups[index]!.id), rows, `account ${JSON.stringify(key.slice(0, 20))} in backup ${index}`)
    }
  }
})

async function smallWorld(name: string, backups: readonly string[]): Promise<HistoryWorld> {
  await cluster.createDatabase(name)
  await cluster.psql(name, schema)
  const world = await historyWorld(cluster, name, shop.at(name))
  for (const change of backups) {
    await cluster.psql(name, change)
    await world.backUp({})
  }
  return world
}

test('INV-931 INV-932 what a schema did not have, or a backup does not hold, is told as such, and never as rows that went', async () => {
  const world = await smallWorld('told', [
    "insert into account values ('a', 'first'); insert into note values ('a', 'n'); alter table note drop constraint note_account_id_fkey",
    "alter table note add foreign key (account_id) references account on delete cascade; create table extra (id int primary key, account_id text not null references account); insert into extra values (1, 'a')",
    'alter table account rename owner to holder',
    'drop table extra',
  ])
  const history = await world.history('account', 'a', settings)
  const moments = (table: string) => history.tables.find((one) => one.table === table)!.moments
  // No reference said in the first backup that a note belongs to an account.
  assert.deepEqual(
    moments('note').map(({ rows }) => rows),
    [0, 1, 1, 1],
  )
  assert.deepEqual(
    moments('extra').map(({ rows }) => rows),
    [0, 1, 1, 0],
  )
  assert.deepEqual(moments('account')[2]!.columnsAdded, ['holder'])
  assert.deepEqual(moments('account')[2]!.columnsRemoved, ['owner'])
  assert.deepEqual(history.rows[0]!.events.at(-1)!.fields, [
    { column: 'holder', to: 'first' },
    { column: 'owner', from: 'first' },
  ])
  await cluster.psql('told', 'delete from note')
  await world.backUpOthers(shop.folder, { schema: 'public', table: 'account' })
  const later = await world.history('account', 'a', settings)
  assert.deepEqual(
    later.backups.map(({ leftOut }) => leftOut),
    [null, null, null, null, 'no-database', 'not-whole', 'not-whole'],
  )
  assert.deepEqual(later.rows, history.rows)
})

test('INV-933 a kind or a key that no backup has, and a key of odd bytes, are said without the key', async () => {
  const world = await smallWorld('faults', ["insert into account values ('a', 'first')"])
  const words = [...(await world.repositoryWords()), '--settings', shop.at('settings.json')]
  await writeFile(shop.at('settings.json'), JSON.stringify({ entities: settings }))
  const ask = async (input: string | Uint8Array) =>
    await run('bin/integrum', ['history', '--entity', '-', ...words], { input, env: { ...process.env, NODE_V8_COVERAGE: '' } })
  const faults = [
    ['account=secret-key\n', /ENTITY_UNKNOWN: in none of 1 backups is a record of kind account with that key/],
    ['patient=secret-key\n', /ENTITY_UNKNOWN: no backup has a kind patient \(known: account\)/],
    ['account=secret-key\u0000\n', /ENTITY_KEY: a key has characters, and none of them is null/],
    [Buffer.from('account=secret-key\xff\n', 'latin1'), /ENTITY_KEY: standard input is not UTF-8/],
    ['account\n', /USAGE: an entity is written KIND=KEY/],
    ['account=a\naccount=secret-key\n', /USAGE: give one record/],
  ] as const
  for (const [input, fact] of faults) {
    const { exitCode, stderr, stdout } = await ask(input)
    assert.equal(exitCode, 2, stderr)
    assert.match(stderr, fact)
    assert.ok(!(stderr + stdout).includes('secret-key'), stderr)
  }
})

test('INV-931 a backup that is damaged where the record is, is named and left out, and the command ends with 3', async () => {
  const filler = "insert into note select 'a', md5(i::text) || repeat(md5((-i)::text), 20) from generate_series(1, 4000) i"
  const world = await smallWorld('damaged', ["insert into account values ('a', 'first')"])
  const before = await packsOf(world.place)
  await cluster.psql('damaged', `${filler}; update account set owner = 'second'`)
  await world.backUp({})
  const pack = await largestPack(world.place, before)
  await cluster.psql('damaged', "delete from note; update account set owner = 'third'")
  await world.backUp({})
  const bytes = await readFile(pack)
  bytes[bytes.length >> 2]! ^= 1
  await writeFile(pack, bytes)

  const history = await world.history('account', 'a', settings)
  assert.deepEqual(
    history.backups.map(({ leftOut }) => leftOut),
    [null, 'damaged', null],
  )
  assert.equal(history.isDamaged, true)
  assert.deepEqual(
    history.rows[0]!.events.map(({ kind, backup, since }) => [kind, backup, since]),
    [
      ['appeared', history.backups[0]!.id, null],
      ['changed', history.backups[2]!.id, history.backups[0]!.id],
    ],
  )
  await writeFile(shop.at('damaged.json'), JSON.stringify({ entities: settings }))
  const words = ['history', 'account=a', '--settings', shop.at('damaged.json'), ...(await world.repositoryWords())]
  const told = await run('bin/integrum', words, { env: { ...process.env, NODE_V8_COVERAGE: '' } })
  assert.equal(told.exitCode, 3, told.stderr)
  assert.match(told.stdout, new RegExp(`${history.backups[1]!.id}.*DAMAGED: `))
})
