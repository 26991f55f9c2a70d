import { linkSync, mkdirSync, symlinkSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { strict as assert } from 'node:assert'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault, errnoOf } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { Semaphore } from '#base/semaphore.ts'
import { MiB } from '#base/units.ts'
import { unreachable } from '#base/unreachable.ts'
import { makeSpecialFile } from '#host/libc.ts'
import { bytesOf, printBytesName, type ByteString } from '#engine/byte-string.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import type { NewFile, OnProgress, StoredEntry, StoredFileContent, StoredSource } from '#engine/sources/source.ts'
import { applyNode, missingOf, replaceNode, type Owners } from './apply-node.ts'
import { reach, type DirectoryHandle } from './directory-handle.ts'
import { contentKey, linkKey, sameFile } from './link-groups.ts'
import type { NotRestoredList } from './not-restored.ts'
import { writeFile } from './write-file.ts'

export interface TreeBuild {
  /** The empty staging directory. */
  readonly handle: DirectoryHandle
  readonly stored: StoredSource
  readonly owners: Owners
  readonly notRestored: NotRestoredList
  readonly totals: { readonly files: number; readonly bytes: number } | undefined
  readonly onProgress: OnProgress
}

/**
 * Files written at once: enough that reading the backup and writing to disk overlap, few enough to bound the buffers.
 * Small ones are many, since the repository opens what is asked for together in one go, and most in threads that make them.
 */
const filesAtOnce = { small: 64, made: 256, middle: 8, large: 2 } as const
const smallBytes = limits.readInlineBytesMax
const largeBytes = 4 * MiB

/**
 * Makes every entry of a backup below `handle`. A directory gets its owner, mode and times when its last child is
 * complete. Names that would lead elsewhere are PATH_OUTSIDE_ROOT, and nothing follows a symlink on the way.
 */
export async function buildTree(build: TreeBuild, signal?: AbortSignal): Promise<void> {
  const stop = new AbortController()
  const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const builder = new Builder(build, both, (error) => stop.abort(error))
  try {
    let count = 0
    for await (const entry of build.stored.walk(both)) {
      count += 1
      if (count % 64 === 0) await nextTurn()
      if (both.aborted) break
      await builder.take(entry)
    }
    await builder.end()
  } catch (error) {
    stop.abort(error)
    await builder.rest()
    throwIfCancelled(signal)
    throw builder.firstError ?? error
  }
}

interface Folder {
  readonly handle: DirectoryHandle
  readonly path: ByteString
  readonly parent: Folder | undefined
  node: TreeNode
  /** Children under way, and one for itself until it is left. */
  pending: number
}

