import { lstatSync } from 'node:fs'
import { throwIfCancelled, type Clock } from '#base/clock.ts'
import { errnoOf, messageOf } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import type { AskRoom } from '#base/room.ts'
import { statOf, type EntryStats } from '#host/open-files.ts'
import type { Accounts } from '#host/users.ts'
import { printBytesName, type ByteString } from '#engine/byte-string.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import type { CaptureContext, FileEntry, Settled } from '#engine/sources/source.ts'
import { reach, reachStepwise, type DirectoryHandle, type OpenFile } from './directory-handle.ts'
import { isSameState, openBelow, openForReading, readBytes, readSmall } from './read-file.ts'
import { bareNode, nodeFrom, withDetails, type NodePlace } from './read-node.ts'
import type { RootTally } from './root-tally.ts'

export interface FilePlace {
  readonly source: string
  readonly root: DirectoryHandle
  /** The directory that the file stands in, open as long as the walk is at it. */
  readonly directory: DirectoryHandle
  /** Below the root. */
  readonly path: ByteString
  readonly accounts: Accounts
  readonly context: CaptureContext
  readonly tally: RootTally
  readonly isNewer: boolean
}

/** A file as a stat shows it. */
export interface Seen {
  readonly node: TreeNode
  readonly mayHaveHoles: boolean
}

/**
 * A write in the same tick of the kernel's clock as the one before leaves ctime as it was. A file is read once its ctime is
 * older than this, so that every later write shows, to us and to the next backup.
 */
const tickMs = limits.kernelTickMs

/** One file of a walk: read from the start as often as its reader likes, and compared with what was announced. */
export class CapturedFile implements FileEntry {
  readonly kind = 'file'
  /** None for a file that may have holes: a stat does not tell where. */
  readonly bareNode: TreeNode | undefined
  readonly #place: FilePlace
  readonly #seen: TreeNode
  #whole: TreeNode | undefined
  /** What the reader holds it to be: `node`, or what `settle` returned since. */
  #current: TreeNode
  #found: EntryStats | undefined
  #isCountedNewer: boolean

  constructor(place: FilePlace, { node, mayHaveHoles }: Seen) {
    this.#place = place
    this.bareNode = mayHaveHoles ? undefined : node
    this.#seen = node
    this.#current = node
    this.#isCountedNewer = place.isNewer
    this.#count(1, node.sizeBytes)
  }

  /** With everything that a stat does not tell. */
  get node(): TreeNode {
    return this.#completed()
  }

  /**
   * The short way for most files: reached through their open directory, read at once into memory that the next file uses
   * again. What is true of the opened file after reading was true before, when every time and number is that of the walk's
   * stat (INV-602); ctime covers its name as well, since renaming or unlinking changes it.
   */
  readWhole(): { readonly node: TreeNode; readonly bytes: Uint8Array } | undefined {
    const { directory, context } = this.#place
    const { sizeBytes } = this.#seen
    if (!this.bareNode || sizeBytes > limits.smallBytesMax || !directory.isOpen || this.#current !== this.#seen) return undefined
    if (youngerThanTickMs(this.#seen, context.clock) !== undefined) return undefined
    try {
      using file = openBelow(directory, this.#seen.name)
      const bytes = readSmall(file.fd, sizeBytes)
      const node = this.#completed(file.fd)
      return bytes && this.#isAsAnnounced(statOf(file.fd)) ? { node, bytes } : undefined
    } catch (error) {
      // Whatever it is, the long way meets it again and names the file.
      if (errnoOf(error) !== undefined) return undefined
      throw error
    }
  }

  /** Throws Node's error, with `code`, when the file cannot be read; it then counts no more. */
  async *open(signal?: AbortSignal, askRoom?: AskRoom): AsyncGenerator<Uint8Array> {
    await this.#tickOver(signal)
    void this.node
    const countedBytes = this.#current.sizeBytes
    let bytes = 0
    try {
      using file = this.#openFile()
      const found = statOf(file.fd)
      const sizeBytes = Number(found.size)
      const holes = sizeBytes === countedBytes ? this.#current.holes : []
      for await (const chunk of readBytes(file.fd, { sizeBytes, holes, askRoom })) {
        throwIfCancelled(signal)
        bytes += chunk.byteLength
        yield chunk
      }
      this.#found = statOf(file.fd)
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
    const found = statOf(file.fd)
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

  #completed(fd?: number): TreeNode {
    if (!this.#whole) {
      this.#whole = this.#complete(fd)
      if (this.#current === this.#seen) this.#current = this.#whole
    }
    return this.#whole
  }

  #complete(fd: number | undefined): TreeNode {
    const { source, directory, path, context } = this.#place
    const details = (at: Buffer) => withDetails(this.#seen, { at, fd }, this.bareNode === undefined)
    try {
      return directory.isOpen ? details(directory.pathOf(this.#seen.name)) : this.#at(details)
    } catch (error) {
      if (errnoOf(error) === undefined) throw error
      // Gone: whoever reads it meets that, too, and names it.
      if (!isGone(error)) {
        const detail = `its extended attributes: ${messageOf(error)}`
        context.gap({ source, kind: 'unreadable', what: printBytesName(path), detail })
      }
      return this.#seen
    }
  }

  #isAsAnnounced(found: EntryStats): boolean {
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
    const ageMs = youngerThanTickMs(this.#current, clock)
    if (ageMs !== undefined) await clock.sleep(tickMs - ageMs, signal)
  }

  #count(files: number, bytes: number): void {
    this.#place.tally.files += files
    this.#place.tally.bytes += bytes
  }
}

function nodeOrBare(found: EntryStats, place: NodePlace): TreeNode {
  try {
    return nodeFrom(found, place)
  } catch (error) {
    if (errnoOf(error) === undefined || isGone(error)) throw error
    return bareNode(found, place.name, place.accounts)
  }
}

/** How old a file is that is not yet older than a tick. */
function youngerThanTickMs({ ctimeNs }: TreeNode, clock: Clock): number | undefined {
  const ageMs = clock.now().getTime() - Number(ctimeNs / 1_000_000n)
  return ageMs >= 0 && ageMs < tickMs ? ageMs : undefined
}

function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')
}
