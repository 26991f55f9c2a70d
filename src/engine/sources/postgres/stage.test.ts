import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { captureToDirectory, type CapturedDatabase } from '#test/support/captured-database.ts'
import { directoryToSource } from '#test/support/directory-to-source.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { sharedFolder } from '#test/support/shared.ts'
import { randomHex, systemRandom } from '#host/random.ts'
import { databaseProperties, propertyStatements, stagePropertiesOf } from './database-properties.ts'
import { connectMaintenance } from './maintenance.ts'
import { stageDatabase, type StageOptions } from './stage.ts'

let cluster: TestCluster
const never = new AbortController().signal

before(async () => {
  cluster = await testCluster({ settings: { wal_level: 'logical' } })
})

after(() => cluster.stop())

async function load(name: string, file: string): Promise<void> {
  await cluster.createDatabase(name)
  const sql = file.endsWith('.zst')
    ? execFileSync('zstd', ['-dc', file], { encoding: 'utf8', maxBuffer: 2 ** 28 })
    : await readFile(file, 'utf8')
  await cluster.psql(name, sql)
}

function stageOptions(captured: CapturedDatabase, live: string): StageOptions {
  return {
    section: captured.section,
    stored: directoryToSource(captured.folder),
    target: cluster.target(live),
    stageName: `integrum_stage_${randomHex(systemRandom, 12)}`,
    roles: [],
    connections: 2,
    freeBytesMin: 0,
    onCreated: async () => {},
  }
}

/** Puts the database-level properties on, as a swap does with the rename. */
async function takeProperties(stageName: string, captured: CapturedDatabase): Promise<void> {
  await using session = await connectMaintenance([cluster.target(stageName)])
  const { properties } = captured.section
  const current = await databaseProperties(session, stageName)
  await session.query('begin')
  const wanted = { ...stagePropertiesOf(properties, (role) => role), owner: properties.owner }
  for (const statement of propertyStatements(stageName, wanted, current)) await session.query(statement)
  await session.query('commit')
}

const cases = path.join(sharedFolder(), 'cases')

for (const [name, file] of [
  ['gaps', path.join(cases, 'gaps.sql')],
  ['pagila', path.join(cases, 'pagila.sql.zst')],
  ['chinook', path.join(cases, 'chinook.sql.zst')],
  ['everything', path.join(import.meta.dirname, '../../../../test/cases/everything.sql')],
] as const) {
  test(`${name}: what is staged and verified is judged identical to the original`, async () => {
    await load(name, file)
    await using captured = await captureToDirectory({ name: 'clinic', target: cluster.target(name) })
    const options = stageOptions(captured, name)
    const staged = await stageDatabase(options, never)
    const verified = await staged.verify(never)
    assert.equal(verified.report.tables, captured.section.tables.length)
    assert.equal(verified.report.rows, captured.section.rows)
    assert.equal(verified.report.largeObjects.count, captured.section.largeObjects.count)
    await takeProperties(options.stageName, captured)
    const judged = await cluster.diff(name, options.stageName, '--replay')
    assert.match(judged, /^IDENTICAL$/m, judged)
    if (name === 'everything') {
      assert.match(staged.notes.join('\n'), /FK CONSTRAINT public orphan orphan_id_fkey .* kept as it was/)
      assert.match(staged.notes.join('\n'), /check outgrown_a_check of public\.outgrown does not hold/)
    }
    await verified.discard()
    assert.equal(await cluster.psql('postgres', `select count(*) from pg_database where datname = '${options.stageName}'`), '0\n')
  })
}

test('partitions by hash of an enum are loaded through their root and compared as a whole', async () => {
  await cluster.createDatabase('moods')
  await cluster.psql(
    'moods',
    `create type mood as enum ('sad', 'ok', 'happy');
     create table moods (m mood, n int) partition by hash (m);
     create table moods_0 partition of moods for values with (modulus 3, remainder 0);
     create table moods_1 partition of moods for values with (modulus 3, remainder 1);
     create table moods_2 (n int, m mood);
     alter table moods attach partition moods_2 for values with (modulus 3, remainder 2);
     insert into moods select (array['sad', 'ok', 'happy']::mood[])[1 + g % 3], g from generate_series(1, 300) g`,
  )
  await using captured = await captureToDirectory({ name: 'clinic', target: cluster.target('moods') })
  assert.equal(captured.section.tables.filter(({ loadVia }) => loadVia?.table === 'moods').length, 3)
  const options = stageOptions(captured, 'moods')
  const staged = await stageDatabase(options, never)
  const verified = await staged.verify(never)
  assert.equal(verified.report.rows, 300)
  const rows = 'select m, n from moods order by n'
  assert.equal(await cluster.psql(options.stageName, rows), await cluster.psql('moods', rows))
})
