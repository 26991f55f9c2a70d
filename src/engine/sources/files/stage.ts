import { fsyncSync, mkdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault, errnoOf } from '#base/fault.ts'
import { hostFault } from '#host/durable.ts'
import { setTimes, syncFileSystem } from '#host/libc.ts'
import type { OnProgress, StoredSource } from '#engine/sources/source.ts'
import { clearInherited, ownersHere, type Owners } from './apply-node.ts'
import { buildTree } from './build-tree.ts'
import { DirectoryHandle } from './directory-handle.ts'
import { inodeAt, isSameInode } from './move.ts'
import { NotRestoredList } from './not-restored.ts'
import { isStageOrKeptName } from './own-names.ts'
import { removeTree } from './remove-tree.ts'
import type { Inode, RootRecord } from './root-record.ts'
import type { RootSection } from './root-section.ts'
import { removeStage } from './swap.ts'
import { verifyTree, type TreeReport } from './verify-tree.ts'

export interface StageOrder {
  /** What the backup says it holds; undefined for a backup that was not made by Integrum. */
  readonly section: RootSection | undefined
  readonly stored: StoredSource
  /** The target, absolute. Need not exist; its parents are made. */
  readonly root: string
  /** Beside the root, or inside it when it is a mount point: on the same file system. */
  readonly stagePath: string
  readonly onProgress: OnProgress
  /** Default: restored by uid 0, left to everybody else as they are made. */
  readonly owners?: Owners
}

/** A tree that is built and durable, not yet compared with its backup: only what is verified may be swapped. */
export interface StagedRoot {
  readonly path: string
  readonly identity: Inode
  /** One line for each kind of thing that this user or file system could not restore, with how many and the first. */
  readonly notRestored: readonly string[]
  /** Reads every file again and compares it, and all metadata, with the backup. Fault: RESTORE_VERIFY. */
  verify(signal?: AbortSignal): Promise<VerifiedRoot>
  discard(signal?: AbortSignal): Promise<void>
}

export interface VerifiedRoot {
  readonly path: string
  readonly identity: Inode
  readonly report: TreeReport
  readonly notRestored: readonly string[]
}

/**
 * Builds the tree of a backup in an own directory beside the live one, which is not touched. Aborted or failed, the
 * directory is removed again; killed, it is left for `discardStagedRoot`. Faults: DISK_FULL, PATH_OUTSIDE_ROOT, HOST_IO,
 * and those of reading the backup.
 */
export async function stageFiles(order: StageOrder, signal?: AbortSignal): Promise<StagedRoot> {
  const { stored, root, stagePath, section, onProgress, owners = ownersHere() } = order
  const identity = makeStage(root, stagePath)
  const notRestored = new NotRestoredList()
  const discard = async () => removeTree(stagePath, identity)
  try {
    using handle = DirectoryHandle.open(stagePath)
    await buildTree({ handle, stored, owners, notRestored, totals: section, onProgress }, signal)
    await syncFileSystem(handle.fd)
    fsyncSync(handle.fd)
    throwIfCancelled(signal)
  } catch (error) {
    await discard()
    throw error instanceof Fault || errnoOf(error) === undefined ? error : hostFault(error, `cannot stage ${root}`)
  }
  return {
    path: stagePath,
    identity,
    notRestored: notRestored.lines(),
    verify: async (verifySignal) => {
      if (!isSameInode(inodeAt(stagePath), identity)) throw new Fault('RESTORE_TARGET_CHANGED', `${stagePath} is not what was staged`)
      using handle = DirectoryHandle.open(stagePath)
      const report = await verifyTree({ handle, stored, section, notRestored, onProgress }, verifySignal)
      return { path: stagePath, identity, report, notRestored: notRestored.lines() }
    },
    discard: async (discardSignal) => removeTree(stagePath, identity, discardSignal),
  }
}

/** Removes what a restore staged, by its record: also after a crash. Never what an undo would bring back. */
export async function discardStagedRoot(record: RootRecord, signal?: AbortSignal): Promise<void> {
  await removeStage(record, signal)
}

/** SAFETY rule 1: a name that is ours alone, made now and by us, on the file system of the root. */
function makeStage(root: string, stagePath: string): Inode {
  if (!isStageOrKeptName(path.basename(stagePath))) {
    throw new Fault('RESTORE_STATE', `${stagePath} is not the name of a staging directory`, { stagePath })
  }
  const parent = path.dirname(stagePath)
  try {
    mkdirSync(parent, { recursive: true })
    const times = statSync(parent, { bigint: true })
    const device = inodeAt(root)?.device ?? String(times.dev)
    if (String(times.dev) !== device) throw new Fault('RESTORE_STATE', `${stagePath} is on another file system than ${root}`, { stagePath })
    mkdirSync(stagePath, { mode: 0o700 })
    using handle = DirectoryHandle.open(stagePath)
    clearInherited(handle.ownPath)
    // Inside a mount point the parent is the live root itself, whose times a restore leaves alone.
    if (parent === root) setTimes(parent, times)
    const { dev, ino } = handle.stat()
    return { device: String(dev), inode: String(ino) }
  } catch (error) {
    throw error instanceof Fault ? error : hostFault(error, `cannot make the staging directory ${stagePath}`)
  }
}
