import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { systemClock, testClock } from '#base/clock.ts'
import { Fault, isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { defaultSettings } from '#base/settings.ts'
import { durations } from '#base/units.ts'
import { systemRandom } from '#host/random.ts'
import { backup } from '#engine/backup/backup.ts'
import { findBackup, openBackup } from '#engine/backup/backups.ts'
import { verifyBackup } from '#engine/backup/verify-backup.ts'
import { checkOpened, checkRepository, type CheckReport } from '#engine/repository/check.ts'
import { coreOf } from '#engine/repository/core.ts'
import { createRepository } from '#engine/repository/create.ts'
import { executeForget, planForget } from '#engine/repository/forget.ts'
import { addKey, newMasterKey, openKey, removeKey } from '#engine/repository/keys.ts'
import { newConfig, saveConfig } from '#engine/repository/config.ts'
import { planPrune } from '#engine/repository/prune-plan.ts'
import { executePrune } from '#engine/repository/prune.ts'
import type { Repository } from '#engine/repository/repository.ts'
import type { SealingKey } from '#engine/repository/seal.ts'
import { memory } from '#engine/storage/memory.ts'
import { marksFolder, type Storage } from '#engine/storage/storage.ts'
import { addCheapKey, contentsOf, namesOf, openSmall, smallPassword, store, type Folder, type SmallClock } from './small-repository.ts'

/** What changes a repository, as one call that may die at any step. `run` begins with opening, as a command does. */
export interface RepositoryVerb {
  readonly name: string
  /** Copies what the verb starts from into an empty storage. */
  readonly begin: (storage: Storage) => Promise<void>
  readonly run: (storage: Storage, clock: SmallClock, signal?: AbortSignal) => Promise<void>
  /** False where what a death left must be looked at by somebody before the verb is called again. */
  readonly mayRepeat: (state: readonly string[], old: readonly string[]) => boolean
}

const passwords = { first: smallPassword, second: 'a second password', third: 'a third password' }
const day = (date: number) => new Date(Date.UTC(2026, 1, date))

export const verbNames = [
  'create',
  'first backup',
  'next backup',
  'verify',
  'check',
  'forget',
  'prune that marks',
  'prune that deletes',
  'add a password',
  'remove a password',
  'change a password',
] as const

/** The verbs, each on a small repository that has what it needs. `root` is a directory that the backups are of. */
export async function repositoryVerbs(root: string): Promise<readonly RepositoryVerb[]> {
  await makeTree(root)
  const key = newMasterKey()
  const [empty, backedUp, pruned] = [await emptyRepository(key), await emptyRepository(key), await emptyRepository(key)]
  await withBackups(backedUp)
  await withBackups(pruned)
  const gone = await openSmall(pruned.storage, pruned.clock)
  await forget(gone)
  const waste = await copied(pruned)
  await prune(await openSmall(pruned.storage, pruned.clock))
  const withRoot = await copied(backedUp)
  await backUpRoot(await openSmall(withRoot.storage, withRoot.clock), root)
  const opening = (work: (repository: Repository, signal?: AbortSignal) => Promise<unknown>): RepositoryVerb['run'] => {
    return async (storage, clock, signal) => {
      await using repository = await openSmall(storage, clock)
      await work(repository, signal)
    }
  }
  const verb = (name: (typeof verbNames)[number], from: Made | undefined, run: RepositoryVerb['run']): RepositoryVerb => ({
    name,
    begin: async (storage) => void (from && (await copyInto(from.storage, storage))),
    run,
    // Half of a creation is named and not built upon; a password that was removed removes no key.
    mayRepeat: (state, old) => from !== undefined && (!name.includes('password') || state.join() === old.join()),
  })
  return [
    verb('create', undefined, async (storage, clock, signal) => {
      await createRepository(storage, passwords.first, { clock, random: systemRandom, signal })
    }),
    verb(
      'first backup',
      empty,
      opening((repository, signal) => backUpRoot(repository, root, signal)),
    ),
    verb(
      'next backup',
      backedUp,
      opening((repository, signal) => backUpRoot(repository, root, signal)),
    ),
    verb('verify', withRoot, opening(verifyAll)),
    verb('check', withRoot, async (storage, clock, signal) => {
      const report = await checkRepository({ storage, password: passwords.first, clock }, { depth: 'full' }, signal)
      if (!report.isIntact) throw new Fault('DAMAGE_REPOSITORY', `${report.findingCount} findings`)
    }),
    verb('forget', backedUp, opening(forget)),
    verb('prune that marks', waste, opening(prune)),
    verb('prune that deletes', pruned, opening(prune)),
    verb('add a password', backedUp, async (storage, clock, signal) => {
      const opened = await openKey(storage, passwords.first, signal)
      await addKey(storage, opened.key, passwords.third, { clock, signal })
    }),
    verb('remove a password', backedUp, async (storage, _clock, signal) => {
      const opened = await openKey(storage, passwords.second, signal)
      await removeKey(storage, opened.keyFileId, signal)
    }),
    verb('change a password', backedUp, async (storage, clock, signal) => {
      const opened = await openKey(storage, passwords.second, signal)
      const added = await addKey(storage, opened.key, passwords.third, { clock, signal })
      assert.equal((await openKey(storage, passwords.third, signal)).keyFileId, added)
      await removeKey(storage, opened.keyFileId, signal)
    }),
  ]
}

interface Made {
  readonly storage: Storage
  readonly clock: SmallClock
}

async function emptyRepository(key: SealingKey): Promise<Made> {
  const clock = newClock()
  const storage = memory(clock)
  for (const password of [passwords.first, passwords.second]) await addCheapKey(storage, key, password)
  await saveConfig(storage, key, newConfig(systemRandom))
  return { storage, clock }
}

/** Later than every file that the tests make, so that no file is newer than its backup. */
export function newClock(): SmallClock {
  return testClock(new Date(systemClock.now().getTime() + durations.hour))
}

async function copied(from: Made): Promise<Made> {
  const clock = newClock()
  const storage = memory(clock)
  await copyInto(from.storage, storage)
  return { storage, clock }
}

async function copyInto(from: Storage, to: Storage): Promise<void> {
  await to.create()
  const marks = (await Array.fromAsync(from.list(marksFolder))).map(({ name }) => name)
  for (const name of [...(await namesOf(from)), ...marks]) {
    if (!name.startsWith('locks/')) await to.put(name, [await from.get(name)])
  }
}

/** Bytes that do not compress and are always the same. */
function noise(seed: string, sizeBytes: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(sizeBytes / 32) }, (_, at) => createHash('sha256').update(`${seed} ${at}`).digest())
  return Buffer.concat(blocks).subarray(0, sizeBytes)
}

