import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { entityModelSchema } from '#base/settings.ts'
import { closureOf } from '#engine/entities/closure.ts'
import { discover } from '#engine/entities/discover.ts'
import { noModel } from '#engine/entities/entity-model.ts'
import { proposeOwnership } from '#engine/entities/ownership.ts'
import { connect, type Connection } from '#engine/sources/postgres/connection.ts'
import { readReferenceGraph, type ReferenceGraph } from '#engine/sources/postgres/reference-graph.ts'
import { inOneView } from '#engine/sources/postgres/reading-session.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { randomSchema, type RandomSchema } from '#test/support/random-schema.ts'
import { newSeed } from '#test/support/seed.ts'
import { sharedFolder } from '#test/support/shared.ts'

let cluster: TestCluster
before(async () => {
  cluster = await testCluster()
})
after(() => cluster.stop())

async function within<T>(database: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  await using connection = await connect(cluster.target(database))
  return await inOneView(connection, () => work(connection))
}

interface Belonging {
  readonly own: ReadonlySet<string>
  readonly needed: ReadonlySet<string>
}

/** The same by hand, row by row: rows are `table index:row index`. */
function modelOf({ tables }: RandomSchema, graph: ReferenceGraph, root: readonly [table: number, row: number]): Belonging {
  const nameOf = new Map(graph.tables.map(({ oid, name }) => [oid, name]))
  const owning = new Set(
    proposeOwnership(graph).flatMap(({ reference, ownership }) =>
      ownership === 'own' ? [`${nameOf.get(reference.child)!} ${reference.columns.join(',')} ${nameOf.get(reference.parent)!}`] : [],
    ),
  )
  const links = tables.flatMap((table, child) =>
    table.rows.flatMap(({ named }, row) =>
      named.flatMap((target, index) => {
        const { to, prefix } = table.references[index]!
        const columns = Array.from({ length: tables[to]!.keyWidth }, (_none, at) => `${prefix}_k${at}`).join(',')
        const isOwning = owning.has(`${table.name} ${columns} ${tables[to]!.name}`)
        return target === null ? [] : [{ from: `${child}:${row}`, to: `${to}:${target}`, isOwning }]
      }),
    ),
  )
  const own = new Set([root.join(':')])
  for (let size = 0; size !== own.size;) {
    size = own.size
    for (const link of links) if (link.isOwning && own.has(link.to)) own.add(link.from)
  }
  const all = new Set(own)
  for (let size = 0; size !== all.size;) {
    size = all.size
    for (const link of links) if (all.has(link.from)) all.add(link.to)
  }
  return { own, needed: new Set([...all].filter((row) => !own.has(row))) }
}

test('INV-901 INV-902 the closure of a record is what following its references by hand gives, whatever the schema', async (context) => {
  const { value: seed, below: pick } = newSeed()
  context.diagnostic(`SWEEP_SEED=${seed}`)
  for (let round = 0; round < 25; round += 1) {
    const schema = randomSchema(pick)
    const database = `random_${round}`
    await cluster.createDatabase(database)
    await cluster.psql(database, schema.sql)
    const table = pick(schema.tables.length)
    const row = pick(schema.tables[table]!.rows.length)
    const found = await within(database, async (connection) => {
      const graph = await readReferenceGraph(connection)
      const { name, rows, keyWidth } = schema.tables[table]!
      // By a column that people would know it by: of a composite key the second one is unique here.
      const column = `k${keyWidth - 1}`
      const { model } = await discover(connection, { ...noModel, kinds: { it: { schema: 'public', table: name, key: column } } })
      const closure = await closureOf(connection, model, [{ kind: 'it', key: String(rows[row]!.key[keyWidth - 1]) }])
      return { counts: closure.counts, expected: modelOf(schema, graph, [table, row]) }
    })
    const expected = schema.tables
      .map(({ name }, index) => ({ name, own: countOf(found.expected.own, index), needed: countOf(found.expected.needed, index) }))
      .filter(({ own, needed }) => own + needed > 0)
    const actual = found.counts.map(({ table: { name }, own, needed }) => ({ name, own, needed }))
    assert.deepEqual(actual.toSorted(byName), expected.toSorted(byName), `round ${round} of seed ${seed}`)
  }
})

const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1)
const countOf = (rows: ReadonlySet<string>, table: number) => [...rows].filter((row) => row.startsWith(`${table}:`)).length

