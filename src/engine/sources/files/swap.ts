import { lstatSync, mkdirSync, rmdirSync } from 'node:fs'
import path from 'node:path'
import { Fault, errnoOf } from '#base/fault.ts'
import { hostFault, syncDirectory } from '#host/durable.ts'
import { setTimes } from '#host/libc.ts'
import { entriesChangedSince } from './changed-since.ts'
import { isMountPoint, mountsBelow, readMounts } from './mounts.ts'
import { exchange, inodeAt, isSameInode, moveTo, targetChanged } from './move.ts'
import { openRoot, placeOfRoot } from './open-root.ts'
import { ownName } from './own-names.ts'
import { removeTree } from './remove-tree.ts'
import type { Inode, OnStep, RootRecord, RootState } from './root-record.ts'
import { clearEmptied, donePath, entriesBack, entriesForward, entriesState, prepareEntries } from './swap-entries.ts'

export interface Moved {
  /** Paths that appeared in the gap of a swap that is not atomic: kept, and where (SAFETY rule 6). */
  readonly appeared: readonly string[]
}

export interface RootTarget {
  readonly name: string
  readonly path: string
  /** Twelve hex digits, of the names of the staging and kept directories. */
  readonly hex: string
  /** Forces two renames where an exchange would do. */
  readonly method?: 'renames'
}

/**
 * What swapping a root will take, by reading only. The root need not exist.
 * Faults: ROOT_SYMLINK, ROOT_NOT_DIRECTORY, ROOT_DENIED, ROOT_HOLDS_MOUNT.
 */
export async function planRoot(target: RootTarget): Promise<RootRecord> {
  const place = await placeOfRoot(target.path)
  const live = await liveInode(place)
  const mounts = await readMounts()
  const inside = mountsBelow(mounts, place)[0]
  if (live && inside) {
    const mount = Buffer.from(inside.path, 'latin1').toString('utf8')
    throw new Fault('ROOT_HOLDS_MOUNT', `${mount} is mounted inside ${place}`, { root: place, mount })
  }
  const isMount = live !== null && isMountPoint(mounts, place)
  const beside = isMount ? place : path.dirname(place)
  return {
    kind: 'root',
    name: target.name,
    path: place,
    method: isMount ? 'entries' : (target.method ?? 'exchange'),
    live,
    stagePath: path.join(beside, ownName(target.hex, 'stage')),
    stage: null,
    keptPath: path.join(beside, ownName(target.hex, 'kept')),
  }
}

/**
 * Completes the record just before the swap, with the application stopped: what is staged, whether the file system can
 * exchange, for a mount point which entries move. Journal the result, then swap. Fault: RESTORE_TARGET_CHANGED.
 */
export async function prepareRoot(record: RootRecord): Promise<RootRecord> {
  const stage = inodeAt(record.stagePath)
  if (!isSameOrAbsent(inodeAt(record.path), record.live)) throw targetChanged(record.path, 'is not the directory that was planned for')
  if (record.isRemoval) return record
  if (!stage) throw new Fault('RESTORE_STATE', `nothing is staged at ${record.stagePath}`, { root: record.path })
  if (record.stage && !isSameInode(record.stage, stage)) throw targetChanged(record.stagePath, 'is not what was staged')
  if (record.method === 'entries') return await prepareEntries({ ...record, stage })
  const method = record.method === 'exchange' && !canExchange(record) ? 'renames' : record.method
  return { ...record, method, stage }
}

/** Makes the staged directory live. Both parents are durable when it returns. Faults: RESTORE_TARGET_CHANGED, RESTORE_STATE. */
export async function exchangeRoot(record: RootRecord, { onStep = () => {} }: { readonly onStep?: OnStep } = {}): Promise<Moved> {
  const state = await rootState(record)
  if (state === 'partly') throw new Fault('RESTORE_STATE', `the swap of ${record.path} stopped half-way`, { root: record.path })
  return await move(record, 'forward', onStep)
}

/**
 * Finishes the swap or takes it back, from what is there, never by replaying (SAFETY rule 3). Idempotent.
 * Fault: RESTORE_TARGET_CHANGED, and nothing was touched.
 */
export async function recoverRoot(record: RootRecord, direction: 'forward' | 'back', onStep: OnStep = () => {}): Promise<Moved> {
  return await move(record, direction, onStep)
}

