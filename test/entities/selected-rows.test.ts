import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { selectionSchema } from '#base/selection.ts'
import { systemSettingsSchema } from '#base/settings.ts'
import { selectionOrder } from '#engine/entities/select-rows.ts'
import { captureToDirectory, type CapturedDatabase } from '#test/support/captured-database.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { randomSchema, type RandomSchema } from '#test/support/random-schema.ts'
import { newSeed } from '#test/support/seed.ts'
import { sharedFolder } from '#test/support/shared.ts'

let cluster: TestCluster
before(async () => {
  cluster = await testCluster()
})
after(() => cluster.stop())

interface Asked {
  readonly settings?: object
  readonly selection: object
  /** In the capture's transaction, once what is selected was found. */
  readonly meanwhile?: () => Promise<void>
}

async function captured(database: string, { settings = {}, selection, meanwhile }: Asked): Promise<CapturedDatabase> {
  const order = selectionOrder(selectionSchema.parse(selection), systemSettingsSchema.parse(settings))
  const select = async (connection: Parameters<typeof order.find>[0]) => {
    const { rows } = await order.find(connection, 'main')
    await meanwhile?.()
    return rows
  }
  return await captureToDirectory({ name: 'main', target: cluster.target(database), select })
}

/** By PostgreSQL's own programs; every foreign key is made, and `counts.sql` compares. */
async function restored(capture: CapturedDatabase, database: string): Promise<void> {
  const { exitCode, stderr } = await capture.restore(cluster, database)
  assert.equal(exitCode, 0, stderr)
  assert.doesNotMatch(stderr, /violate/)
}

const rowsIn = async (database: string, table: string, condition = 'true') =>
  (await cluster.psql(database, `select t::text from ${table} t where ${condition} order by 1`)).split('\n').filter((line) => line !== '')

/** Tables of the copy hold rows of the original alone, and every reference of a row leads to one that is there. */
async function assertPartOf(part: string, whole: string, { tables }: RandomSchema): Promise<number> {
  let rows = 0
  for (const { name } of tables) {
    const quoted = `"${name.replaceAll('"', '""')}"`
    const original = new Set(await rowsIn(whole, quoted))
    for (const row of await rowsIn(part, quoted)) {
      assert.ok(original.has(row), `${name} ${row}`)
      rows += 1
    }
  }
  return rows
}

test('INV-907 whatever the schema, cycles and composite keys among it, what is selected stands alone: with every row that it needs, and no other', async (context) => {
  const { value: seed, below: pick } = newSeed()
  context.diagnostic(`SWEEP_SEED=${seed}`)
  for (let round = 0; round < 6; round += 1) {
    const schema = randomSchema(pick)
    const [whole, part] = [`random_${round}`, `random_part_${round}`]
    await cluster.createDatabase(whole)
    await cluster.psql(whole, schema.sql)
    const { name, rows, keyWidth } = schema.tables[pick(schema.tables.length)]!
    const key = rows[pick(rows.length)]!.key[keyWidth - 1]!
    const settings = { entities: { kinds: { it: { table: name, key: `k${keyWidth - 1}` } } } }
    await using capture = await captured(whole, { settings, selection: { entities: [{ kind: 'it', key: String(key) }] } })
    await restored(capture, part)
    const count = await assertPartOf(part, whole, schema)
    assert.equal(count, capture.section.rows, `round ${round} of seed ${seed}`)
    const found = await rowsIn(part, `"${name.replaceAll('"', '""')}"`, `k${keyWidth - 1} = ${key}`)
    assert.equal(found.length, 1, `round ${round} of seed ${seed}`)
  }
})