test('in schemas that others wrote, a customer owns what is theirs, and what is everybody’s only has to exist', async () => {
  const own: Record<string, Record<string, number>> = {}
  for (const [name, table, key] of [
    ['pagila', 'customer', 'customer_id'],
    ['chinook', 'Customer', 'CustomerId'],
  ] as const) {
    await cluster.createDatabase(name)
    const load = `zstd -dc "${sharedFolder()}/cases/${name}.sql.zst" | psql -X -q -h "${cluster.socketDirectory}" -U "${cluster.user}" -d ${name}`
    await promisify(execFile)('bash', ['-c', load])
    own[name] = await within(name, async (connection) => {
      const { model } = await discover(connection, noModel)
      const kind = model.kinds.find((one) => one.name === 'customer')!
      assert.deepEqual([kind.table.name, kind.key, kind.isProposed], [table, key, true])
      const { counts } = await closureOf(connection, model, [{ kind: 'customer', key: '1' }])
      return Object.fromEntries(counts.flatMap((one) => (one.own > 0 ? [[one.table.name, one.own]] : [])))
    })
  }
  const count = async (database: string, sql: string) => Number(await cluster.psql(database, sql))
  // The payments of pagila are partitioned, and each partition has foreign keys of its own.
  assert.deepEqual(own['pagila'], {
    customer: 1,
    rental: await count('pagila', 'select count(*) from rental where customer_id = 1'),
    payment: await count('pagila', 'select count(*) from payment where customer_id = 1'),
  })
  assert.deepEqual(own['chinook'], {
    Customer: 1,
    Invoice: await count('chinook', 'select count(*) from "Invoice" where "CustomerId" = 1'),
    InvoiceLine: await count('chinook', 'select count(*) from "InvoiceLine" join "Invoice" using ("InvoiceId") where "CustomerId" = 1'),
  })
})

const notesSql = `
  create extension citext;
  create table person (id int primary key, mrn citext not null unique);
  create table stay (person int not null, no int not null, unique (person, no));
  create table note (entity_type text not null, entity_id text not null, body text);
  create table device_reading (mrn citext not null, value int);
  insert into person values (1, 'A-1'), (2, 'B-2');
  insert into stay values (1, 1), (1, 2), (2, 1);
  insert into note values ('person', '1', 'one'), ('person', '1', 'one'), ('person', '2', 'two'), ('stay', '1', 'no');
  insert into device_reading values ('a-1', 1), ('A-1', 2), ('b-2', 3);`

test('what no foreign key says is declared: by columns that name a row, by a type beside an id; without a key a row counts as often as it is there', async () => {
  await cluster.createDatabase('notes')
  await cluster.psql('notes', notesSql)
  const settings = entityModelSchema.parse({
    virtual: [
      { table: 'stay', columns: ['person'], ofTable: 'person', ofColumns: ['id'] },
      { table: 'device_reading', columns: ['mrn'], ofTable: 'person', ofColumns: ['mrn'], ownership: 'ignore' },
    ],
    polymorphic: [{ table: 'note', typeColumn: 'entity_type', idColumn: 'entity_id', targets: { person: { table: 'person' } } }],
  })
  await within('notes', async (connection) => {
    const before = await discover(connection, noModel)
    assert.deepEqual(
      before.warnings.map(({ kind, table }) => `${kind} ${table}`),
      ['no-key public.device_reading', 'no-key public.note', 'polymorphic public.note'],
    )
    const { model, warnings } = await discover(connection, settings)
    assert.ok(!warnings.some(({ kind }) => kind === 'polymorphic'))
    // Known by its citext, which knows no case: the operator of the index decides, not the path by which names are found.
    const { counts } = await closureOf(connection, model, [{ kind: 'patient', key: 'a-1' }])
    assert.deepEqual(Object.fromEntries(counts.map(({ table, own }) => [table.name, own])), { person: 1, stay: 2, note: 2 })
  })
})

test('what is wrong with a model, a kind or a key is said, and what may not be done names its GRANT', async () => {
  await cluster.createDatabase('wrong')
  await cluster.psql(
    'wrong',
    `${notesSql} create role reader login; grant select on all tables in schema public to reader; revoke temporary on database wrong from public;`,
  )
  const refused = async (settings: unknown, kind = 'patient', key = 'A-1', user?: string) => {
    await using connection = await connect({ ...cluster.target('wrong'), ...(user !== undefined && { user }) })
    const wish = () =>
      inOneView(connection, async () => {
        const { model } = await discover(connection, entityModelSchema.parse(settings))
        return await closureOf(connection, model, [{ kind, key }])
      })
    return await wish().then(
      () => 'nothing',
      (error: { code?: string; message: string }) => `${error.code} ${error.message}`,
    )
  }
  assert.match(
    await refused({ kinds: { patient: { table: 'gone', key: 'id' } } }),
    /^ENTITY_MODEL entities.kinds.patient: there is no table public.gone$/,
  )
  assert.match(await refused({ kinds: { patient: { table: 'person', key: 'ssn' } } }), /^ENTITY_MODEL .*public.person has no column ssn$/)
  assert.match(await refused({ references: [{ table: 'stay', columns: ['person'], ownership: 'own' }] }), /^ENTITY_MODEL .*no foreign key/)
  assert.match(await refused({}, 'nurse'), /^ENTITY_UNKNOWN there is no kind nurse in this database \(known: patient\)$/)
  assert.match(await refused({}, 'patient', 'Z-9'), /^ENTITY_UNKNOWN no row of public.person has that mrn$/)
  assert.match(await refused({ kinds: { patient: { table: 'person', key: 'id' } } }, 'patient', 'one; drop table person'), /^ENTITY_KEY /)
  assert.match(await refused({}, 'patient', 'A-1', 'reader'), /^DATABASE_COVERAGE .*GRANT TEMPORARY ON DATABASE "wrong" TO "reader";/s)
  assert.equal((await cluster.psql('wrong', 'select count(*) from person')).trim(), '2')
})
