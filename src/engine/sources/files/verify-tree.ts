import { chmodSync, fchmodSync, lstatSync, readlinkSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { strict as assert } from 'node:assert'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault, errnoOf, messageOf } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { Semaphore } from '#base/semaphore.ts'
import { setTimes } from '#host/libc.ts'
import type { EntryStats } from '#host/open-files.ts'
import { printBytesName, type ByteString } from '#engine/byte-string.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import type { OnProgress, StoredEntry, StoredFileContent, StoredSource } from '#engine/sources/source.ts'
import { isLabel } from './apply-node.ts'
import type { NotRestoredKind } from './apply-node.ts'
import { compareContent } from './compare-content.ts'
import { CompareThreads } from './compare-threads.ts'
import type { DirectoryHandle } from './directory-handle.ts'
import { linkKey, sameFile } from './link-groups.ts'
import type { NotRestoredList } from './not-restored.ts'
import { readXattrs, typeOf } from './read-node.ts'
import type { RootSection } from './root-section.ts'

export interface TreeVerification {
  readonly handle: DirectoryHandle
  readonly stored: StoredSource
  readonly section: RootSection | undefined
  readonly notRestored: NotRestoredList
  readonly onProgress: OnProgress
}

export interface TreeReport {
  readonly files: number
  readonly directories: number
  readonly specials: number
  readonly bytes: number
}

/**
 * Compares a tree on disk with a backup: every piece of every file by SHA-256, all metadata, hard links, that nothing is
 * missing and nothing is there besides, and the numbers of the manifest. What was named as not restorable may differ in
 * that and in nothing else. Fault: RESTORE_VERIFY with the first difference and how many there are.
 */
export async function verifyTree(verification: TreeVerification, signal?: AbortSignal): Promise<TreeReport> {
  await using threads = new CompareThreads()
  // Closed before the threads end, and after nothing is under way any more.
  await using verifier = new Verifier(verification, threads)
  let count = 0
  for await (const entry of verification.stored.walk(signal)) {
    count += 1
    if (count % 64 === 0) await nextTurn()
    throwIfCancelled(signal)
    await verifier.take(entry, signal)
  }
  await verifier.settle()
  throwIfCancelled(signal)
  return verifier.end()
}

/** Files whose content is being compared: small ones go to the threads many at a time. */
const filesAtOnce = { small: 256, other: 8 } as const

interface Folder {
  readonly handle: DirectoryHandle
  readonly path: ByteString
  readonly names: ByteString[]
  /** Its mode keeps even its owner out, and was lifted to look inside. */
  readonly modeToPutBack: number | undefined
  /** Files in it that are being compared, and one for itself until it is left. */
  pending: number
}

/** An entry of the backup, and where it should stand. */
interface Place {
  readonly folder: Folder
  readonly path: ByteString
  readonly node: TreeNode
  /** In the walk. */
  readonly order: number
}

/** Names of one file: on disk they must be as many as in the backup, no fewer and no more. */
interface LinkGroup {
  readonly path: ByteString
  readonly node: TreeNode
  readonly inode: bigint
  readonly links: number
  names: number
}

class Verifier implements AsyncDisposable {
  readonly #verification: TreeVerification
  readonly #folders: Folder[]
  readonly #allowed = new Map<NotRestoredKind, number>()
  readonly #groups = new Map<string, LinkGroup>()
  readonly #counts = { files: 0, directories: 0, specials: 0, bytes: 0 }
  readonly #threads: CompareThreads
  readonly #slots = { small: new Semaphore(filesAtOnce.small), other: new Semaphore(filesAtOnce.other) }
  readonly #running = new Set<Promise<void>>()
  #failed: { readonly error: unknown } | undefined
  #taken = 0
  #differences = 0
  /** The first in the order of the walk. */
  #first: { readonly path: ByteString; readonly what: string; readonly order: number } | undefined

  constructor(verification: TreeVerification, threads: CompareThreads) {
    this.#verification = verification
    this.#threads = threads
    this.#folders = [{ handle: verification.handle, path: '' as ByteString, names: [], modeToPutBack: undefined, pending: 1 }]
  }

