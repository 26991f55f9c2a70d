import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import test from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { run } from '#host/run.ts'
import { connect } from '#engine/sources/postgres/connection.ts'
import { testCluster } from '#test/support/postgres.ts'
import { sharedFolder } from '#test/support/shared.ts'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'
import { changeClinic } from './change-clinic.ts'
import { clinicSize, visitTime } from './clinic-size.ts'
import { copyLine } from './copy-rows.ts'
import { makeClinic } from './make-clinic.ts'
import { observationRows, visitRows, type VisitRange } from './rows-of-visits.ts'

const seed = 7
const scale = 0.05

async function treeDiff(a: string, b: string): Promise<string> {
  const result = await run('bash', [path.join(sharedFolder(), 'tools/treediff.sh'), a, b])
  return result.stdout + result.stderr
}

test('one seed makes the same database and the same files twice, and the day after as well; another seed does not', async () => {
  await using cluster = await testCluster()
  await using place = await temporaryDirectory()
  const root = (name: string) => path.join(place.path, name)
  for (const database of ['one', 'two', 'other']) await cluster.createDatabase(database)
  const made = await makeClinic({ target: cluster.target('one'), filesRoot: root('one'), scale, seed })
  assert.deepEqual(await makeClinic({ target: cluster.url('two'), filesRoot: root('two'), scale, seed }), made)
  await makeClinic({ target: cluster.target('other'), filesRoot: root('other'), scale, seed: seed + 1 })
  assert.match(await cluster.diff('one', 'two'), /^IDENTICAL$/m)
  assert.match(await treeDiff(root('one'), root('two')), /^IDENTICAL$/m)
  assert.match(await cluster.diff('one', 'other'), /^DIFFERENT$/m)
  assert.match(await treeDiff(root('one'), root('other')), /^DIFFERENT$/m)

  const changed = await changeClinic({ target: cluster.target('one'), filesRoot: root('one'), seed })
  assert.ok(changed.rows > 1000 && changed.files.count > 0, 'a day brings rows and files')
  assert.match(await cluster.diff('one', 'two'), /^DIFFERENT$/m)
  assert.deepEqual(await changeClinic({ target: cluster.target('two'), filesRoot: root('two'), seed }), changed)
  assert.match(await cluster.diff('one', 'two'), /^IDENTICAL$/m)
  assert.match(await treeDiff(root('one'), root('two')), /^IDENTICAL$/m)
})

test('every document names its file with size and SHA-256, the counts are true, and most bytes are observations', async () => {
  await using cluster = await testCluster()
  await using place = await temporaryDirectory()
  await cluster.createDatabase('clinic')
  const made = await makeClinic({ target: cluster.target('clinic'), filesRoot: place.path, scale: 0.15, seed })
  await using connection = await connect(cluster.target('clinic'))
  const documents = await connection.query<{ path: string; size_bytes: string; sha256: Buffer }>(
    'select path, size_bytes, sha256 from clinic.document',
  )
  assert.equal(documents.length, made.files.count)
  for (const document of documents) {
    const bytes = await readFile(path.join(place.path, document.path))
    assert.equal(bytes.length, Number(document.size_bytes))
    assert.deepEqual(createHash('sha256').update(bytes).digest(), document.sha256)
  }
  for (const [table, count] of Object.entries(made.tables)) {
    const [row] = await connection.query<{ count: string }>(`select count(*) from clinic.${table}`)
    // Consents leave their lines in the audit log by a trigger only after the load.
    assert.equal(Number(row!.count), count, table)
  }
  const [largeObjects] = await connection.query<{ count: string }>('select count(*) from pg_largeobject_metadata')
  assert.equal(Number(largeObjects!.count), made.largeObjects)
  const [share] = await connection.query<{ share: number }>(
    `select pg_total_relation_size('clinic.observation')::float8 / sum(pg_total_relation_size(oid)) as share
     from pg_class where relnamespace = 'clinic'::regnamespace and relkind in ('r', 'm')`,
  )
  assert.ok(share!.share > 0.6 && share!.share < 0.9, `observations are ${Math.round(share!.share * 100)} % of the bytes`)
})

test('rows compress as clinical text does, and times never run backwards', () => {
  const size = clinicSize(0.2)
  const visits: VisitRange = { seed, size, firstId: 1, count: size.visits, timeOf: (id) => visitTime(id - 1, size.visits) }
  const text = Buffer.from([...observationRows(visits)].map(copyLine).join(''))
  const saved = 1 - zstdCompressSync(text).length / text.length
  assert.ok(saved > 0.6 && saved < 0.95, `zstd saves ${Math.round(saved * 100)} %`)
  const began = [...visitRows(visits)].map((row) => (row[4] as Date).getTime())
  assert.deepEqual(
    began,
    began.toSorted((a, b) => a - b),
  )
})

test('COPY lines escape what the format reserves', () => {
  assert.equal(
    copyLine([1, 'a\tb\\c\nd\r', null, true, new Date(0), Buffer.from([0, 255])]),
    '1\ta\\tb\\\\c\\nd\\r\t\\N\tt\t1970-01-01T00:00:00.000Z\t\\\\x00ff\n',
  )
})
