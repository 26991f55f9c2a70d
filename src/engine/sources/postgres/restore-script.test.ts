import { test } from 'node:test'
import assert from 'node:assert/strict'
import path from 'node:path'
import { readFile } from 'node:fs/promises'
import { run } from '#host/run.ts'
import { captureToDirectory } from '#test/support/captured-database.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { sharedFolder } from '#test/support/shared.ts'

async function roundTrip(cluster: TestCluster, database: string): Promise<string> {
  await using captured = await captureToDirectory({ name: 'clinic', target: cluster.target(database) })
  const restored = await captured.restore(cluster, `${database} again`)
  assert.equal(restored.exitCode, 0, restored.stderr)
  return await cluster.diff(database, `${database} again`, '--replay', '--no-roles')
}

test('SAFETY rule 20: gaps.sql comes back IDENTICAL through restore.sh, psql and pg_restore alone', async () => {
  await using cluster = await testCluster()
  await cluster.createDatabase('gaps')
  await cluster.psql('gaps', await readFile(path.join(sharedFolder(), 'cases/gaps.sql'), 'utf8'))
  const said = await roundTrip(cluster, 'gaps')
  assert.match(said, /^IDENTICAL$/m, said)
})

for (const name of ['pagila', 'chinook']) {
  test(`${name} comes back IDENTICAL through restore.sh`, async () => {
    await using cluster = await testCluster()
    await cluster.createDatabase(name)
    const sql = await run('zstd', ['-dc', path.join(sharedFolder(), `cases/${name}.sql.zst`)])
    await cluster.psql(name, sql.stdout)
    const said = await roundTrip(cluster, name)
    assert.match(said, /^IDENTICAL$/m, said)
  })
}