class Builder {
  firstError: unknown
  readonly #build: TreeBuild
  readonly #signal: AbortSignal
  readonly #fail: (error: unknown) => void
  readonly #slots = {
    small: new Semaphore(filesAtOnce.small),
    made: new Semaphore(filesAtOnce.made),
    middle: new Semaphore(filesAtOnce.middle),
    large: new Semaphore(filesAtOnce.large),
  }
  readonly #running = new Set<Promise<void>>()
  readonly #open = new Set<DirectoryHandle>()
  /** First names of files with several, until the last of them is made. */
  readonly #links = new Map<string, { path: ByteString; node: TreeNode; pieces: string; left: number }>()
  #top: Folder
  #doneFiles = 0
  #doneBytes = 0

  constructor(build: TreeBuild, signal: AbortSignal, fail: (error: unknown) => void) {
    this.#build = build
    this.#signal = signal
    this.#fail = fail
    this.#top = { handle: build.handle, path: '' as ByteString, parent: undefined, node: build.stored.root, pending: 1 }
  }

  async take(entry: StoredEntry): Promise<void> {
    switch (entry.kind) {
      case 'enter':
        return this.#enter(entry.node)
      case 'leave':
        return this.#leave()
      case 'special':
        return this.#makeSpecial(entry.node)
      case 'file':
        return await this.#makeFile(entry.node, entry.content)
      default:
        return unreachable(entry)
    }
  }

  async end(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
    if (this.firstError !== undefined) throw this.firstError
    throwIfCancelled(this.#signal)
    assert.equal(this.#top.parent, undefined, 'every directory that was entered is left')
    assert.equal(this.#top.pending, 1, 'every child is complete')
    this.#note('' as ByteString, replaceNode(this.#build.handle.ownPath, this.#build.stored.root, this.#build.owners))
  }

  /** Waits until nothing is under way, whatever came of it, and closes what is open. */
  async rest(): Promise<void> {
    await Promise.allSettled(this.#running)
    for (const handle of this.#open) handle[Symbol.dispose]()
    this.#open.clear()
  }

  #enter(node: TreeNode): void {
    const parent = this.#top
    const path = this.#pathOf(node.name)
    mkdirSync(parent.handle.pathOf(node.name), { mode: 0o700 })
    const handle = parent.handle.openChild(node.name)
    this.#open.add(handle)
    parent.pending += 1
    this.#top = { handle, path, parent, node, pending: 1 }
  }

  #leave(): void {
    const folder = this.#top
    assert(folder.parent, 'only what was entered is left')
    this.#top = folder.parent
    this.#childDone(folder)
  }

  /** Also called once for a folder itself, when it is left. The last call completes it, and then perhaps its parent. */
  #childDone(folder: Folder): void {
    for (let current = folder; ;) {
      current.pending -= 1
      if (current.pending > 0 || !current.parent) return
      this.#note(current.path, applyNode(current.handle.ownPath, current.node, this.#build.owners))
      this.#open.delete(current.handle)
      current.handle[Symbol.dispose]()
      current = current.parent
    }
  }

  #pathOf(name: ByteString): ByteString {
    const shown = printBytesName(name)
    if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) {
      throw new Fault('PATH_OUTSIDE_ROOT', `the backup names an entry ${JSON.stringify(shown)}, which is no name`, { name: shown })
    }
    return (this.#top.path === '' ? name : `${this.#top.path}/${name}`) as ByteString
  }

  #makeSpecial(node: TreeNode): void {
    const { owners, notRestored } = this.#build
    const path = this.#pathOf(node.name)
    if (node.type === 'socket') return notRestored.add('socket', path)
    if (this.#linkToFirst(path, node, '')) return
    const at = this.#top.handle.pathOf(node.name)
    if (!this.#make(at, node)) return notRestored.add('device', path)
    this.#note(path, applyNode(at, node, owners))
  }

  /** False when it takes a privilege that this process has not. */
  #make(at: Buffer, node: TreeNode): boolean {
    switch (node.type) {
      case 'symlink':
        symlinkSync(bytesOf(node.linkTarget ?? ('' as ByteString)), at)
        return true
      case 'fifo':
        makeSpecialFile(at, 0o600, { kind: 'fifo' })
        return true
      case 'dev':
      case 'chardev':
        try {
          makeSpecialFile(at, 0o600, { kind: node.type === 'dev' ? 'block' : 'character', device: node.device ?? 0n })
          return true
        } catch (error) {
          if (errnoOf(error) === 'EPERM') return false
          throw error
        }
      default:
        throw new Fault('DAMAGE_TREE', `${printBytesName(node.name)} is no special file but ${node.type}`, { type: node.type })
    }
  }

  async #makeFile(node: TreeNode, content: StoredFileContent): Promise<void> {
    const folder = this.#top
    const path = this.#pathOf(node.name)
    const pieces = node.links > 1 ? contentKey(content) : ''
    if (this.#linkToFirst(path, node, pieces)) return this.#progress(1, 0)
    const slots = this.#slots[slotOf(node, content)]
    await slots.acquire()
    if (this.#signal.aborted) return slots.release()
    folder.pending += 1
    const running = (async () => {
      try {
        await this.#fill({ at: folder.handle.pathOf(node.name), path, node, content })
        this.#childDone(folder)
      } catch (error) {
        this.firstError ??= error
        this.#fail(error)
      } finally {
        slots.release()
      }
    })().finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  async #fill(file: { at: Buffer; path: ByteString; node: TreeNode; content: StoredFileContent }): Promise<void> {
    const { at, path, node, content } = file
    if (isMadeAside(node, content)) {
      const isOwned = await content.make(attributesOf(at, node, this.#build.owners), this.#signal)
      this.#note(path, missingOf(node, isOwned))
      return this.#progress(1, content.sizeBytes)
    }
    const onBytes = (bytes: number) => this.#progress(0, bytes)
    await writeFile(at, { content, holes: node.holes ?? [], hasOtherNames: node.links > 1, onBytes }, this.#signal)
    this.#note(path, applyNode(at, node, this.#build.owners))
    this.#progress(1, 0)
  }

  /** A second name of a file that is there already. Where the backup holds other content under it, it becomes a file of its own. */
  #linkToFirst(path: ByteString, node: TreeNode, pieces: string): boolean {
    if (node.links < 2) return false
    const key = linkKey(node)
    const first = this.#links.get(key)
    if (!first) {
      this.#links.set(key, { path, node, pieces, left: node.links - 1 })
      return false
    }
    if (first.pieces !== pieces || !sameFile(first.node, node)) {
      this.#build.notRestored.add('hard-link', path)
      return false
    }
    reach(this.#build.handle, first.path, (at) => linkSync(at, this.#top.handle.pathOf(node.name)))
    first.left -= 1
    if (first.left === 0) this.#links.delete(key)
    return true
  }

  #note(path: ByteString, kinds: ReturnType<typeof applyNode>): void {
    for (const kind of kinds) this.#build.notRestored.add(kind, path)
  }

  #progress(files: number, bytes: number): void {
    this.#doneFiles += files
    this.#doneBytes += bytes
    const { totals, onProgress } = this.#build
    onProgress({
      stage: 'stage files',
      doneFiles: this.#doneFiles,
      doneBytes: this.#doneBytes,
      ...(totals && { totalFiles: totals.files, totalBytes: totals.bytes }),
    })
  }
}

function slotOf(node: TreeNode, content: StoredFileContent): keyof typeof filesAtOnce {
  if (isMadeAside(node, content)) return 'made'
  return content.sizeBytes <= smallBytes ? 'small' : content.sizeBytes <= largeBytes ? 'middle' : 'large'
}

/** A small file without anything rare: a thread makes it as a whole, and only its name comes by here. */
function isMadeAside(node: TreeNode, content: StoredFileContent): content is StoredFileContent & Required<Pick<StoredFileContent, 'make'>> {
  return content.make !== undefined && node.links < 2 && !node.holes?.length && !node.xattrs?.length
}

function attributesOf(path: Buffer, { mode, uid, gid, atimeNs, mtimeNs }: TreeNode, owners: Owners): NewFile {
  return { path, mode, uid, gid, atimeNs, mtimeNs, restoresOwner: owners === 'restore' }
}
