import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock, testClock } from '#base/clock.ts'
import { defaultSettings } from '#base/settings.ts'
import { systemRandom } from '#host/random.ts'
import { backup } from '#engine/backup/backup.ts'
import { findBackup, openBackup } from '#engine/backup/backups.ts'
import { listJournals } from '#engine/restore/journal.ts'
import { makePlan } from '#engine/restore/make-plan.ts'
import { recoverAll } from '#engine/restore/recover.ts'
import { runRestore } from '#engine/restore/restore.ts'
import { undoRestore } from '#engine/restore/undo.ts'
import { openLocal } from '#engine/storage/local.ts'
import { memory } from '#engine/storage/memory.ts'
import type { DiskTrace } from '#test/support/disk-trace.ts'
import { cutPowerEverywhere, tracedDisk, type PowerCut } from '#test/support/power-cut.ts'
import { expectedOf } from '#test/support/repository-sweep.ts'
import { checkedWhole, isBetween, repositoryVerbs, stateOf, verbNames, type RepositoryVerb } from '#test/support/repository-verbs.ts'
import { newRepository } from '#test/support/repository.ts'
import { newSeed } from '#test/support/seed.ts'
import { workshop, type Workshop } from '#test/support/workshop.ts'

const seed = newSeed()
let shop: Workshop
let verbs: readonly RepositoryVerb[]
before(async () => {
  shop = await workshop()
  verbs = await repositoryVerbs(shop.at('root'))
})
after(() => shop[Symbol.asyncDispose]())

/** Reading every byte of each tree takes its time: of the steps, which are about a hundred, so many are chosen. */
const cutsMax = 12

for (const name of verbNames.filter((one) => one !== 'verify' && one !== 'check')) {
  test(`SAFETY rule 34 a power cut at any moment of ${name}, without what was not fsynced, leaves the repository old or new, sound`, async (context) => {
    const verb = verbs.find((one) => one.name === name)!
    const { old, now } = await expectedOf(verb)
    const place = shop.at(`traced ${name}`)
    await verb.begin(openLocal(path.join(place, 'repository')))
    await mkdir(place, { recursive: true })
    const clock = testClock(systemClock.now())
    const { model, steps } = await tracedDisk(place, async (trace) => {
      await verb.run(openLocal(path.join(place, 'repository')), clock)
      trace.say('done')
    })
    const trees = await cutPowerEverywhere(
      { steps, model, place: shop.at('image'), seed, cutsMax },
      async ({ place: image, said, what }) => {
        const storage = openLocal(path.join(image, 'repository'))
        await ageLocks(path.join(image, 'repository', 'locks'))
        assert.deepEqual((await checkedWhole(storage, clock))?.findings ?? [], [], `${name}: ${what}`)
        const state = await stateOf(storage, clock)
        assert.ok(isBetween(state, old, now), `${name}: ${what}\n${state.join('\n')}`)
        if (said.length > 0) assert.deepEqual(state, now, `${name}: ${what}, and it had said that it was done`)
      },
    )
    context.diagnostic(`${name}: ${trees} trees after power cuts, SWEEP_SEED=${seed.value}`)
    assert(trees >= 3, `only ${trees} different trees`)
  })
}

/** The dead's lock is as old as the machine was off. */
async function ageLocks(folder: string): Promise<void> {
  if (!existsSync(folder)) return
  const longAgo = new Date(systemClock.now().getTime() - 3_600_000)
  for (const lock of await readdir(folder)) await utimes(path.join(folder, lock), longAgo, longAgo)
}

const instruments = { clock: systemClock, random: systemRandom, onProgress: () => {} }
const never = new AbortController().signal