test('INV-907 in schemas that others wrote, partitions among them, a customer comes back alone with what is theirs', async () => {
  for (const [name, table, key, dependents] of [
    ['pagila', 'customer', 'customer_id', ['rental', 'payment']],
    ['chinook', '"Customer"', '"CustomerId"', ['"Invoice"']],
  ] as const) {
    await cluster.createDatabase(name)
    const load = `zstd -dc "${sharedFolder()}/cases/${name}.sql.zst" | psql -X -q -h "${cluster.socketDirectory}" -U "${cluster.user}" -d ${name}`
    await promisify(execFile)('bash', ['-c', load])
    await using capture = await captured(name, { selection: { entities: [{ kind: 'customer', key: '1' }] } })
    await restored(capture, `${name}_part`)
    for (const one of [table, ...dependents])
      assert.deepEqual(await rowsIn(`${name}_part`, one), await rowsIn(name, one, `${key} = 1`), `${name} ${one}`)
    assert.equal(await cluster.psql(`${name}_part`, 'select count(*) from pg_constraint where not convalidated'), '0\n')
  }
})

test('INV-907 what an application writes meanwhile tears nothing: rows are as of one instant, whether they are found or read', async () => {
  await cluster.createDatabase('busy')
  await cluster.psql(
    'busy',
    `create table patient (id int primary key, mrn text not null unique);
     create table visit (id int primary key, patient_id int not null references patient, twin int references visit, note text,
       length int not null generated always as (length(note)) stored);
     create table loose (patient_id int not null references patient, word text);
     insert into patient values (1, 'one'), (2, 'two');
     insert into visit select i, 1 + i % 2, null, 'before' from generate_series(1, 500) i;
     insert into loose select 1 + i % 2, 'before' from generate_series(1, 500) i`,
  )
  const before = await rowsIn('busy', 'visit', 'patient_id = 1')
  await using capture = await captured('busy', {
    selection: { entities: [{ kind: 'patient', key: 'one' }] },
    meanwhile: async () => {
      await cluster.psql(
        'busy',
        `update visit set note = 'while it ran', patient_id = 3 - patient_id; delete from loose; update patient set mrn = mrn || '!'`,
      )
    },
  })
  await restored(capture, 'busy_part')
  assert.deepEqual(await rowsIn('busy_part', 'visit'), before)
  assert.deepEqual(await rowsIn('busy_part', 'patient'), ['(1,one)'])
  assert.equal(await cluster.psql('busy_part', `select count(*) from loose where word = 'before' and patient_id = 1`), '250\n')
  assert.equal(await cluster.psql('busy_part', 'select count(*) from loose'), '250\n')
})

test('a key that the settings say to ignore still brings what it names: otherwise it could not be made again', async () => {
  await cluster.createDatabase('ignored')
  await cluster.psql(
    'ignored',
    `create table code (id int primary key); create table study (id int primary key, code int references code); create table patient
     (id int primary key, study int references study); create materialized view seen as select count(*) as n from patient;
     insert into code values (1), (2); insert into study values (1, 2), (2, 1); insert into patient values (1, 1), (2, 2); refresh materialized view seen;
     select lo_from_bytea(0, 'an image')`,
  )
  const settings = {
    entities: {
      references: [
        { table: 'study', columns: ['code'], ownership: 'ignore' },
        { table: 'patient', columns: ['study'], ownership: 'ignore' },
      ],
    },
  }
  await using capture = await captured('ignored', { settings, selection: { entities: [{ kind: 'patient', key: '1' }] } })
  await restored(capture, 'ignored_part')
  assert.deepEqual(
    [await rowsIn('ignored_part', 'patient'), await rowsIn('ignored_part', 'study'), await rowsIn('ignored_part', 'code')],
    [['(1,1)'], ['(1,2)'], ['(2)']],
  )
  assert.equal(await cluster.psql('ignored_part', 'select n from seen'), '1\n')
  assert.equal(await cluster.psql('ignored_part', 'select count(*) from pg_largeobject_metadata'), '0\n')
  const said = capture.section.exactness.map(({ what }) => what).join('\n')
  assert.match(said, /rows that were not selected\nlarge objects: 1\nmaterialized views: public.seen/)
})