/** Where a swap stands, by (device, inode) of what is found at the three paths. */
export async function rootState(record: RootRecord): Promise<RootState> {
  if (record.method === 'entries') return await entriesState(record)
  const { path: place, live, stage, isRemoval } = record
  const at = { root: inodeAt(place), stage: inodeAt(record.stagePath), kept: inodeAt(record.keptPath) }
  if (isRemoval) {
    if (isSameInode(at.root, live)) return 'staged'
    return isSameInode(at.kept, live) ? 'swapped' : 'foreign'
  }
  if (live === null) {
    if (stage && isSameInode(at.root, stage)) return 'swapped'
    return at.root === null ? 'staged' : 'foreign'
  }
  if (isSameInode(at.root, live)) return 'staged'
  if (isSameInode(at.root, stage)) {
    if (isSameInode(at.kept, live)) return 'swapped'
    return isSameInode(at.stage, live) ? 'partly' : 'foreign'
  }
  return isSameInode(at.kept, live) && isSameInode(at.stage, stage) ? 'partly' : 'foreign'
}

/** The record of the swap back: undo is a restore of the kept state, and can itself be undone (SAFETY rule 11). */
export async function undoRootRecord(record: RootRecord, { hex }: { readonly hex: string }): Promise<RootRecord> {
  const state = await rootState(record)
  if (state !== 'swapped') throw targetChanged(record.path, 'is not the directory that this restore made live')
  const { kind, name, method, path: place } = record
  const beside = path.dirname(record.keptPath)
  const common = { kind, name, method, path: place, keptPath: path.join(beside, ownName(hex, 'kept')) } as const
  if (record.isRemoval) return { ...common, live: null, stage: record.live, stagePath: record.keptPath }
  if (record.live === null) {
    return { ...common, live: record.stage, stage: null, isRemoval: true, stagePath: path.join(beside, ownName(hex, 'stage')) }
  }
  if (method === 'entries') return { ...common, live: record.live, stage: record.kept ?? null, stagePath: record.keptPath }
  return { ...common, live: record.stage, stage: record.live, stagePath: record.keptPath }
}

/** Gives up the way back (SAFETY rules 1, 10): only what this restore kept, and only while its own state is live. */
export async function removeKept(record: RootRecord, signal?: AbortSignal): Promise<void> {
  const state = await rootState(record)
  const expected = record.method === 'entries' ? record.kept : record.live
  if (expected && inodeAt(record.keptPath)) {
    if (state !== 'swapped')
      throw new Fault('RESTORE_STATE', `${record.path} is ${state}, so ${record.keptPath} is still needed`, { state })
    await removeBeside(record, record.keptPath, { expected, signal })
  }
  if (record.method === 'entries' && state === 'swapped') await clearEmptied(record, donePath(record))
}

/** Removes what a restore staged and did not make live. What an undo would bring back is never touched. */
export async function removeStage(record: RootRecord, signal?: AbortSignal): Promise<void> {
  const state = await rootState(record)
  if (state === 'partly') throw new Fault('RESTORE_STATE', `the swap of ${record.path} stopped half-way`, { root: record.path })
  if (record.method === 'entries' && state === 'staged') await clearEmptied(record, record.keptPath)
  const found = inodeAt(record.stagePath)
  if (!found || !record.stagePath.endsWith('-stage')) return
  if (isSameInode(found, record.live)) throw new Fault('RESTORE_STATE', `${record.stagePath} holds what was live`, { root: record.path })
  await removeBeside(record, record.stagePath, { expected: record.stage ?? found, signal })
}

/**
 * Entries of the kept tree that changed after the swap, printable paths below it; a last line says how many more there
 * are. Whoever wrote there had it open, and what they wrote is lost on release (SAFETY rule 5).
 */
export async function changedSince(directory: string, instant: Date, signal?: AbortSignal): Promise<string[]> {
  const { count, paths } = await entriesChangedSince(directory, instant, signal)
  return count > paths.length ? [...paths, `and ${count - paths.length} more`] : [...paths]
}

/** A root that holds its own staging directory keeps its times. */
async function removeBeside(
  record: RootRecord,
  directory: string,
  { expected, signal }: { readonly expected: Inode; readonly signal: AbortSignal | undefined },
): Promise<void> {
  if (record.method !== 'entries') return await removeTree(directory, expected, signal)
  const { atimeNs, mtimeNs } = lstatSync(record.path, { bigint: true })
  await removeTree(directory, expected, signal)
  setTimes(record.path, { atimeNs, mtimeNs })
}

async function move(record: RootRecord, direction: 'forward' | 'back', onStep: OnStep): Promise<Moved> {
  if ((await rootState(record)) === 'foreign') throw targetChanged(record.path, 'is neither as it was nor as the restore makes it')
  const moving = new Moving(record, onStep)
  try {
    if (record.method === 'entries') {
      return { appeared: await (direction === 'forward' ? entriesForward(record, onStep) : entriesBack(record, onStep)) }
    }
    await (direction === 'forward' ? moving.forward() : moving.back())
  } catch (error) {
    throw error instanceof Fault ? error : hostFault(error, `cannot swap ${record.path}`)
  }
  return { appeared: moving.appeared }
}