/** Three old backups of one system that share much; two of them the policy does not keep. */
async function withBackups({ storage, clock }: Made): Promise<void> {
  await using repository = await openSmall(storage, clock)
  const shared = noise('shared', 60_000)
  for (const date of [1, 2, 3]) {
    const folder: Folder = { shared, own: noise(`own ${date}`, 40_000), sub: { word: `day ${date}` } }
    await store(repository, folder, ['integrum', 'system=small', 'type=files'], day(date))
  }
}

async function makeTree(root: string): Promise<void> {
  await mkdir(path.join(root, 'sub'), { recursive: true })
  await writeFile(path.join(root, 'shared'), noise('shared', 60_000))
  await writeFile(path.join(root, 'fresh'), noise('fresh', 50_000))
  await writeFile(path.join(root, 'sub', 'word'), 'a word')
}

async function backUpRoot(repository: Repository, root: string, signal = new AbortController().signal): Promise<void> {
  const order = {
    system: 'root',
    purpose: 'regular',
    databases: [],
    roots: [{ name: 'root', path: root }],
    settings: defaultSettings,
  } as const
  const made = await backup(repository, { ...order, compressionLevel: 1 }, instrumentsOf(repository), signal)
  assert.equal(made.status, 'completed')
}

async function verifyAll(repository: Repository, signal = new AbortController().signal): Promise<void> {
  const instruments = instrumentsOf(repository)
  const found = await findBackup(repository, 'latest', { system: 'root', now: instruments.clock.now() }, signal)
  const report = await verifyBackup(repository, await openBackup(repository, found, signal), { isQuick: false, instruments }, signal)
  if (!report.isIntact) throw new Fault('DAMAGE_BACKUP', `${report.findings.length} findings`)
}

function instrumentsOf(repository: Repository) {
  return { clock: coreOf(repository).clock, random: systemRandom, onProgress: () => {} }
}

async function forget(repository: Repository, signal?: AbortSignal): Promise<void> {
  const plan = await planForget(repository, { kind: 'policy', policy: { last: 1 } }, undefined, signal)
  await executeForget(repository, plan, undefined, signal)
}

async function prune(repository: Repository, signal?: AbortSignal): Promise<void> {
  await executePrune(repository, await planPrune(repository, { graceMs: 0 }, signal), signal)
}

/** What a repository is worth, as lines: the backups whose every byte was read back, and the passwords that open it. */
export async function stateOf(storage: Storage, clock: SmallClock): Promise<readonly string[]> {
  if (!(await storage.stat('config'))) return []
  const state: string[] = []
  for (const [name, password] of Object.entries(passwords)) {
    try {
      await openKey(storage, password)
      state.push(`opens with the ${name} password`)
    } catch (error) {
      if (!isFault(error, 'REPOSITORY_PASSWORD')) throw error
      // This one does not open it, which is what is asked.
    }
  }
  const repository = await openSmall(storage, clock)
  for (const { tree, time } of await repository.snapshots()) {
    const files = [...(await contentsOf(repository, tree))].filter(([name]) => name !== 'manifest.json' && name !== 'README.txt')
    const hash = createHash('sha256')
      .update(JSON.stringify(files.toSorted(([a], [b]) => (a < b ? -1 : 1))))
      .digest('hex')
    const isOfRoot = time > day(28)
    state.push(`backup ${isOfRoot ? 'of the root' : time.toISOString()} with content ${hash}`)
  }
  return state.toSorted()
}

/** Nothing that both have is missing, nothing is there that neither has: old, new, or some steps of many on the way. */
export function isBetween(state: readonly string[], old: readonly string[], now: readonly string[]): boolean {
  const isOnTheWay = state.every((line) => old.includes(line) || now.includes(line))
  return isOnTheWay && old.every((line) => !now.includes(line) || state.includes(line)) && state.length === new Set(state).size
}

/** Every byte is read and hashed. The dead's lock has expired by then. */
export async function checkedWhole(storage: Storage, clock: SmallClock): Promise<CheckReport | undefined> {
  clock.advance(limits.lockStaleAfterMs + durations.minute)
  if (!(await storage.stat('config'))) return undefined
  const { key } = await openKey(storage, passwords.first)
  return await checkOpened({ storage, key, clock }, { depth: 'full' })
}