  async take(entry: StoredEntry, signal: AbortSignal | undefined): Promise<void> {
    this.#taken += 1
    if (this.#failed) throw this.#failed.error
    if (entry.kind === 'leave') return this.#leave()
    const { node } = entry
    const path = this.#pathOf(node.name)
    this.#count(node)
    if (node.type === 'socket' && this.#allow('socket', path)) return
    const place = { folder: this.#top, path, node, order: this.#taken }
    place.folder.names.push(node.name)
    const piece = entry.kind === 'file' && onlyPieceOf(node, entry.content)
    if (piece) return await this.#compareSmall(place, entry.content, { piece, signal })
    const found = this.#compareEntry(place)
    if (entry.kind === 'file' && found?.isFile()) await this.#compareFile(place, entry.content, signal)
    if (entry.kind === 'enter') this.#enter(path, node, found !== undefined && found.isDirectory())
  }

  /** Waits until every file that was taken is compared. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
    if (this.#failed) throw this.#failed.error
  }

  end(): TreeReport {
    assert.equal(this.#folders.length, 1, 'every directory that was entered is left')
    const { handle, stored, section, notRestored } = this.#verification
    const path = '' as ByteString
    const root = { folder: this.#top, path, node: stored.root, order: this.#taken }
    this.#compareNode(root, handle.ownPath, handle.stat())
    this.#compareListing(this.#top)
    for (const { path: first, links, names } of this.#groups.values()) {
      if (links !== names) this.#differ(first, `has ${links} names instead of ${names}`)
    }
    for (const [kind, count] of this.#allowed)
      if (count > notRestored.count(kind)) this.#differ(path, `more of kind ${kind} than were named`)
    for (const key of ['files', 'directories', 'specials', 'bytes'] as const) {
      if (section && section[key] !== this.#counts[key])
        this.#differ(path, `${this.#counts[key]} ${key} instead of ${section[key]} of the manifest`)
    }
    if (this.#first) {
      const shown = printBytesName(this.#first.path) || '.'
      throw new Fault('RESTORE_VERIFY', `${this.#differences} differences from the backup, the first at ${shown}: ${this.#first.what}`, {
        path: shown,
        differences: this.#differences,
      })
    }
    return { ...this.#counts }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
    while (this.#folders.length > 1) this.#release(this.#folders.pop()!)
  }

  get #top(): Folder {
    return this.#folders.at(-1)!
  }

  #pathOf(name: ByteString): ByteString {
    return (this.#top.path === '' ? name : `${this.#top.path}/${name}`) as ByteString
  }

  #enter(path: ByteString, node: TreeNode, isThere: boolean): void {
    if (!isThere) throw new Fault('RESTORE_VERIFY', `the directory ${printBytesName(path)} is missing`, { path: printBytesName(path) })
    const { handle, modeToPutBack } = openDespiteMode(this.#top.handle, node)
    this.#folders.push({ handle, path, names: [], modeToPutBack, pending: 1 })
  }

  #leave(): void {
    const folder = this.#folders.pop()!
    this.#compareListing(folder)
    this.#release(folder)
  }

  /** The last one closes it. */
  #release(folder: Folder): void {
    folder.pending -= 1
    const { handle, modeToPutBack, pending } = folder
    if (pending > 0) return
    if (modeToPutBack !== undefined) fchmodSync(handle.fd, modeToPutBack)
    handle[Symbol.dispose]()
  }

  #compareListing({ handle, names, path }: Folder): void {
    const expected = new Set(names)
    for (const name of handle.list()) {
      if (!expected.has(name)) this.#differ((path === '' ? name : `${path}/${name}`) as ByteString, 'is not in the backup')
    }
  }

  #count(node: TreeNode): void {
    if (node.type === 'dir') this.#counts.directories += 1
    else if (node.type === 'file') this.#counts.files += 1
    else this.#counts.specials += 1
    this.#counts.bytes += node.type === 'file' ? node.sizeBytes : 0
    this.#verification.onProgress({
      stage: 'verify files',
      doneFiles: this.#counts.files,
      doneBytes: this.#counts.bytes,
      ...(this.#verification.section && { totalFiles: this.#verification.section.files, totalBytes: this.#verification.section.bytes }),
    })
  }

  /** Everything but the content of a file. What stands there, when something does. */
  #compareEntry(place: Place): EntryStats | undefined {
    const found = this.#look(place)
    if (found && !this.#isFurtherName(place, found)) this.#compareNode(place, place.folder.handle.pathOf(place.node.name), found)
    return found
  }

  #look({ folder, path, node, order }: Place): EntryStats | undefined {
    try {
      return folder.handle.statOf(node.name)
    } catch (error) {
      const isDevice = node.type === 'dev' || node.type === 'chardev'
      if (errnoOf(error) !== 'ENOENT' || !isDevice || !this.#allow('device', path)) this.#differ(path, messageOf(error), order)
      return undefined
    }
  }

  #compareNode(place: Place, at: Buffer, found: EntryStats): void {
    const { path, node } = place
    const differ = (what: string) => this.#differ(path, what, place.order)
    const type = typeOf(found)
    if (type !== node.type) return differ(`is a ${type} instead of a ${node.type}`)
    this.#compareOwnerAndMode(place, found)
    if (found.mtimeNs !== node.mtimeNs && !(isBeyondFileSystem(at, node, found) && this.#noteTime(path))) {
      differ(`has mtime ${found.mtimeNs} ns instead of ${node.mtimeNs} ns`)
    }
    if (type === 'file' && Number(found.size) !== node.sizeBytes) differ(`has ${found.size} bytes instead of ${node.sizeBytes}`)
    if (type === 'symlink' && readlinkSync(at, { encoding: 'latin1' }) !== node.linkTarget) differ('points elsewhere')
    if ((type === 'dev' || type === 'chardev') && found.rdev !== node.device) differ('is another device')
    if (!isSameXattrs(readXattrs(at), node.xattrs ?? []) && !this.#allow('xattr', path)) differ('has other extended attributes')
  }

  #compareOwnerAndMode({ path, node, order }: Place, found: EntryStats): void {
    const isOwned = Number(found.uid) === node.uid && Number(found.gid) === node.gid
    if (!isOwned && !this.#allow('owner', path))
      this.#differ(path, `belongs to ${found.uid}:${found.gid} instead of ${node.uid}:${node.gid}`, order)
    const mode = Number(found.mode & 0o7777n)
    if (node.type === 'symlink' || mode === node.mode) return
    if (mode === (node.mode & ~0o6000) && this.#allow('mode', path)) return
    this.#differ(path, `has mode ${mode.toString(8)} instead of ${node.mode.toString(8)}`, order)
  }

  /** True for a further name of a file that was compared already, under its first. */
  #isFurtherName({ path, node, order }: Place, found: EntryStats): boolean {
    if (node.type === 'dir' || found.isDirectory()) return false
    if (node.links < 2 || this.#allow('hard-link', path)) {
      if (found.nlink !== 1n) this.#differ(path, `has ${found.nlink} names instead of 1`, order)
      return false
    }
    const key = linkKey(node)
    const group = this.#groups.get(key)
    if (!group) {
      this.#groups.set(key, { path, node, inode: found.ino, links: Number(found.nlink), names: 1 })
      return false
    }
    group.names += 1
    // The last one: no name outside the backup can be missing.
    if (group.names === node.links && group.names === group.links) this.#groups.delete(key)
    if (group.inode === found.ino && sameFile(group.node, node) && isSameXattrs(group.node.xattrs ?? [], node.xattrs ?? [])) return true
    this.#differ(path, `is not the same file as ${printBytesName(group.path)}`, order)
    return false
  }

  /** A thread looks at all of it; what it cannot prove is looked at here. */
  async #compareSmall(
    place: Place,
    content: StoredFileContent,
    { piece, signal }: { readonly piece: StoredFileContent['pieces'][number]; readonly signal: AbortSignal | undefined },
  ): Promise<void> {
    const { folder, node } = place
    await this.#aside(folder, this.#slots.small, async () => {
      const compared = await this.#threads.compareSmall({ directory: folder.handle.fd, name: node.name, node }, piece)
      if (!compared.hasAttributes && !this.#compareEntry(place)?.isFile()) return
      if (!compared.hasContent) await this.#compareContent(place, content, signal)
    })
  }

  async #compareFile(place: Place, content: StoredFileContent, signal: AbortSignal | undefined): Promise<void> {
    await this.#aside(place.folder, this.#slots.other, () => this.#compareContent(place, content, signal))
  }

  async #compareContent({ folder, path, node, order }: Place, content: StoredFileContent, signal: AbortSignal | undefined): Promise<void> {
    const difference = await compareContent(folder.handle.pathOf(node.name), content, { threads: this.#threads, signal })
    if (difference !== undefined) this.#differ(path, difference, order)
  }

  /** Resolves when the work is on its way, with its folder kept open; what it finds is noted later. */
  async #aside(folder: Folder, slots: Semaphore, work: () => Promise<void>): Promise<void> {
    await slots.acquire()
    folder.pending += 1
    const running = work()
      .catch((error: unknown) => {
        this.#failed ??= { error }
      })
      .finally(() => {
        this.#running.delete(running)
        // The top one is the caller's.
        if (folder.path !== '') this.#release(folder)
        slots.release()
      })
    this.#running.add(running)
  }

  #noteTime(path: ByteString): true {
    this.#verification.notRestored.add('time', path)
    return true
  }

  #allow(kind: NotRestoredKind, path: ByteString): boolean {
    if (!this.#verification.notRestored.allows(kind, path)) return false
    this.#allowed.set(kind, (this.#allowed.get(kind) ?? 0) + 1)
    return true
  }

  #differ(path: ByteString, what: string, order = this.#taken): void {
    this.#differences += 1
    if (!this.#first || order < this.#first.order) this.#first = { path, what, order }
  }
}

