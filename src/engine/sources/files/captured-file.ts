import { lstatSync, fstatSync, type BigIntStats } from 'node:fs'
import { throwIfCancelled } from '#base/clock.ts'
import { errnoOf } from '#base/fault.ts'
import type { Accounts } from '#host/users.ts'
import type { ByteString } from '#engine/byte-string.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import type { CaptureContext, FileEntry, Settled } from '#engine/sources/source.ts'
import { reach, reachStepwise, type DirectoryHandle, type OpenFile } from './directory-handle.ts'
import { isSameState, openForReading, readBytes } from './read-file.ts'
import { bareNode, nodeFrom, type NodePlace } from './read-node.ts'
import type { RootTally } from './root-tally.ts'

export interface FilePlace {
  readonly root: DirectoryHandle
  /** Below the root. */
  readonly path: ByteString
  readonly accounts: Accounts
  readonly context: CaptureContext
  readonly tally: RootTally
  readonly isNewer: boolean
}

/**
 * Kernel times tick every 1 to 10 ms: a write in the same tick as the one before leaves ctime as it was. A file is read
 * once its ctime is older than this, so that every later write shows, to us and to the next backup.
 */
const tickMs = 20

/** One file of a walk: read from the start as often as its reader likes, and compared with what was announced. */
export class CapturedFile implements FileEntry {
  readonly kind = 'file'
  readonly node: TreeNode
  readonly #place: FilePlace
  /** What the reader holds it to be: `node`, or what `settle` returned since. */
  #current: TreeNode
  #found: BigIntStats | undefined
  #isCountedNewer: boolean

  constructor(place: FilePlace, node: TreeNode) {
    this.#place = place
    this.node = node
    this.#current = node
    this.#isCountedNewer = place.isNewer
    this.#count(1, node.sizeBytes)
  }

  /** Throws Node's error, with `code`, when the file cannot be read; it then counts no more. */
  async *open(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    await this.#tickOver(signal)
    const countedBytes = this.#current.sizeBytes
    let bytes = 0
    try {
      using file = this.#openFile()
      const found = fstatSync(file.fd, { bigint: true })
      const sizeBytes = Number(found.size)
      for await (const chunk of readBytes(file.fd, sizeBytes, sizeBytes === countedBytes ? this.#current.holes : [])) {
        throwIfCancelled(signal)
        bytes += chunk.byteLength
        yield chunk
      }
      this.#found = fstatSync(file.fd, { bigint: true })
    } catch (error) {
      if (errnoOf(error) !== undefined) this.#count(-1, -countedBytes)
      throw error
    }
    this.#count(0, bytes - countedBytes)
    this.#current = { ...this.#current, sizeBytes: bytes }
  }

  /** By size, mtime, ctime and inode of the opened file after reading, and of the name. */
  async settle(): Promise<Settled> {
    const { path, accounts, tally } = this.#place
    try {
      return this.#at((at) => {
        const found = lstatSync(at, { bigint: true })
        if (!found.isFile()) return { state: 'vanished' }
        if (this.#isAsAnnounced(found) && this.#found && isSameState(found, this.#found)) return { state: 'unchanged' }
        const node = nodeOrBare(found, { at, name: this.node.name, accounts })
        this.#count(0, node.sizeBytes - this.#current.sizeBytes)
        this.#current = node
        if (!this.#isCountedNewer) this.#isCountedNewer = tally.countIfNewer(path, node)
        return { state: 'changed', node }
      })
    } catch (error) {
      if (isGone(error)) return { state: 'vanished' }
      throw error
    }
  }

  /**
   * The short way first. When it leads to another file than announced, something was exchanged: the long way, which no
   * symlink can bend, decides what stands there now.
   */
  #openFile(): OpenFile {
    const { root, path } = this.#place
    const file = reach(root, path, openForReading)
    const found = fstatSync(file.fd, { bigint: true })
    if (found.ino === this.#current.inode && found.dev === this.#current.deviceId) return file
    file[Symbol.dispose]()
    return reachStepwise(root, path, openForReading)
  }

  #at<T>(work: (at: Buffer) => T): T {
    const { root, path } = this.#place
    const found = reach(root, path, (at) => lstatSync(at, { bigint: true }))
    const isSameFile = found.ino === this.#current.inode && found.dev === this.#current.deviceId
    return isSameFile ? reach(root, path, work) : reachStepwise(root, path, work)
  }

  #isAsAnnounced(found: BigIntStats): boolean {
    const { inode, deviceId, mtimeNs, ctimeNs, sizeBytes } = this.#current
    return (
      found.ino === inode &&
      found.dev === deviceId &&
      found.mtimeNs === mtimeNs &&
      found.ctimeNs === ctimeNs &&
      Number(found.size) === sizeBytes
    )
  }

  async #tickOver(signal: AbortSignal | undefined): Promise<void> {
    const { clock } = this.#place.context
    const ageMs = clock.now().getTime() - Number(this.#current.ctimeNs / 1_000_000n)
    if (ageMs >= 0 && ageMs < tickMs) await clock.sleep(tickMs - ageMs, signal)
  }

  #count(files: number, bytes: number): void {
    this.#place.tally.files += files
    this.#place.tally.bytes += bytes
  }
}

function nodeOrBare(found: BigIntStats, place: NodePlace): TreeNode {
  try {
    return nodeFrom(found, place)
  } catch (error) {
    if (errnoOf(error) === undefined || isGone(error)) throw error
    return bareNode(found, place.name, place.accounts)
  }
}

function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')
}
