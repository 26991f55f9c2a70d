import { chmod, rm } from 'node:fs/promises'
import path from 'node:path'
import { startCluster, type PrivateCluster } from '#host/postgres-cluster.ts'
import { assertFound, postgresPrograms } from '#host/postgres-programs.ts'
import { memoryBar, type Bar } from './bars.ts'
import { measure, printJob, type Job } from './measure.ts'
import { integrum, unattended, type Workplace } from './programs.ts'
import type { Outcome } from './report.ts'

/** A table of 5 GiB at scale 1, of rows of a kilobyte, nine tenths of which repeat. */
const rowsAtScale = 4_800_000

/** How much memory it takes to back up, check, and restore and verify a database with one table far larger than memory allowed. */
export async function benchMemoryDatabase(place: Workplace): Promise<Outcome> {
  await chmod(place.folder, 0o755)
  // The data is thrown away: making it must not take longer than what is measured.
  const settings = { wal_level: 'minimal', max_wal_senders: '0', max_wal_size: '4GB', shared_buffers: '256MB', autovacuum: 'off' }
  await using cluster = await startCluster(path.join(place.folder, 'memory-cluster'), { isDurable: false, settings })
  const repository = path.join(place.folder, 'memory-repository')
  const plan = path.join(place.folder, 'memory-plan.json')
  await makeTable(cluster, Math.ceil(rowsAtScale * place.scale))
  const ours = (...args: string[]): Job => integrum(place, repository, ...args)
  await measure(ours('repository', 'create'))
  const source = `main=${cluster.url('large')}`
  const bars = [await memoryOf('backup', ours('backup', '--system', 'bench', '--database', source, '--json'))]
  bars.push(await memoryOf('check', ours('repository', 'check', '--read-data')))
  const target = `main=${cluster.url('large_again')}`
  await measure(ours('restore', 'plan', '--backup', 'latest', '--database', target, '--out', plan))
  bars.push(await memoryOf('restore, every row verified', ours('restore', 'run', plan, ...unattended(place.folder))))
  await rm(repository, { recursive: true, force: true })
  return { races: [], bars }
}

async function makeTable(cluster: PrivateCluster, rows: number): Promise<void> {
  process.stderr.write('   memory of a database, one large table\n')
  await psql(cluster, 'postgres', 'create database large')
  const filler = `repeat(md5(g::text), 3) || repeat('The patient was seen and examined. ', 25)`
  const table = `create table note as select g as id, now() + g * interval '1 second' as at, ${filler} as text from generate_series(1, ${rows}) g`
  await psql(cluster, 'large', table)
  await psql(cluster, 'large', 'alter table note add primary key (id)')
}

async function memoryOf(what: string, job: Job): Promise<Bar> {
  const { memoryBytes, durationMs } = await measure(job)
  process.stderr.write(`      ${printJob(job).slice(0, 60)} …: ${(durationMs / 1000).toFixed(1)} s\n`)
  return memoryBar(`${what} of a database with one table of 5 GiB`, memoryBytes)
}

async function psql(cluster: PrivateCluster, database: string, sql: string): Promise<void> {
  const program = path.join(assertFound(postgresPrograms('psql')).folder, 'psql')
  const args = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', database, '-c', sql]
  await measure({ command: program, args, env: { PGHOST: cluster.socketDirectory, PGUSER: cluster.user } })
}