/** True when setting the time again gives the same wrong one: utimensat(2) clamps to what the file system can hold. */
function isBeyondFileSystem(at: Buffer, node: TreeNode, found: EntryStats): boolean {
  setTimes(at, node)
  return lstatSync(at, { bigint: true }).mtimeNs === found.mtimeNs
}

/** The piece that is all of a small file about which nothing is rare: a thread can look at everything that is to be known of it. */
function onlyPieceOf(node: TreeNode, content: StoredFileContent): StoredFileContent['pieces'][number] | undefined {
  const isRare = node.type !== 'file' || node.links > 1 || node.holes?.length || node.xattrs?.length
  if (isRare || content.sizeBytes !== node.sizeBytes || node.sizeBytes > limits.readInlineBytesMax) return undefined
  const { pieces } = content
  return pieces.length === 1 && pieces[0]?.sizeBytes === node.sizeBytes ? pieces[0] : undefined
}

function isSameXattrs(one: NonNullable<TreeNode['xattrs']>, other: NonNullable<TreeNode['xattrs']>): boolean {
  const printed = (xattrs: typeof one) =>
    xattrs
      .filter(({ name }) => !isLabel(name))
      .map(({ name, value }) => `${name}=${Buffer.from(value).toString('hex')}`)
      .toSorted()
      .join('\n')
  return (one.length === 0 && other.length === 0) || printed(one) === printed(other)
}

function openDespiteMode(parent: DirectoryHandle, node: TreeNode): { handle: DirectoryHandle; modeToPutBack: number | undefined } {
  try {
    return { handle: parent.openChild(node.name), modeToPutBack: undefined }
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error
    const mode = Number(parent.statOf(node.name).mode & 0o7777n)
    chmodSync(parent.pathOf(node.name), 0o700)
    return { handle: parent.openChild(node.name), modeToPutBack: mode }
  }
}
