import { chmod, mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import assert from 'node:assert/strict'
import { startCluster, type ClusterOptions, type PrivateCluster } from '#host/postgres-cluster.ts'
import { assertFound, postgresPrograms } from '#host/postgres-programs.ts'
import { run } from '#host/run.ts'
import { parseDatabaseUrl, type DatabaseTarget } from '#engine/sources/postgres/target.ts'
import { serverPlace } from './server-place.ts'
import { sharedFolder } from './shared.ts'

export interface TestCluster extends PrivateCluster {
  target(database: string): DatabaseTarget
  /** Runs SQL text through psql with ON_ERROR_STOP; fails the test with its stderr. Returns unaligned tuples. */
  psql(database: string, sql: string): Promise<string>
  createDatabase(database: string): Promise<void>
  /** `../shared/tools/dbdiff.sh`: returns its whole output. Assert on /^IDENTICAL$/m. */
  diff(databaseA: string, databaseB: string, ...flags: string[]): Promise<string>
}

/** A real private PostgreSQL for one test file, removed with its scope. */
export async function testCluster(options: Partial<ClusterOptions> = {}): Promise<TestCluster> {
  const directory = await mkdtemp(path.join(await serverPlace(), 'integrum-test-pg-'))
  await chmod(directory, 0o755)
  return await testClusterIn(directory, options)
}

/** The same in a directory that the test made, also one that a killed server left behind. Removes it when it ends, not when it is killed. */
export async function testClusterIn(directory: string, options: Partial<ClusterOptions> = {}): Promise<TestCluster> {
  const cluster = await startCluster(directory, { isDurable: false, ...options })
  const programs = assertFound(postgresPrograms('psql')).folder
  const environment = { PATH: process.env['PATH'], PGHOST: cluster.socketDirectory, PGUSER: cluster.user, LC_ALL: 'C.UTF-8' }
  const psql = async (database: string, sql: string) => {
    const result = await run(
      path.join(programs, 'psql'),
      ['-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1', '-d', nameOnly(database), '-f', '-'],
      {
        env: environment,
        input: sql,
      },
    )
    assert.equal(result.exitCode, 0, result.stderr)
    return result.stdout
  }
  const end = async () => {
    await cluster.stop()
    await rm(directory, { recursive: true, force: true })
  }
  return {
    ...cluster,
    target: (database) => parseDatabaseUrl('test', cluster.url(database), {}),
    psql,
    createDatabase: async (database) => {
      await psql('postgres', `create database "${database.replaceAll('"', '""')}" template template0`)
    },
    diff: async (a, b, ...flags) => {
      const info = (database: string) => `host=${cluster.socketDirectory} user=${cluster.user} ${nameOnly(database)}`
      const result = await run('bash', [path.join(sharedFolder(), 'tools/dbdiff.sh'), ...flags, info(a), info(b)], { env: environment })
      return result.stdout + result.stderr
    },
    stop: end,
    [Symbol.asyncDispose]: end,
  }
}

/** As a connection string, since psql would take a name with an equals sign for one. */
function nameOnly(database: string): string {
  return `dbname='${database.replace(/(['\\])/g, '\\$1')}'`
}
