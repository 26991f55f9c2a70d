import { mkdir, writeFile } from 'node:fs/promises'
import { systemClock } from '#base/clock.ts'
import type { BackupId } from '#base/ids.ts'
import { defaultSettings, type SystemSettings } from '#base/settings.ts'
import { systemRandom } from '#host/random.ts'
import { backup } from '#engine/backup/backup.ts'
import { findBackup, openBackup } from '#engine/backup/backups.ts'
import { applyChangeSet, recoverChangeSets, undoChangeSet } from '#engine/entities/apply-change-set.ts'
import type { ChangeState } from '#engine/entities/change-journal.ts'
import { changePolicySchema, type ChangePolicy, type ChangeSet } from '#engine/entities/change-set.ts'
import { planChangeSet } from '#engine/entities/plan-change-set.ts'
import { createRepository } from '#engine/repository/create.ts'
import { openRepository } from '#engine/repository/open.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { openLocal } from '#engine/storage/local.ts'
import { testCluster, type TestCluster } from './postgres.ts'
import { workshop, type Workshop } from './workshop.ts'

const instruments = { clock: systemClock, random: systemRandom, onProgress: () => {} }
const never = new AbortController().signal
const password = 'a password of tests'

export interface Wanted {
  readonly database: string
  readonly backup: BackupId
  readonly entities: ChangeSet['entities']
  readonly settings?: SystemSettings
  readonly policy?: Partial<ChangePolicy>
  /** The live directory of the root `files`. */
  readonly files?: string
  readonly user?: string
}

export interface Planned {
  readonly changeSet: ChangeSet
  readonly folder: string
}

/** Databases of one server, their backups, and the verbs that bring a single record back. */
export class EntityWorld implements AsyncDisposable {
  readonly cluster: TestCluster
  readonly shop: Workshop
  readonly repository: Repository
  readonly stateDirectory: string
  readonly passwordFile: string

  private constructor(cluster: TestCluster, shop: Workshop, repository: Repository) {
    this.cluster = cluster
    this.shop = shop
    this.repository = repository
    this.stateDirectory = shop.at('state')
    this.passwordFile = shop.at('password')
  }

  static async make(): Promise<EntityWorld> {
    const shop = await workshop()
    const storage = openLocal(shop.at('repository'))
    await createRepository(storage, password, instruments)
    await mkdir(shop.at('plans'))
    await writeFile(shop.at('password'), password)
    return new EntityWorld(await testCluster(), shop, await openRepository(storage, password, instruments))
  }

  async backUp(database: string, files?: string): Promise<BackupId> {
    const roots = files === undefined ? [] : [{ name: 'files', path: files }]
    const sources = { databases: [{ name: 'main', target: this.cluster.target(database) }], roots }
    const order = {
      system: database.replaceAll('_', '-'),
      purpose: 'regular',
      ...sources,
      settings: defaultSettings,
      compressionLevel: 1,
    } as const
    const { id } = await backup(this.repository, order, instruments, never)
    await this.repository.refreshIndex()
    return id
  }

  async plan({ database, backup: wanted, entities, settings = defaultSettings, policy = {}, files, user }: Wanted): Promise<Planned> {
    const found = await findBackup(this.repository, wanted, { now: systemClock.now() })
    const opened = await openBackup(this.repository, found)
    const folder = this.shop.at(`plans/${systemRandom.uuid()}`)
    const changeSet = await planChangeSet(
      this.repository,
      {
        opened,
        settings,
        entities,
        database: {
          section: opened.manifest.databases[0]!,
          target: { ...this.cluster.target(database), ...(user !== undefined && { user }) },
        },
        roots: files === undefined ? [] : [{ name: 'files', path: files }],
        policy: changePolicySchema.parse(policy),
        folder,
        place: '/var/tmp',
        stateDirectory: this.stateDirectory,
      },
      instruments,
      never,
    )
    return { changeSet, folder }
  }

  /** `during` is called when everything is written and nothing is committed. */
  async apply({ changeSet, folder }: Planned, during?: () => Promise<void>): Promise<ChangeState> {
    const order = { repository: this.repository, stateDirectory: this.stateDirectory, confirmed: changeSet.system, instruments }
    return await applyChangeSet(folder, { ...order, confirmCommit: during }, never)
  }

  async recover(): Promise<ChangeState[]> {
    return await recoverChangeSets(this.stateDirectory, systemClock, never)
  }

  async undo({ changeSet }: Planned): Promise<ChangeState> {
    const options = { stateDirectory: this.stateDirectory, confirmed: changeSet.system, instruments }
    return await undoChangeSet(changeSet.restore, options, never)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster.stop()
    await this.shop[Symbol.asyncDispose]()
  }
}
