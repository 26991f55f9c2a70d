import assert from 'node:assert/strict'
import { mkdir, rm } from 'node:fs/promises'
import { DiskModel } from './disk-model.ts'
import { findFileHandles, traceDisk, type DiskStep, type DiskTrace } from './disk-trace.ts'
import type { Seed } from './seed.ts'

export interface PowerCut {
  /** Where what was left now stands for real. */
  readonly place: string
  /** What the caller had been told before the power went. */
  readonly said: readonly string[]
  /** Which real inode stands for which of the traced ones. */
  readonly inodes: ReadonlyMap<number, number>
  /** Which step and which loss, for messages. */
  readonly what: string
}

export interface Replay {
  /** The directory that was traced, and beside which, or in whose place, each image is made. */
  readonly steps: readonly DiskStep[]
  /** As it was when the trace began. */
  readonly model: DiskModel
  readonly place: string
  readonly seed: Seed
  /** After so many steps by chance, and after the last. Default: after each. */
  readonly cutsMax?: number
}

/** Does the work, looking on. What stood below `root` before is taken for durable. */
export async function tracedDisk(
  root: string,
  work: (trace: DiskTrace) => Promise<void>,
): Promise<{ model: DiskModel; steps: readonly DiskStep[] }> {
  await findFileHandles()
  const model = new DiskModel(root)
  using trace = traceDisk(root)
  await work(trace)
  return { model, steps: [...trace.steps] }
}

/**
 * Cuts the power after each step, in three ways: nothing survives that was not fsynced, everything does (what a kill
 * leaves), or some of it by chance. Calls `look` on each different tree. Returns how many there were.
 */
export async function cutPowerEverywhere(
  { steps, model, place, seed, cutsMax = Infinity }: Replay,
  look: (cut: PowerCut) => Promise<void>,
): Promise<number> {
  const seen = new Set<string>()
  const said: string[] = []
  const chosen = steps.map((_, at) => at)
  while (chosen.length > cutsMax) chosen.splice(seed.below(chosen.length), 1)
  const isChosen = new Set([...chosen, steps.length])
  for (let at = 0; at <= steps.length; at += 1) {
    for (const chance of isChosen.has(at) ? (['nothing', 'everything', seed] as const) : []) {
      const image = model.afterPowerCut(chance)
      const key = `${image.digest} ${said.length}`
      if (seen.has(key)) continue
      seen.add(key)
      await rm(place, { recursive: true, force: true })
      await mkdir(place, { recursive: true })
      const inodes = image.writeTo(place)
      const how = typeof chance === 'string' ? `${chance} volatile survives` : `SWEEP_SEED=${seed.value}`
      await look({ place, said: [...said], inodes, what: `power cut after step ${at} of ${steps.length}, ${how}` })
    }
    const step = steps[at]
    if (!step) break
    if (step.kind === 'said') said.push(step.what)
    else model.play(step)
  }
  assert.ok(seen.size > 1)
  return seen.size
}
