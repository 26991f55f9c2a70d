import assert from 'node:assert/strict'
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { systemClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { defaultSettings } from '#base/settings.ts'
import { systemRandom } from '#host/random.ts'
import { backup } from '#engine/backup/backup.ts'
import { findBackup, openBackup } from '#engine/backup/backups.ts'
import { createRepository } from '#engine/repository/create.ts'
import { openRepository } from '#engine/repository/open.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { listJournals, type JournalState } from '#engine/restore/journal.ts'
import { makePlan } from '#engine/restore/make-plan.ts'
import { recoverAll, recoverRestore } from '#engine/restore/recover.ts'
import { releaseRestore } from '#engine/restore/release.ts'
import { runRestore } from '#engine/restore/restore.ts'
import { undoRestore, type UndoOptions } from '#engine/restore/undo.ts'
import type { PlannedRestore, RestoreOrder, RunOptions } from '#engine/restore/order.ts'
import { openLocal } from '#engine/storage/local.ts'
import { testCluster, type TestCluster } from './postgres.ts'
import { workshop, type Workshop } from './workshop.ts'

const instruments = { clock: systemClock, random: systemRandom, onProgress: () => {} }
const never = new AbortController().signal
const password = 'a password of tests'

export interface Seen {
  readonly database: string
  readonly files: string
}
export const old: Seen = { database: 'live 1', files: 'live' }
export const restored: Seen = { database: 'backed up 5', files: 'backed up' }

/** A tiny application, its backup, and the verbs of a restore, all in this process: so that dying costs a second. */
export class RestoreWorld implements AsyncDisposable {
  /** Everything a restore writes on this machine: the root, its stagings, the journals. */
  readonly place: string
  /** Where restic finds it, too. */
  readonly repositoryPlace: string
  readonly passwordFile: string
  readonly #shop: Workshop
  readonly #cluster: TestCluster
  readonly #repository: Repository

  private constructor(shop: Workshop, cluster: TestCluster, repository: Repository) {
    this.#shop = shop
    this.#cluster = cluster
    this.#repository = repository
    this.place = shop.at('machine')
    this.repositoryPlace = shop.at('repository')
    this.passwordFile = shop.at('password')
  }

  static async make(): Promise<RestoreWorld> {
    const shop = await workshop()
    const cluster = await testCluster()
    const storage = openLocal(shop.at('repository'))
    await createRepository(storage, password, instruments)
    const repository = await openRepository(storage, password, instruments)
    const world = new RestoreWorld(shop, cluster, repository)
    await writeFile(world.passwordFile, password)
    await mkdir(world.#root, { recursive: true })
    await cluster.createDatabase('app')
    await cluster.psql(
      'app',
      "create table t (id int primary key, word text); insert into t select g, 'backed up' from generate_series(1, 5) g",
    )
    await writeFile(path.join(world.#root, 'word'), 'backed up')
    const sources = { databases: [{ name: 'app', target: cluster.target('app') }], roots: [{ name: 'files', path: world.#root }] }
    const order = { system: 'app', purpose: 'regular', ...sources, settings: defaultSettings, compressionLevel: 1 } as const
    await backup(repository, order, instruments, never)
    await repository.refreshIndex()
    return world
  }

  /** What is live is not what the backup has, and nothing else is left of earlier restores. */
  async makeOld(): Promise<void> {
    const left = await this.#cluster.psql('postgres', "select datname from pg_database where datname ~ '^integrum_'")
    for (const name of left.split('\n').filter(Boolean)) {
      await this.#cluster.psql('postgres', `alter database ${name} is_template false`)
      await this.#cluster.psql('postgres', `drop database ${name} with (force)`)
    }
    for (const name of await this.#ours()) await rm(path.join(this.place, name), { recursive: true })
    await rm(this.#state, { recursive: true, force: true })
    await this.#cluster.psql('app', "delete from t; insert into t values (1, 'live')")
    await writeFile(path.join(this.#root, 'word'), 'live')
  }

  async run(): Promise<JournalState> {
    return await this.carryOut(await this.plan())
  }

  async plan(id?: string): Promise<PlannedRestore> {
    const order = { ...(await this.#order()), id }
    return { plan: await makePlan(this.#repository, order, instruments, never), order }
  }

  async carryOut(planned: PlannedRestore, options: Partial<RunOptions> = {}): Promise<JournalState> {
    return await runRestore(this.#repository, planned, { ...this.#options, withoutSafetyBackup: 'a test', ...options }, never)
  }

  async undo(id: string, options: Partial<UndoOptions> = {}): Promise<JournalState> {
    return await undoRestore(id, { ...this.#options, lossRowsMax: null, onLoss: () => {}, ...options }, never)
  }

  /** One restore alone, as its own successor does it. */
  async recoverOne(id: string): Promise<JournalState['step']> {
    return (await recoverRestore({ stateDirectory: this.#state, clock: systemClock, signal: never }, id)).state.step
  }

  async release(id: string): Promise<JournalState> {
    return (await releaseRestore(this.#repository, id, { ...this.#options, withoutBackup: 'a test' }, never)).state
  }

  /** Looks when everything that was left half-done is finished or taken back, and nothing is left half-done. */
  async recovered(what: string): Promise<Seen> {
    await this.#recover()
    const steps = (await listJournals(this.#state)).map(({ state }) => state.step)
    assert.ok(
      steps.every((step) => ['swapped', 'undone', 'released', 'abandoned'].includes(step)),
      `${what}: journals at ${steps.join()}`,
    )
    assert.deepEqual(
      (await this.#ours()).filter((name) => name.endsWith('-stage')),
      [],
      `${what}: a staging directory is left`,
    )
    assert.equal(await this.#count('^integrum_stage'), 0, `${what}: a staging database is left`)
    return await this.look()
  }

  /** The one restore, or undo, that can be undone or released now. */
  async live(what: string): Promise<string> {
    const live = (await listJournals(this.#state)).filter(({ state }) => state.step === 'swapped')
    assert.equal(live.length, 1, `${what}: one restore is live`)
    return live[0]!.state.restore
  }

  async look(): Promise<Seen> {
    const database = await this.#cluster.psql('app', "select coalesce(string_agg(distinct word, ','), 'empty') || ' ' || count(*) from t")
    return { database: database.trim(), files: await readFile(path.join(this.#root, 'word'), 'utf8') }
  }

  /** What an undo would bring back is there, as databases and as directories. */
  async kept(): Promise<{ databases: number; directories: number }> {
    const directories = (await this.#ours()).filter((name) => name.endsWith('-kept')).length
    return { databases: await this.#count('^integrum_kept'), directories }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#repository[Symbol.asyncDispose]()
    await this.#cluster.stop()
    await this.#shop[Symbol.asyncDispose]()
  }

  /** A busy server takes a moment to notice that the dead's sessions, and their locks, are gone. */
  async #recover(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await recoverAll(this.#state, systemClock, never)
        return
      } catch (error) {
        if (!isFault(error, 'TARGET_BUSY') || attempt === 100) throw error
        await systemClock.sleep(100)
      }
    }
  }

  get #root(): string {
    return path.join(this.place, 'files')
  }

  get #state(): string {
    return path.join(this.place, 'state')
  }

  get #options() {
    return { stateDirectory: this.#state, confirmed: 'app', compressionLevel: 1, instruments }
  }

  async #order(): Promise<RestoreOrder> {
    const found = await findBackup(this.#repository, 'latest', { system: 'app', now: systemClock.now() }, never)
    const opened = await openBackup(this.#repository, found, never)
    const [section] = opened.manifest.databases
    const [files] = opened.manifest.roots
    assert.ok(section && files)
    const database = { section, target: this.#cluster.target('app'), roles: [], tables: null, freeBytes: null }
    return { opened, settings: defaultSettings, databases: [database], roots: [{ section: files, path: this.#root }], lossRowsMax: null }
  }

  async #ours(): Promise<string[]> {
    return (await readdir(this.place)).filter((name) => name.startsWith('.integrum-'))
  }

  async #count(pattern: string): Promise<number> {
    return Number(await this.#cluster.psql('postgres', `select count(*) from pg_database where datname ~ '${pattern}'`))
  }
}
