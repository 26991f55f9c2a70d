import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { workplace, type Workplace } from '#test/support/command-line.ts'
import { belongToOthers, restoreImported, shellBeside } from '#test/support/foreign-dumps.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { sharedFolder } from '#test/support/shared.ts'

let cluster: TestCluster
let place: Workplace

before(async () => {
  cluster = await testCluster()
  place = await workplace()
  await place.expect(0, 'repository', 'create')
  await cluster.createDatabase('pagila')
  await shell(`zstd -dc ${sharedFolder()}/cases/pagila.sql.zst | psql -X -q -d pagila`)
  await cluster.psql('pagila', 'create extension hstore')
  await belongToOthers(cluster, 'pagila', 'actor', 'last_day')
})
after(async () => {
  await place[Symbol.asyncDispose]()
  await cluster.stop()
})

const shell = (command: string) => shellBeside(place, cluster, command)

const dumps: Readonly<Record<string, string>> = {
  'plain.sql': 'pg_dump -Fp -f plain.sql pagila',
  'inserts.sql.gz': 'pg_dump -Fp --inserts pagila | gzip > inserts.sql.gz',
  'clean.sql.zst': 'pg_dump -Fp --clean --if-exists --encoding=UTF8 pagila | zstd -q > clean.sql.zst',
  'custom.gz': 'pg_dump -Fc -Z0 pagila | gzip > custom.gz',
  'one.tar': 'pg_dump -Ft -f one.tar pagila',
  directory: 'pg_dump -Fd -j2 -f directory pagila',
}

for (const [file, command] of Object.entries(dumps)) {
  test(`the sample database pagila comes back identical from ${file}`, async () => {
    await shell(command)
    const told = await place.expect(0, 'import', place.file(file), '--system', 'imported')
    assert.equal(told.json['gaps'], 0, told.stdout)
    const database = file.replaceAll(/\W/g, '_')
    await restoreImported(place, { backup: told.json['backup'], cluster, database })
    assert.match(await cluster.diff('pagila', database, '--replay'), /^IDENTICAL$/m)
  })
}