/** Each step looks at what is there and does what is still to be done, so that a second run finishes a first. */
class Moving {
  readonly appeared: string[] = []
  readonly #record: RootRecord
  readonly #onStep: OnStep

  constructor(record: RootRecord, onStep: OnStep) {
    this.#record = record
    this.#onStep = onStep
  }

  async forward(): Promise<void> {
    const { path: place, stagePath, keptPath, live, stage, method, isRemoval } = this.#record
    if (isRemoval) return await this.#moveIf(live, place, keptPath)
    if (!isSameInode(inodeAt(place), stage) && !isSameInode(inodeAt(stagePath), stage)) {
      throw new Fault('RESTORE_STATE', `nothing is staged at ${stagePath}`, { root: place })
    }
    if (live === null) return await this.#moveIf(stage, stagePath, place)
    if (method === 'exchange') {
      await this.#exchangeIf({ root: live, stage })
      return await this.#moveIf(live, stagePath, keptPath)
    }
    await this.#moveIf(live, place, keptPath)
    // An exchange that was finished as two renames, or the other way round, meets here.
    await this.#moveIf(live, stagePath, keptPath)
    await this.#placeIf(stage, stagePath)
  }

  async back(): Promise<void> {
    const { path: place, stagePath, keptPath, live, stage, method, isRemoval } = this.#record
    if (isRemoval) return await this.#placeIf(live, keptPath)
    if (live === null) return await this.#moveIf(stage, place, stagePath)
    if (method === 'exchange') {
      if (isSameInode(inodeAt(place), stage)) await this.#moveIf(live, keptPath, stagePath)
      return await this.#exchangeIf({ root: stage, stage: live })
    }
    await this.#moveIf(stage, place, stagePath)
    await this.#placeIf(live, keptPath)
  }

  async #moveIf(expected: Inode | null, from: string, to: string): Promise<void> {
    if (!isSameInode(inodeAt(from), expected)) return
    await this.#onStep({ from, to })
    try {
      moveTo(from, to)
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') throw targetChanged(to, 'appeared meanwhile')
      throw error
    }
    await this.#sync()
  }

  /** Into the root's own place: what appeared there in the gap is moved aside and named. */
  async #placeIf(expected: Inode | null, from: string): Promise<void> {
    const { path: place } = this.#record
    if (!isSameInode(inodeAt(from), expected)) return
    for (;;) {
      await this.#onStep({ from, to: place })
      try {
        moveTo(from, place)
        return await this.#sync()
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') throw error
        this.appeared.push(await this.#moveAside())
      }
    }
  }

  async #moveAside(): Promise<string> {
    const { path: place, keptPath } = this.#record
    for (let count = 1; ; count += 1) {
      const aside = `${keptPath.replace(/-(stage|kept)$/, '')}-appeared${count === 1 ? '' : `-${count}`}`
      await this.#onStep({ from: place, to: aside })
      try {
        moveTo(place, aside)
        return aside
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') throw error
      }
    }
  }

  /** The moment of the swap. What was exchanged is looked at afterwards: a root replaced in the last instant goes back. */
  async #exchangeIf(expected: { readonly root: Inode | null; readonly stage: Inode | null }): Promise<void> {
    const { path: place, stagePath } = this.#record
    const isThere = () => isSameInode(inodeAt(place), expected.root) && isSameInode(inodeAt(stagePath), expected.stage)
    if (!isThere()) return
    await this.#onStep({ from: stagePath, to: place })
    if (!exchange(stagePath, place))
      throw new Fault('RESTORE_STATE', `the file system of ${place} cannot exchange directories`, { root: place })
    if (!isSameInode(inodeAt(place), expected.stage) || !isSameInode(inodeAt(stagePath), expected.root)) {
      exchange(stagePath, place)
      throw targetChanged(place, 'was replaced in the moment of the swap')
    }
    await this.#sync()
  }

  async #sync(): Promise<void> {
    for (const parent of new Set([path.dirname(this.#record.path), path.dirname(this.#record.keptPath)])) await syncDirectory(parent)
  }
}

async function liveInode(place: string): Promise<Inode | null> {
  if (inodeAt(place) === null) return null
  using handle = (await openRoot(place)).handle
  const found = handle.stat()
  return { device: String(found.dev), inode: String(found.ino) }
}

function isSameOrAbsent(one: Inode | null, other: Inode | null): boolean {
  return one === null && other === null ? true : isSameInode(one, other)
}

/** Only doing it tells: tried on two empty directories beside the root. */
function canExchange(record: RootRecord): boolean {
  const base = record.keptPath.replace(/-(stage|kept)$/, '')
  const probes = [`${base}-probe-a`, `${base}-probe-b`] as const
  using made = new DisposableStack()
  for (const probe of probes) {
    mkdirSync(probe, { mode: 0o700, recursive: true })
    made.defer(() => rmdirSync(probe))
  }
  return exchange(...probes)
}
