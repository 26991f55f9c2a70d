import assert from 'node:assert/strict'
import { mkdir, readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { isFault } from '#base/fault.ts'
import { systemRandom } from '#host/random.ts'
import { removeDurably, replaceDurably } from '#host/durable.ts'
import { openLocal } from '#engine/storage/local.ts'
import { folders, marksFolder } from '#engine/storage/storage.ts'
import { idIn } from '#engine/storage/storage.suite.ts'
import { RestoreJournal, listJournals, type JournalState } from '#engine/restore/journal.ts'
import { cutPowerEverywhere, tracedDisk, type PowerCut } from '#test/support/power-cut.ts'
import type { DiskStep, DiskTrace } from '#test/support/disk-trace.ts'
import { newSeed } from '#test/support/seed.ts'
import { workshop } from '#test/support/workshop.ts'

const seed = newSeed()

interface Case {
  /** What stands, durable, before the trace begins. */
  readonly before?: (place: string) => Promise<void>
  readonly work: (place: string, trace: DiskTrace) => Promise<void>
  /** Throws when what the power cut left is neither old nor new, or less than what had been said. */
  readonly look: (cut: PowerCut) => Promise<void>
}

/** `without` leaves steps out of the trace, as a product would that forgot them. */
async function cutPower({ before, work, look }: Case, without: (step: DiskStep) => boolean = () => false): Promise<number> {
  await using shop = await workshop()
  const place = shop.at('traced')
  await mkdir(place)
  await before?.(place)
  const { model, steps } = await tracedDisk(place, (trace) => work(place, trace))
  const kept = steps.filter((step) => !without(step))
  return await cutPowerEverywhere({ steps: kept, model, place: shop.at('image'), seed }, look)
}

const isFound = (error: unknown) => error instanceof assert.AssertionError || isFault(error)
const isFileSync = (step: DiskStep) => step.kind === 'sync' && !step.isDirectory
const isDirectorySync = (step: DiskStep) => step.kind === 'sync' && step.isDirectory

const replaced: Case = {
  work: async (place, trace) => {
    for (const version of [1, 2, 3]) {
      await replaceDurably(path.join(place, 'file'), `version ${version}`.repeat(100))
      trace.say(String(version))
    }
    await removeDurably(path.join(place, 'file'))
    trace.say('removed')
  },
  look: async ({ place, said, what }) => {
    const last = said.at(-1) ?? '0'
    const found = await readFile(path.join(place, 'file'), 'utf8').catch(() => '')
    const version = [1, 2, 3].find((one) => found === `version ${one}`.repeat(100))
    assert.ok(found === '' || version !== undefined, `${what}: torn`)
    if (last === 'removed') assert.equal(found, '', what)
    else if (last !== '0' && last !== '3') assert.ok(Number(version) >= Number(last), `${what}: lost version ${last}`)
  },
}

const names = ['a', 'b', 'c'].map((name) => idIn('data', name))
const stored: Case = {
  // Without its 256 folders, which the first put makes as it needs them.
  before: async (place) => {
    for (const folder of [...folders, marksFolder]) await mkdir(path.join(place, folder))
  },
  work: async (place, trace) => {
    const storage = openLocal(place)
    for (const name of [...names, 'config'] as const) {
      await storage.put(name, [Buffer.from(name), Buffer.alloc(3000, 1)])
      trace.say(name)
    }
    await storage.remove(names[0]!)
    trace.say('removed')
  },
  look: async ({ place, said, what }) => {
    const storage = openLocal(place)
    for (const name of [...names, 'config'] as const) {
      const found = await storage.stat(name)
      if (found) assert.deepEqual(await storage.get(name), Buffer.concat([Buffer.from(name), Buffer.alloc(3000, 1)]), `${what}: ${name}`)
      const isRemoved = name === names[0] && said.includes('removed')
      if (isRemoved) assert.equal(found, undefined, `${what}: ${name} came back`)
      else if (said.includes(name) && name !== names[0]) assert.ok(found, `${what}: ${name} was put and is gone`)
    }
  },
}

const journal: JournalState = {
  format: 1,
  restore: systemRandom.uuid(),
  kind: 'restore',
  undoes: null,
  system: 'small',
  backup: systemRandom.uuid(),
  repositoryId: '',
  manifestChecksum: '',
  planDigest: '',
  createdAt: '2026-03-01T12:00:00.000Z',
  step: 'prepared',
  isDecided: false,
  databases: [],
  roots: [],
  standbys: [],
  hooks: {},
  safetyBackup: null,
  reason: null,
  rowsWrittenMeanwhile: null,
  appeared: [],
  notRestored: [],
  notes: [],
  verified: null,
  swappedAt: null,
  unreachableMs: null,
  undoUntil: null,
  releaseBackup: null,
  failure: null,
}
const steps = ['prepared', 'staging', 'verified', 'swapping', 'swapped'] as const
const journaled: Case = {
  work: async (place, trace) => {
    const begun = await RestoreJournal.begin(path.join(place, 'var', 'state'), journal)
    trace.say('prepared')
    for (const step of steps.slice(1)) {
      await begun.change({ step })
      trace.say(step)
    }
  },
  look: async ({ place, said, what }) => {
    const [found] = await listJournals(path.join(place, 'var', 'state'))
    const reached = found ? steps.indexOf(found.state.step as (typeof steps)[number]) : -1
    assert.ok(reached >= said.length - 1, `${what}: the journal is at ${found?.state.step ?? 'nothing'}, and ${said.at(-1)} was announced`)
  },
}

for (const [name, one] of Object.entries({
  'a replaced file': replaced,
  'a local storage': stored,
  'the journal of a restore': journaled,
})) {
  test(`SAFETY rule 34 a power cut at any moment, without what was not fsynced, leaves ${name} old or new and keeps what was promised`, async (context) => {
    const trees = await cutPower(one)
    assert(trees >= 15, `only ${trees} different trees`)
    context.diagnostic(`${name}: ${trees} trees after power cuts, SWEEP_SEED=${seed.value}`)
  })

  test(`SAFETY rule 34 the same finds each kind of fsync that is missing in ${name}`, async () => {
    await assert.rejects(cutPower(one, isFileSync), isFound, 'the fsync of files')
    await assert.rejects(cutPower(one, isDirectorySync), isFound, 'the fsync of directories')
  })
}

test('a directory of the images is a real one', async () => {
  await using shop = await workshop()
  await mkdir(shop.at('traced'))
  const { model, steps: traced } = await tracedDisk(shop.at('traced'), async () => {
    await mkdir(shop.at('traced', 'a', 'b'), { recursive: true })
    await replaceDurably(shop.at('traced', 'a', 'b', 'file'), 'text')
  })
  for (const step of traced) model.play(step)
  model.afterPowerCut('everything').writeTo(shop.at('image'))
  assert.deepEqual(await readdir(shop.at('image'), { recursive: true }), ['a', 'a/b', 'a/b/file'])
  assert.equal(await readFile(shop.at('image', 'a', 'b', 'file'), 'utf8'), 'text')
})
