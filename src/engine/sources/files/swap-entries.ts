import { fsyncSync, mkdirSync, rmdirSync } from 'node:fs'
import path from 'node:path'
import { Fault, errnoOf } from '#base/fault.ts'
import { syncDirectory } from '#host/durable.ts'
import { setTimes } from '#host/libc.ts'
import { printBytesName, type ByteString } from '#engine/byte-string.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { ownersHere, replaceNode } from './apply-node.ts'
import { DirectoryHandle } from './directory-handle.ts'
import { inodeAt, isSameInode, moveTo } from './move.ts'
import { isOwnName } from './own-names.ts'
import { nodeFrom } from './read-node.ts'
import type { OnStep, RootRecord, RootState } from './root-record.ts'

// A mount point cannot be renamed, so its entries are: all of the old out into `kept`, then all of the new in from `stage`,
// both inside it. Not atomic; the application is stopped (SAFETY rule 6). Each name is found where it is, so a second run
// finishes a first; that all is done shows in the name of the emptied staging directory.

/** Lists what moves, makes the kept directory and gives it the root's own owner, mode and attributes, for the way back. */
export async function prepareEntries(record: RootRecord): Promise<RootRecord> {
  using root = DirectoryHandle.open(record.path)
  using stage = DirectoryHandle.open(record.stagePath)
  const nodes = { live: ownNode(root), stage: ownNode(stage) }
  if (!inodeAt(record.keptPath)) mkdirSync(record.keptPath, { mode: 0o700 })
  using kept = DirectoryHandle.open(record.keptPath)
  replaceNode(kept.ownPath, nodes.live, ownersHere())
  setTimes(root.ownPath, nodes.live)
  await syncDirectory(record.path)
  const found = kept.stat()
  return {
    ...record,
    outgoing: root.list().filter((name) => !isOwnName(name)),
    incoming: stage.list(),
    kept: { device: String(found.dev), inode: String(found.ino) },
    times: { live: timesOf(nodes.live), stage: timesOf(nodes.stage) },
  }
}

export async function entriesState(record: RootRecord): Promise<RootState> {
  if (!isSameInode(inodeAt(record.path), record.live)) return 'foreign'
  if (!record.outgoing || !record.incoming) return 'staged'
  const kept = inodeAt(record.keptPath)
  if (kept && !isSameInode(kept, record.kept)) return 'foreign'
  if (isSameInode(inodeAt(donePath(record)), record.stage)) return kept ? 'swapped' : 'foreign'
  if (!isSameInode(inodeAt(record.stagePath), record.stage)) return 'foreign'
  if (!kept) return 'staged'
  const staged = namesIn(record.stagePath)
  const isUntouched = namesIn(record.keptPath).size === 0 && record.incoming.every((name) => staged.has(name as ByteString))
  return isUntouched ? 'staged' : 'partly'
}

/** Returns the paths that appeared meanwhile. Finishes what an earlier run began. */
export async function entriesForward(record: RootRecord, onStep: OnStep): Promise<string[]> {
  if (isSameInode(inodeAt(donePath(record)), record.stage)) return settleTimes(record, 'stage')
  const incoming = new Set(namesOf(record, 'incoming'))
  {
    using moving = new EntriesMoving(record, onStep)
    const { root, stage, kept } = moving
    const staged = new Set(stage.list())
    const isOut = new Set(kept.list())
    const present = new Set(root.list())
    for (const name of namesOf(record, 'outgoing')) {
      // A name that also comes in is the old one as long as the new one is still staged.
      const isOld = present.has(name) && (!incoming.has(name) || staged.has(name))
      if (isOld && !isOut.has(name)) await moving.move(name, root, kept)
    }
    for (const name of incoming) if (staged.has(name)) await moving.place(name, stage)
    for (const name of root.list()) if (!isOwnName(name) && !incoming.has(name)) await moving.moveAside(name)
    moving.become(stage)
    moving.sync()
  }
  await onStep({ from: record.stagePath, to: donePath(record) })
  moveTo(record.stagePath, donePath(record))
  return settleTimes(record, 'stage')
}

export async function entriesBack(record: RootRecord, onStep: OnStep): Promise<string[]> {
  // Not prepared, so nothing has moved; a crash while preparing may have left an empty directory.
  if (!record.incoming) {
    await clearEmptied(record, record.keptPath)
    return []
  }
  if (inodeAt(record.keptPath) === null) return settleTimes(record, 'live')
  if (isSameInode(inodeAt(donePath(record)), record.stage)) {
    await onStep({ from: donePath(record), to: record.stagePath })
    moveTo(donePath(record), record.stagePath)
  }
  {
    using moving = new EntriesMoving(record, onStep)
    const { root, stage, kept } = moving
    const staged = new Set(stage.list())
    const present = new Set(root.list())
    for (const name of namesOf(record, 'incoming')) if (!staged.has(name) && present.has(name)) await moving.move(name, root, stage)
    for (const name of kept.list()) await moving.place(name, kept)
    moving.become(kept)
    moving.sync()
  }
  // The emptied kept directory stays, so that a recovery may still go forward; `clearEmptied` takes it away.
  return settleTimes(record, 'live')
}

