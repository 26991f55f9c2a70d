import { chmod, mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { startCluster, type PrivateCluster } from '#host/postgres-cluster.ts'
import { assertFound, postgresPrograms } from '#host/postgres-programs.ts'
import { changeClinic } from '#demo/clinic/change-clinic.ts'
import { makeClinic } from '#demo/clinic/make-clinic.ts'
import { sizeBar, speedBar, type Bar } from './bars.ts'
import { memoryBar, unattended, type Workplace } from './bench-files.ts'
import { alternately, integrum, measure, told, type Job } from './measure.ts'

/** Scale 20 of the clinic is 860 MB: with `--scale 1` the database is about the size of the file sets. */
const clinicScale = 20
const swapMsMax = 2000

/** The database against PostgreSQL's own tools: backup, restore, a day of changes, the swap. */
export async function benchDatabase(place: Workplace): Promise<Bar[]> {
  await chmod(place.folder, 0o755)
  const settings = { shared_buffers: '1GB', max_wal_size: '4GB' }
  await using cluster = await startCluster(path.join(place.folder, 'cluster'), { isDurable: true, settings })
  const bench = new DatabaseBench(place, cluster)
  await bench.make()
  return [
    ...(await bench.backups()),
    ...(await bench.skewed()),
    ...(await bench.restores()),
    ...(await bench.changes()),
    ...(await bench.swap()),
  ]
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
    await makeClinic({ target: this.#cluster.url('clinic'), filesRoot: this.#files, scale: clinicScale * this.#place.scale, seed: 3 })
    await this.#psql('clinic', 'vacuum analyze')
    await this.#psql('clinic', 'checkpoint')
    await this.#create(this.#repository)
  }

  async backups(): Promise<Bar[]> {
    const peers = [
      { name: 'pg_dump -Fc', bar: 4, job: (to: string) => this.#tool('pg_dump', '-Fc', '-f', to, 'clinic') },
      { name: 'pg_dump -Fd -j2', bar: 3.5, job: (to: string) => this.#tool('pg_dump', '-Fd', '-j2', '-f', to, 'clinic') },
      {
        name: 'pg_dump | zstd -3',
        bar: 1.1,
        job: (to: string) => this.#shell('pg_dump clinic | zstd -3 -q -o "$1"', to),
      },
    ]
    const bars: Bar[] = []
    for (const peer of peers) {
      const out = path.join(this.#place.folder, 'dump')
      const fresh = (run: number) => path.join(this.#place.folder, `fresh-${run}`)
      const times = await alternately({
        prepare: async (run) => {
          await rm(out, { recursive: true, force: true })
          await rm(fresh(run), { recursive: true, force: true })
          await this.#create(fresh(run))
        },
        ours: (run) => this.#backup(fresh(run), 'clinic'),
        peer: () => peer.job(out),
      })
      bars.push(speedBar(`database backup against ${peer.name}`, peer.bar, times))
      if (peer === peers[0]) bars.push(memoryBar('memory of a database backup', times.ours))
      await rm(out, { recursive: true, force: true })
    }
    const measured = await measure(this.#backup(this.#repository, 'clinic'))
    this.#firstStoredBytes = Number(told(measured)['storedBytes'])
    return bars
  }

  /** One table with nine tenths of the rows: where a dump that works by tables cannot use a second core. */
  async skewed(): Promise<Bar[]> {
    await this.#psql('postgres', 'create database skewed template clinic')
    await this.#psql('skewed', 'truncate clinic.audit_log, clinic.medication; delete from clinic.lab_result where id % 2 = 0')
    await this.#psql('skewed', 'vacuum full analyze clinic.lab_result')
    const fresh = (run: number) => path.join(this.#place.folder, `skewed-${run}`)
    const out = path.join(this.#place.folder, 'dump')
    const times = await alternately({
      prepare: async (run) => {
        await rm(out, { recursive: true, force: true })
        await this.#create(fresh(run))
      },
      ours: (run) => this.#backup(fresh(run), 'skewed'),
      peer: () => this.#tool('pg_dump', '-Fd', '-j2', '-Z1', '-f', out, 'skewed'),
    })
    await rm(out, { recursive: true, force: true })
    await this.#psql('postgres', 'drop database skewed')
    return [speedBar('one table with 90 % of the rows, against pg_dump -Fd -j2 -Z1', 1.5, times)]
  }

  async restores(): Promise<Bar[]> {
    const dump = path.join(this.#place.folder, 'clinic.dump')
    const plan = path.join(this.#place.folder, 'database-plan.json')
    await measure(this.#tool('pg_dump', '-Fd', '-j2', '-f', dump, 'clinic'))
    const times = await alternately({
      prepare: async () => {
        for (const database of ['restored', 'restored_peer']) await this.#psql('postgres', `drop database if exists ${database}`)
        await this.#psql('postgres', 'create database restored_peer template template0')
        await this.#plan(plan, 'restored')
      },
      ours: () => this.#integrum('restore', 'run', plan, ...unattended(this.#place.folder)),
      peer: () => this.#tool('pg_restore', '-j2', '-d', 'restored_peer', dump),
    })
    await rm(dump, { recursive: true, force: true })
    for (const database of ['restored', 'restored_peer']) await this.#psql('postgres', `drop database if exists ${database}`)
    return [
      speedBar('database restore, every row verified, against pg_restore -j2', 1 / 1.3, times),
      memoryBar('memory of a database restore', times.ours),
    ]
  }

  async changes(): Promise<Bar[]> {
    await changeClinic({ target: this.#cluster.url('clinic'), filesRoot: this.#files, seed: 3 })
    const measured = await measure(this.#backup(this.#repository, 'clinic'))
    const storedBytes = Number(told(measured)['storedBytes'])
    return [
      sizeBar('stored for a day of visits, against the first backup', 0.06, { oursBytes: storedBytes, peerBytes: this.#firstStoredBytes }),
    ]
  }

  /** Over the live database; time without service is what the restore itself measured. */
  async swap(): Promise<Bar[]> {
    const plan = path.join(this.#place.folder, 'swap-plan.json')
    await this.#plan(plan, 'clinic')
    const measured = await measure(this.#integrum('restore', 'run', plan, ...unattended(this.#place.folder)))
    const unreachableMs = Number(told(measured)['unreachableMs'])
    return [speedBar('unreachable during a swap, against 2 s', 1, { oursMs: unreachableMs, peerMs: swapMsMax })]
  }

  #backup(repository: string, database: string): Job {
    return integrum(
      repository,
      this.#place.passwordFile,
      'backup',
      '--system',
      'bench',
      '--database',
      `main=${this.#cluster.url(database)}`,
      '--json',
    )
  }

  #integrum(...args: string[]): Job {
    return integrum(this.#repository, this.#place.passwordFile, ...args)
  }

  async #plan(out: string, database: string): Promise<void> {
    await rm(out, { force: true })
    await measure(
      this.#integrum('restore', 'plan', '--backup', 'latest', '--database', `main=${this.#cluster.url(database)}`, '--out', out),
    )
  }

  async #create(repository: string): Promise<void> {
    await mkdir(path.dirname(repository), { recursive: true })
    await measure(integrum(repository, this.#place.passwordFile, 'repository', 'create'))
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