/** A directory, its backup, and the machine that they and the journals stand on. */
async function machine() {
  const place = shop.at('machine')
  await rm(place, { recursive: true, force: true })
  const root = path.join(place, 'files')
  await mkdir(path.join(root, 'sub'), { recursive: true })
  for (const file of ['word', 'sub/word']) await writeFile(path.join(root, file), 'backed up')
  const repository = await newRepository(memory(systemClock))
  const sources = { databases: [], roots: [{ name: 'files', path: root }] }
  const order = { system: 'app', purpose: 'regular', ...sources, settings: defaultSettings, compressionLevel: 1 } as const
  await backup(repository, order, instruments, never)
  await repository.refreshIndex()
  for (const file of ['word', 'sub/word']) await writeFile(path.join(root, file), 'live')
  const options = { stateDirectory: path.join(place, 'state'), confirmed: 'app', compressionLevel: 1, instruments }
  const restore = async () => {
    const found = await findBackup(repository, 'latest', { system: 'app', now: systemClock.now() }, never)
    const opened = await openBackup(repository, found, never)
    const wanted = {
      opened,
      settings: defaultSettings,
      databases: [],
      roots: [{ section: opened.manifest.roots[0]!, path: root }],
      lossRowsMax: null,
    }
    const plan = await makePlan(repository, wanted, instruments, never)
    return await runRestore(repository, { plan, order: wanted }, { ...options, withoutSafetyBackup: 'a test' }, never)
  }
  const undo = (id: string) => undoRestore(id, { ...options, lossRowsMax: null, onLoss: () => {} }, never)
  return { place, root, state: options.stateDirectory, restore, undo }
}

interface Swapped {
  readonly place: string
  readonly root: string
  readonly state: string
}

/** Cuts the power at every moment of the work and recovers; returns what was live afterwards, each time. */
async function recoveredEverywhere(
  { place, root, state }: Swapped,
  work: (trace: DiskTrace) => Promise<void>,
): Promise<{ seen: Set<string>; trees: number }> {
  const { model, steps } = await tracedDisk(place, work)
  const seen = new Set<string>()
  const trees = await cutPowerEverywhere({ steps, model, place, seed }, async (cut) => {
    await renumberInodes(cut)
    await recoverAll(state, systemClock, never)
    const words = await Promise.all(['word', 'sub/word'].map((file) => readFile(path.join(root, file), 'utf8')))
    assert.equal(words[0], words[1], `${cut.what}: half of it`)
    seen.add(words[0]!)
    const [said] = cut.said
    if (said !== undefined) assert.equal(words[0], said, `${cut.what}: it had been said`)
    assert.deepEqual(
      (await readdir(place)).filter((name) => name.endsWith('-stage')),
      [],
      `${cut.what}: a staging directory is left`,
    )
    for (const journal of await listJournals(state)) assert.ok(['swapped', 'abandoned', 'undone'].includes(journal.state.step), cut.what)
  })
  return { seen, trees }
}

/** The image is a copy: where a journal knows a directory by its inode, the copy has another one. */
async function renumberInodes({ place, inodes }: PowerCut): Promise<void> {
  for (const name of await readdir(place, { recursive: true })) {
    if (!/(^|\/)journal\.json$|^\.integrum-[0-9a-f]{12}-journal$/.test(name)) continue
    const text = await readFile(path.join(place, name), 'utf8')
    const renumbered = text.replace(
      /("inode": ")(\d+)"/g,
      (_, key: string, inode: string) => `${key}${inodes.get(Number(inode)) ?? inode}"`,
    )
    await writeFile(path.join(place, name), renumbered)
  }
}

test('SAFETY rule 34 a power cut at any moment of a restore of files leaves old or new, whole, after recover', async (context) => {
  const made = await machine()
  const { seen, trees } = await recoveredEverywhere(made, async (trace) => {
    await made.restore()
    trace.say('backed up')
  })
  context.diagnostic(`${trees} trees after power cuts, SWEEP_SEED=${seed.value}`)
  assert.deepEqual([...seen].toSorted(), ['backed up', 'live'])
})

test('SAFETY rule 34 a power cut at any moment of its undo leaves the restored state or the one before it, whole', async (context) => {
  const made = await machine()
  const { restore } = await made.restore()
  const { seen, trees } = await recoveredEverywhere(made, async (trace) => {
    await made.undo(restore)
    trace.say('live')
  })
  context.diagnostic(`${trees} trees after power cuts, SWEEP_SEED=${seed.value}`)
  assert.deepEqual([...seen].toSorted(), ['backed up', 'live'])
})
