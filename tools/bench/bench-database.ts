import { chown, mkdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { startCluster, type PrivateCluster } from '#host/postgres-cluster.ts'
import { assertFound, postgresPrograms } from '#host/postgres-programs.ts'
import { changeClinic } from '#demo/clinic/change-clinic.ts'
import { makeClinic } from '#demo/clinic/make-clinic.ts'
import { limitPrefix, ours, raceBar, raceMemoryBar, sizeBar, speedBar, type Bar } from './bars.ts'
import { trialSql } from './make-trial.ts'
import { measure, race, told, type Contender, type Job, type Race } from './measure.ts'
import { integrum, pgBackRest, unattended, type PgBackRestPlace, type Workplace } from './programs.ts'
import type { Outcome } from './report.ts'

/** Scale 20 of the clinic is 860 MB: with `--scale 1` the database is about the size of the file sets. */
const clinicScale = 20
const swapMsMax = 2000
/**
 * One COPY for each 512 pages of a table, so that both sessions have as much to do, written by the server to nowhere: what handing
 * out every row costs before anybody takes it.
 */
const copies = `select format('copy (select * from %s where ctid >= ''(%s,0)'' and ctid < ''(%s,0)'') to ''/dev/null'';', c.oid::regclass, page, page + 512)
  from pg_class c, generate_series(0, pg_relation_size(c.oid) / 8192, 512) page
  where relkind = 'r' and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema') order by page`
const copyOut = `psql -X -At -d "$1" -c "$2" | split -n r/2 --filter='psql -X -q -v ON_ERROR_STOP=1 -d '"$1"`
const copyAlone = `${limitPrefix}COPY of every row to /dev/null, 2 sessions`
const restoreAndCopy = 'pg_restore -j2, checkpoint, COPY of every row to /dev/null'
const seed = 3

/** The database against PostgreSQL's own tools and pgBackRest: backup, restore, a day of changes, the swap. */
export async function benchDatabase(place: Workplace): Promise<Outcome> {
  const settings = { shared_buffers: '1GB', max_wal_size: '4GB', wal_level: 'replica' }
  await using cluster = await startCluster(path.join(place.folder, 'cluster'), { isDurable: true, settings })
  const bench = new DatabaseBench(place, cluster)
  await bench.make()
  const outcomes = [await bench.backups(), await bench.backupsOfIdentifiers(), await bench.skewed(), await bench.restores()]
  const bars = [...(await bench.changes()), await bench.swap()]
  return { races: outcomes.flatMap(({ races }) => races), bars: [...outcomes.flatMap((outcome) => outcome.bars), ...bars] }
}

function dumpBars(backups: Race): Bar[] {
  return [
    raceBar(backups, 'pg_dump -Fc', 4),
    raceBar(backups, 'pg_dump -Fd -j2', 3.5),
    raceBar(backups, 'pg_dump | zstd -3', 1.1),
    raceBar(backups, copyAlone),
  ]
}

function skewedBars(skewed: Race): Bar[] {
  return [raceBar(skewed, 'pg_dump -Fd -j2 -Z1', 1.5), raceBar(skewed, copyAlone)]
}

class DatabaseBench {
  readonly #place: Workplace
  readonly #cluster: PrivateCluster
  readonly #programs = assertFound(postgresPrograms('pg_dump')).folder
  readonly #repository: string
  readonly #files: string
  #firstStoredBytes = 0

  constructor(place: Workplace, cluster: PrivateCluster) {
    this.#place = place
    this.#cluster = cluster
    this.#repository = path.join(place.folder, 'database-repository')
    this.#files = path.join(place.folder, 'clinic-files')
  }

  async make(): Promise<void> {
    process.stderr.write('   database clinic\n')
    await this.#psql('postgres', 'create database clinic')
    await makeClinic({ target: this.#cluster.url('clinic'), filesRoot: this.#files, scale: clinicScale * this.#place.scale, seed })
    await this.#psql('clinic', 'vacuum analyze')
    await this.#psql('clinic', 'checkpoint')
    await this.#create(this.#repository)
  }

  async backups(): Promise<Outcome> {
    const backups = await race('database backup', [...this.#dumps('clinic'), await this.#pgBackRest()])
    this.#firstStoredBytes = Number(told((await measure(this.#backup(this.#repository, 'clinic'))).stdout)['storedBytes'])
    return { races: [backups], bars: [...dumpBars(backups), raceBar(backups, 'pgBackRest full, zstd 3', 1), raceMemoryBar(backups)] }
  }

  /** How fast a dump is goes by what it compresses: rows of UUIDs keep more than twice of what rows with counted keys keep. */
  async backupsOfIdentifiers(): Promise<Outcome> {
    process.stderr.write('   database trial\n')
    await this.#psql('postgres', 'create database trial')
    await this.#psql('trial', trialSql(this.#place.scale))
    await this.#psql('trial', 'vacuum analyze')
    await this.#psql('trial', 'checkpoint')
    const backups = await race('database backup, rows of UUIDs', this.#dumps('trial'))
    await this.#psql('trial', 'truncate trial.audit_event')
    const skewed = await race('backup with one table of 90 % of the rows, of UUIDs', this.#skewedDumps('trial'))
    await this.#psql('postgres', 'drop database trial')
    return { races: [backups, skewed], bars: [...dumpBars(backups), raceMemoryBar(backups), ...skewedBars(skewed)] }
  }

  /** One table with nine tenths of the rows: where a dump that works by tables cannot use a second core. */
  async skewed(): Promise<Outcome> {
    await this.#psql('postgres', 'create database skewed template clinic')
    await this.#psql('skewed', 'truncate clinic.audit_log, clinic.medication; delete from clinic.lab_result where id % 2 = 0')
    await this.#psql('skewed', 'vacuum full analyze clinic.lab_result')
    const skewed = await race('backup with one table of 90 % of the rows', this.#skewedDumps('skewed'))
    await this.#psql('postgres', 'drop database skewed')
    return { races: [skewed], bars: skewedBars(skewed) }
  }

  /** Planning only reads, and the peer has no such step: it is not counted. */
  async restores(): Promise<Outcome> {
    const dump = path.join(this.#place.folder, 'clinic.dump')
    const plan = path.join(this.#place.folder, 'database-plan.json')
    await measure(this.#tool('pg_dump', '-Fd', '-j2', '-f', dump, 'clinic'))
    const drop = async () => {
      for (const database of ['restored', 'restored_peer', 'restored_read'])
        await this.#psql('postgres', `drop database if exists ${database}`)
    }
    const makeEmpty = async () => {
      await drop()
      for (const database of ['restored_peer', 'restored_read'])
        await this.#psql('postgres', `create database ${database} template template0`)
      await this.#plan(plan, 'restored')
    }
    const verified = { program: ours, job: () => this.#integrum('restore', 'run', plan, ...unattended(this.#place.folder)) }
    const peer = { program: 'pg_restore -j2', job: () => this.#tool('pg_restore', '-j2', '-d', 'restored_peer', dump) }
    const readBack = `pg_restore -j2 -d "$1" "$3" && psql -d "$1" -c checkpoint && ${copyOut}`
    const limit = { program: restoreAndCopy, job: () => this.#shell(readBack, 'restored_read', copies, dump) }
    const restores = await race('database restore, every row verified', [verified, peer, limit], makeEmpty)
    await drop()
    await rm(dump, { recursive: true, force: true })
    const bars = [raceBar(restores, 'pg_restore -j2', 1 / 1.3), raceBar(restores, restoreAndCopy), raceMemoryBar(restores)]
    return { races: [restores], bars }
  }

  async changes(): Promise<Bar[]> {
    await changeClinic({ target: this.#cluster.url('clinic'), filesRoot: this.#files, seed })
    const day = await this.#storedBytes()
    await this.#psql('clinic', 'update clinic.observation set value = value + 1 where random() < 0.01')
    const scattered = await this.#storedBytes()
    const peerBytes = this.#firstStoredBytes
    return [
      sizeBar('stored for a day of visits, against the first backup', 0.06, { oursBytes: day, peerBytes }),
      sizeBar('stored for 1 % of observations at random, against the first backup', undefined, { oursBytes: scattered, peerBytes }),
    ]
  }

  /** Over the live database; time without service is what the restore itself measured. */
  async swap(): Promise<Bar> {
    const plan = path.join(this.#place.folder, 'swap-plan.json')
    await this.#plan(plan, 'clinic')
    const { stdout } = await measure(this.#integrum('restore', 'run', plan, ...unattended(this.#place.folder)))
    return speedBar('unreachable during a swap, against 2 s', 1, { oursMs: Number(told(stdout)['unreachableMs']), peerMs: swapMsMax })
  }

  async #storedBytes(): Promise<number> {
    return Number(told((await measure(this.#backup(this.#repository, 'clinic'))).stdout)['storedBytes'])
  }

  /** Each run into a repository of its own. */
  #fresh(database: string): Contender {
    const repository = path.join(this.#place.folder, 'fresh')
    const prepare = async () => {
      await rm(repository, { recursive: true, force: true })
      await this.#create(repository)
    }
    return { program: ours, prepare, job: () => this.#backup(repository, database) }
  }

  #copyAlone(database: string): Contender {
    return { program: copyAlone, job: () => this.#shell(copyOut, database, copies) }
  }

  #dumps(database: string): Contender[] {
    return [
      this.#fresh(database),
      this.#dump('pg_dump -Fc', (to) => this.#tool('pg_dump', '-Fc', '-f', to, database)),
      this.#dump('pg_dump -Fd -j2', (to) => this.#tool('pg_dump', '-Fd', '-j2', '-f', to, database)),
      this.#dump('pg_dump | zstd -3', (to) => this.#shell('pg_dump "$1" | zstd -3 -q -o "$2"', database, to)),
      this.#copyAlone(database),
    ]
  }

  #skewedDumps(database: string): Contender[] {
    const peer = this.#dump('pg_dump -Fd -j2 -Z1', (to) => this.#tool('pg_dump', '-Fd', '-j2', '-Z1', '-f', to, database))
    return [this.#fresh(database), peer, this.#copyAlone(database)]
  }

  #dump(program: string, job: (to: string) => Job): Contender {
    const out = path.join(this.#place.folder, 'dump')
    return { program, prepare: () => rm(out, { recursive: true, force: true }), job: () => job(out) }
  }

  async #pgBackRest(): Promise<Contender> {
    const folder = path.join(this.#place.folder, 'pgbackrest')
    const data = path.join(this.#place.folder, 'cluster', 'data')
    const { uid, gid } = await stat(data)
    const as = process.getuid?.() === 0 ? { uid, gid } : undefined
    const place: PgBackRestPlace = { folder, data, socketDirectory: this.#cluster.socketDirectory, ...(as && { as }) }
    const prepare = async () => {
      await rm(folder, { recursive: true, force: true })
      await mkdir(folder, { recursive: true })
      if (as) await chown(folder, uid, gid)
      await measure(pgBackRest(place, 'stanza-create'))
    }
    const options = ['--type=full', '--compress-type=zst', '--compress-level=3', '--process-max=2', '--start-fast', '--no-archive-check']
    return { program: 'pgBackRest full, zstd 3', prepare, job: () => pgBackRest(place, 'backup', ...options, '--repo1-retention-full=1') }
  }

  #backup(repository: string, database: string): Job {
    const source = ['--database', `main=${this.#cluster.url(database)}`]
    return integrum(this.#place, repository, 'backup', '--system', 'bench', ...source, '--json')
  }

  #integrum(...args: string[]): Job {
    return integrum(this.#place, this.#repository, ...args)
  }

  async #plan(out: string, database: string): Promise<void> {
    await rm(out, { force: true })
    const to = ['--database', `main=${this.#cluster.url(database)}`, '--out', out]
    await measure(this.#integrum('restore', 'plan', '--backup', 'latest', ...to))
  }

  async #create(repository: string): Promise<void> {
    await measure(integrum(this.#place, repository, 'repository', 'create'))
  }

  #tool(program: string, ...args: string[]): Job {
    return { command: path.join(this.#programs, program), args, env: this.#environment() }
  }

  #shell(script: string, ...args: string[]): Job {
    return { command: 'bash', args: ['-o', 'pipefail', '-c', script, 'bash', ...args], env: this.#environment() }
  }

  async #psql(database: string, sql: string): Promise<void> {
    await measure(this.#tool('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', database, '-c', sql))
  }

  #environment(): NodeJS.ProcessEnv {
    return { PGHOST: this.#cluster.socketDirectory, PGUSER: this.#cluster.user, PATH: `${this.#programs}:${process.env['PATH']}` }
  }
}