/** Takes away a directory that the swap has emptied, leaving the times of the root as they are. */
export async function clearEmptied(record: RootRecord, directory: string): Promise<void> {
  if (!inodeAt(directory)) return
  using root = DirectoryHandle.open(record.path)
  const times = ownNode(root)
  rmdirSync(directory)
  setTimes(root.ownPath, times)
  await syncDirectory(record.path)
}

/** The emptied staging directory, renamed: the sign that the swap is complete. */
export function donePath(record: RootRecord): string {
  return `${record.stagePath}-done`
}

class EntriesMoving implements Disposable {
  readonly root: DirectoryHandle
  readonly stage: DirectoryHandle
  readonly kept: DirectoryHandle
  readonly #record: RootRecord
  readonly #onStep: OnStep
  readonly #open: DisposableStack

  constructor(record: RootRecord, onStep: OnStep) {
    using open = new DisposableStack()
    this.root = open.use(DirectoryHandle.open(record.path))
    this.stage = open.use(DirectoryHandle.open(record.stagePath))
    this.kept = open.use(DirectoryHandle.open(record.keptPath))
    this.#open = open.move()
    this.#record = record
    this.#onStep = onStep
  }

  /** EEXIST when the name is taken. */
  async move(name: ByteString, from: DirectoryHandle, to: DirectoryHandle): Promise<void> {
    await this.#onStep({ from: this.#show(from, name), to: this.#show(to, name) })
    moveTo(from.pathOf(name), to.pathOf(name))
  }

  /** Into the root; what appeared there in the gap under the same name is moved aside (SAFETY rule 6). */
  async place(name: ByteString, from: DirectoryHandle): Promise<void> {
    try {
      await this.move(name, from, this.root)
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error
      await this.moveAside(name)
      await this.move(name, from, this.root)
    }
  }

  async moveAside(name: ByteString): Promise<void> {
    const aside = asidePath(this.#record)
    if (inodeAt(aside) === null) mkdirSync(aside, { mode: 0o700 })
    using appeared = DirectoryHandle.open(aside)
    const taken = new Set(appeared.list())
    let free = name
    for (let count = 2; taken.has(free); count += 1) free = `${name}-${count}` as ByteString
    await this.#onStep({ from: this.#show(this.root, name), to: path.join(aside, printBytesName(free)) })
    moveTo(this.root.pathOf(name), appeared.pathOf(free))
  }

  /** The root takes on owner, mode and attributes of `from`. */
  become(from: DirectoryHandle): void {
    replaceNode(this.root.ownPath, ownNode(from), ownersHere())
  }

  sync(): void {
    for (const directory of [this.kept, this.stage, this.root]) fsyncSync(directory.fd)
  }

  [Symbol.dispose](): void {
    this.#open.dispose()
  }

  #show(directory: DirectoryHandle, name: ByteString): string {
    const { path: place, stagePath, keptPath } = this.#record
    const parent = directory === this.root ? place : directory === this.stage ? stagePath : keptPath
    return path.join(parent, printBytesName(name))
  }
}

/** Last of all, since every rename changes the times of a directory. Each of the two states gets back those it had. */
async function settleTimes(record: RootRecord, live: 'live' | 'stage'): Promise<string[]> {
  if (!record.times) return []
  const places = live === 'stage' ? { stage: record.path, live: record.keptPath } : { live: record.path, stage: record.stagePath }
  for (const state of ['live', 'stage'] as const) {
    const { atimeNs, mtimeNs } = record.times[state]
    if (inodeAt(places[state])) setTimes(places[state], { atimeNs: BigInt(atimeNs), mtimeNs: BigInt(mtimeNs) })
  }
  await syncDirectory(record.path)
  return appearedIn(record)
}

function asidePath(record: RootRecord): string {
  return `${record.keptPath.replace(/-(stage|kept)$/, '')}-appeared`
}

/** Also what an earlier run, which did not live to tell, moved aside. */
function appearedIn(record: RootRecord): string[] {
  const aside = asidePath(record)
  return inodeAt(aside) === null ? [] : [...namesIn(aside)].map((name) => path.join(aside, printBytesName(name)))
}

function namesOf(record: RootRecord, direction: 'outgoing' | 'incoming'): ByteString[] {
  const names = record[direction]
  if (!names) throw new Fault('RESTORE_STATE', `the swap of ${record.path} was not prepared`, { root: record.path })
  return names as ByteString[]
}

function namesIn(directory: string): Set<ByteString> {
  using handle = DirectoryHandle.open(directory)
  return new Set(handle.list())
}

/** Names of owners do not matter here: numbers go from one directory to another. */
function ownNode(directory: DirectoryHandle): TreeNode {
  return nodeFrom(directory.stat(), {
    at: directory.ownPath,
    name: '' as ByteString,
    accounts: { userName: () => '', groupName: () => '' },
  })
}

function timesOf(node: TreeNode): { atimeNs: string; mtimeNs: string } {
  return { atimeNs: String(node.atimeNs), mtimeNs: String(node.mtimeNs) }
}
