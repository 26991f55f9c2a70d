import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { assertFound, postgresPrograms } from '#host/postgres-programs.ts'
import { run } from '#host/run.ts'
import { workplace, type Workplace } from '#test/support/command-line.ts'
import { hasPackagedServer, packagedServer } from '#test/support/packaged-server.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'

let newest: TestCluster
let place: Workplace

before(async () => {
  newest = await testCluster({ settings: { wal_level: 'logical' } })
  place = await workplace()
  await place.expect(0, 'repository', 'create')
})
after(async () => {
  await place[Symbol.asyncDispose]()
  await newest.stop()
})

/** `everything.sql` without what the version does not know yet. */
async function everythingOf(version: number): Promise<string> {
  const text = await readFile(new URL('../cases/everything.sql', import.meta.url), 'utf8')
  // Tablespaces without a place of their own came with 15.
  const before15 = text
    .replace(/^set allow_in_place_tablespaces.*\n.*\n.*everything_space.*$/m, '')
    .replace(' using index tablespace everything_space) tablespace everything_space', ')')
  if (version > 13) return before15
  return before15
    .replace('begin atomic select case when a > 0 then a else 0 end; select a + 1; end', `as 'select $1 + 1'`)
    .replace('a text compression pglz', 'a text')
}

/** Everything that PostgreSQL's own program has to say about a database, in no order: definitions and rows. */
async function dumped(cluster: TestCluster, database: string): Promise<string[]> {
  const program = path.join(assertFound(postgresPrograms('pg_dump')).folder, 'pg_dump')
  const told = await run(program, ['--host', cluster.socketDirectory, '--username', cluster.user, database], {
    env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' },
  })
  assert.equal(told.exitCode, 0, told.stderr)
  const passing = /^(\\(un)?restrict |-- Dumped from )/
  return told.stdout
    .split('\n')
    .filter((line) => !passing.test(line))
    .toSorted()
}

for (const version of [13, 14] as const) {
  test(
    `a backup of PostgreSQL ${version} comes back on its own version, and on a newer one`,
    { skip: !hasPackagedServer(version) && 'not on this platform' },
    async () => {
      await using server = await packagedServer(version)
      await using old = await testCluster({ programs: server.programs, settings: { wal_level: 'logical' } })
      const name = `everything-${version}`
      await old.createDatabase(name)
      await old.psql(name, await everythingOf(version))
      const original = await dumped(old, name)
      const backup = await place.expect(0, 'backup', '--system', name, '--database', `${name}=${old.url(name)}`)
      await old.psql('postgres', `alter database "${name}" rename to before`)
      await restore(name, backup.json['backup'], [])
      assert.deepEqual(await dumped(old, name), original)

      const roles = ['everything owner', 'everything_reader'].flatMap((role) => ['--role', `${role}=create`])
      await restore(name, backup.json['backup'], ['--database', `${name}=${newest.url(name)}`, ...roles])
      // Ranges have multiranges since 14, whose names are written down.
      const known = /multirange_type_name = public\.span_multirange|^ {4}subtype = numeric,?$/
      const upgraded = (await dumped(newest, name)).filter((line) => !known.test(line))
      assert.deepEqual(
        upgraded,
        original.filter((line) => !known.test(line)),
      )
    },
  )
}

async function restore(name: string, backup: string, where: readonly string[]): Promise<void> {
  const plan = place.file(`${name}-${where.length}.json`)
  await place.expect(0, 'restore', 'plan', '--backup', backup, '--out', plan, ...where)
  const restored = await place.expect(0, 'restore', 'run', plan, '--confirm', name)
  assert.equal(restored.json['status'], 'completed')
}
