import { chmodSync, rmdirSync, unlinkSync } from 'node:fs'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault, errnoOf } from '#base/fault.ts'
import { hostFault, syncDirectory } from '#host/durable.ts'
import { byteStringOf, type ByteString } from '#engine/byte-string.ts'
import { DirectoryHandle } from './directory-handle.ts'
import { mountsBelow, readMounts } from './mounts.ts'
import { inodeAt, isSameInode } from './move.ts'
import { isStageOrKeptName } from './own-names.ts'
import type { Inode } from './root-record.ts'

/**
 * Removes a staging or kept directory with all that is in it. Never follows a symlink, never enters another file
 * system; refuses when anything is mounted inside, or when it is not the directory it should be.
 */
export async function removeTree(directory: string, expected: Inode, signal?: AbortSignal): Promise<void> {
  const parent = path.dirname(directory)
  const name = byteStringOf(path.basename(directory))
  const facts = { directory }
  if (!isStageOrKeptName(name)) throw new Fault('RESTORE_STATE', `${directory} is not a staging or kept directory`, facts)
  if (!isSameInode(inodeAt(directory), expected))
    throw new Fault('RESTORE_TARGET_CHANGED', `${directory} is not the directory that was kept`, facts)
  const inside = mountsBelow(await readMounts(), directory)[0]
  if (inside)
    throw new Fault('ROOT_HOLDS_MOUNT', `${Buffer.from(inside.path, 'latin1').toString('utf8')} is mounted inside ${directory}`, facts)
  try {
    using handle = DirectoryHandle.open(parent)
    await removeChild(handle, name, { device: BigInt(expected.device), signal })
    await syncDirectory(parent)
  } catch (error) {
    throw error instanceof Fault ? error : hostFault(error, `cannot remove ${directory}`)
  }
}

interface Removal {
  readonly device: bigint
  readonly signal: AbortSignal | undefined
}

/** A directory right below `parent`, by an explicit stack, since a tree may be deeper than the call stack allows. */
async function removeChild(parent: DirectoryHandle, name: ByteString, { device, signal }: Removal): Promise<void> {
  using open = new HandleStack()
  open.push(parent, name, device)
  for (let count = 1; open.top; count += 1) {
    if (count % 64 === 0) await nextTurn()
    throwIfCancelled(signal)
    const { handle, names } = open.top
    const next = names.pop()
    if (next === undefined) open.pop()
    else if (handle.statOf(next).isDirectory()) open.push(handle, next, device)
    else unlinkSync(handle.pathOf(next))
  }
}

class HandleStack implements Disposable {
  readonly #frames: { handle: DirectoryHandle; names: ByteString[]; parent: DirectoryHandle; name: ByteString }[] = []

  get top(): { readonly handle: DirectoryHandle; readonly names: ByteString[] } | undefined {
    return this.#frames.at(-1)
  }

  push(parent: DirectoryHandle, name: ByteString, device: bigint): void {
    const handle = openDespiteMode(parent, name)
    const frame = { handle, names: [] as ByteString[], parent, name }
    this.#frames.push(frame)
    if (handle.stat().dev !== device) throw new Fault('ROOT_HOLDS_MOUNT', `another file system is mounted at ${name} inside it`, { name })
    frame.names = handle.list()
  }

  pop(): void {
    const { handle, parent, name } = this.#frames.pop()!
    handle[Symbol.dispose]()
    rmdirSync(parent.pathOf(name))
  }

  [Symbol.dispose](): void {
    for (const { handle } of this.#frames.splice(0)) handle[Symbol.dispose]()
  }
}

/** Its owner may remove a directory whose mode keeps even the owner out. */
function openDespiteMode(parent: DirectoryHandle, name: ByteString): DirectoryHandle {
  try {
    return parent.openChild(name)
  } catch (error) {
    if (errnoOf(error) !== 'EACCES' || !parent.statOf(name).isDirectory()) throw error
    chmodSync(parent.pathOf(name), 0o700)
    return parent.openChild(name)
  }
}
