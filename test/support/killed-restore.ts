import assert from 'node:assert/strict'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { testCluster, type TestCluster } from './postgres.ts'
import { endOf, workplace, type Workplace } from './command-line.ts'

const dying = path.join(path.dirname(fileURLToPath(import.meta.url)), 'dying-command.ts')

export type When = 'before' | 'after'

export interface Seen {
  readonly database: string
  readonly files: string
}
export const old: Seen = { database: 'live 1', files: 'live' }
export const restored: Seen = { database: 'backed up 200', files: 'backed up' }

/** A small application with a backup, whose restores are commands of their own that SIGKILL ends. */
export class KilledRestores implements AsyncDisposable {
  readonly cluster: TestCluster
  readonly place: Workplace
  readonly #files: string
  #plans = 0

  private constructor(cluster: TestCluster, place: Workplace) {
    this.cluster = cluster
    this.place = place
    this.#files = place.file('files')
  }

  static async make(): Promise<KilledRestores> {
    const [cluster, place] = [await testCluster(), await workplace()]
    const made = new KilledRestores(cluster, place)
    await place.expect(0, 'repository', 'create')
    await mkdir(made.#files)
    await cluster.createDatabase('app')
    await cluster.psql(
      'app',
      "create table t (id int primary key, word text); insert into t select g, 'backed up' from generate_series(1, 200) g",
    )
    await writeFile(path.join(made.#files, 'word'), 'backed up')
    await place.expect(0, 'backup', '--system', 'app', '--database', `app=${cluster.url('app')}`, '--files', `files=${made.#files}`)
    return made
  }

  /** A restore that is killed at the nth write of its journal. Undefined when there is no such write: then it was done. */
  async killedRun(nth: number, when: When): Promise<Seen | undefined> {
    const words = await this.#planned()
    const end = await endOf(this.place.start(words, { file: dying, args: [String(nth), when] }))
    if (end.signal !== null) return await this.#recovered(`restore killed ${when} write ${nth}`)
    assert.equal(end.exitCode, 0)
    assert.deepEqual(await this.look(), restored)
    return undefined
  }

  /** The same of an undo. What was kept is never dropped. */
  async killedUndo(nth: number, when: When): Promise<Seen | undefined> {
    const run = await this.place.expect(0, ...(await this.#planned()))
    assert.deepEqual(await this.look(), restored)
    const words = ['restore', 'undo', run.json['restore'], '--confirm', 'app']
    const end = await endOf(this.place.start(words, { file: dying, args: [String(nth), when] }))
    if (end.signal === null) {
      assert.equal(end.exitCode, 0)
      assert.deepEqual(await this.look(), old)
      return undefined
    }
    const seen = await this.#recovered(`undo killed ${when} write ${nth}`)
    const kept = await this.cluster.psql('postgres', "select count(*) > 0 from pg_database where datname ~ '^integrum_kept'")
    assert.equal(kept.trim(), 't')
    return seen
  }

  async look(): Promise<Seen> {
    const database = await this.cluster.psql('app', "select coalesce(string_agg(distinct word, ','), 'empty') || ' ' || count(*) from t")
    return { database: database.trim(), files: await readFile(path.join(this.#files, 'word'), 'utf8') }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.place[Symbol.asyncDispose]()
    await this.cluster.stop()
  }

  /** What is live is not what the backup has, so that old and new are told apart. The command that restores it. */
  async #planned(): Promise<string[]> {
    await this.cluster.psql('app', "delete from t; insert into t values (1, 'live')")
    await writeFile(path.join(this.#files, 'word'), 'live')
    this.#plans += 1
    const plan = this.place.file(`plan-${this.#plans}.json`)
    await this.place.expect(0, 'restore', 'plan', '--backup', 'latest', '--system', 'app', '--out', plan)
    return ['restore', 'run', plan, '--confirm', 'app', '--no-safety-backup', '--reason', 'a test']
  }

  async #recovered(what: string): Promise<Seen> {
    await this.place.expect(0, 'restore', 'recover')
    const seen = await this.look()
    const isWhole = [old, restored].some((one) => one.database === seen.database && one.files === seen.files)
    assert.ok(isWhole, `${what}: neither old nor new: ${JSON.stringify(seen)}`)
    const left = await this.cluster.psql('postgres', "select string_agg(datname, ' ') from pg_database where datname ~ '^integrum_stage'")
    assert.equal(left.trim(), '', `${what}: a staging database is left`)
    const beside = (await readdir(this.place.directory)).filter((name) => /^\.integrum-[0-9a-f]{12}-stage$/.test(name))
    assert.deepEqual(beside, [], `${what}: a staging directory is left`)
    return seen
  }
}
