import { createHash, hash, type Hash } from 'node:crypto'
import { constants } from 'node:fs'
import { KiB } from '#base/units.ts'
import { deviceIdOf, statx, type Statx } from '#host/open-files.ts'
import type { ByteString } from '#engine/byte-string.ts'
import type { NodeType, TreeNode } from '#engine/tree-node.ts'
import type { AccountNames } from './read-node.ts'

/**
 * One SHA-256 over what a look at each entry of a directory tells, in byte order of their names: name, type, mode, links,
 * owner, inode, device, the size of a file, mtime and ctime, and in the end what the owners are called. Fed with the nodes
 * that a backup has stored it comes to the same as fed with the entries, as long as nothing about them has changed: of what
 * it leaves out (content, link targets, extended attributes, ACLs, holes) each change moves the ctime.
 */
export class ListingDigest {
  readonly #bytes = Buffer.alloc(64 * KiB)
  readonly #view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset)
  #at = 0
  #entries = 0
  /** Only for what is longer than that. */
  #hash: Hash | undefined
  readonly #users = new Set<number>()
  readonly #groups = new Set<number>()
  /** Nearly always one. */
  #device = { major: 0, minor: 0, id: deviceIdOf(0, 0) }

  /** An entry as `statxAt` shows it. */
  add(name: ByteString, entry: Statx): void {
    const at = this.#begin(name)
    const view = this.#view
    const mode = entry.getUint16(statx.mode, true)
    const uid = entry.getUint32(statx.uid, true)
    const gid = entry.getUint32(statx.gid, true)
    this.#owners(uid, gid)
    view.setUint32(at, mode, true)
    view.setUint32(at + 4, entry.getUint32(statx.links, true), true)
    view.setUint32(at + 8, uid, true)
    view.setUint32(at + 12, gid, true)
    this.#copy64(entry, statx.inode, at + 16)
    if ((mode & S_IFMT) === S_IFREG) this.#copy64(entry, statx.size, at + 24)
    else view.setFloat64(at + 24, 0)
    this.#copyTime(entry, statx.ctime, at + 32)
    this.#copyTime(entry, statx.mtime, at + 44)
    view.setBigUint64(at + 56, this.#deviceId(entry.getUint32(statx.device, true), entry.getUint32(statx.device + 4, true)), true)
  }

  /** The same of an entry as a backup has stored it. */
  addNode(node: TreeNode): void {
    const at = this.#begin(node.name)
    const view = this.#view
    view.setUint32(at, typeBits[node.type] | node.mode, true)
    view.setUint32(at + 4, node.links, true)
    view.setUint32(at + 8, node.uid, true)
    view.setUint32(at + 12, node.gid, true)
    this.#owners(node.uid, node.gid)
    view.setBigUint64(at + 16, node.inode, true)
    view.setBigUint64(at + 24, BigInt(node.type === 'file' ? node.sizeBytes : 0), true)
    setTime(view, at + 32, node.ctimeNs)
    setTime(view, at + 44, node.mtimeNs)
    view.setBigUint64(at + 56, node.deviceId, true)
  }

  /** The digest; what is added next begins another one. */
  end(accounts: AccountNames): Buffer {
    for (const uid of this.#users) this.#text(`${uid} ${accounts.userName(uid)}`, 'utf8')
    for (const gid of this.#groups) this.#text(`${gid} ${accounts.groupName(gid)}`, 'utf8')
    // Where the entries end and these begin.
    this.#text(`${this.#entries}`, 'latin1')
    const rest = this.#bytes.subarray(0, this.#at)
    const digest = this.#hash ? this.#hash.update(rest).digest() : hash('sha256', rest, 'buffer')
    this.reset()
    return digest
  }

  /** Forgets what was added. */
  reset(): void {
    this.#at = 0
    this.#entries = 0
    this.#hash = undefined
    this.#users.clear()
    this.#groups.clear()
  }

  /** Where the numbers of the entry go. */
  #begin(name: ByteString): number {
    this.#text(name, 'latin1')
    this.#entries += 1
    const at = this.#at
    this.#at += numbersBytes
    return at
  }

  /** None has a zero in it, so where it ends is no question. */
  #text(text: string, encoding: 'latin1' | 'utf8'): void {
    // A letter has at most three bytes in UTF-8.
    if (this.#at + text.length * 3 + 1 + numbersBytes > this.#bytes.byteLength) this.#flush()
    this.#at += this.#bytes.write(text, this.#at, encoding)
    this.#bytes[this.#at] = 0
    this.#at += 1
  }

  #flush(): void {
    this.#hash ??= createHash('sha256')
    this.#hash.update(this.#bytes.subarray(0, this.#at))
    this.#at = 0
  }

  #owners(uid: number, gid: number): void {
    this.#users.add(uid)
    this.#groups.add(gid)
  }

  /** By number, since a view of each part takes longer. */
  #copy64(entry: Statx, from: number, to: number): void {
    this.#view.setUint32(to, entry.getUint32(from, true), true)
    this.#view.setUint32(to + 4, entry.getUint32(from + 4, true), true)
  }

  #copyTime(entry: Statx, from: number, to: number): void {
    this.#copy64(entry, from, to)
    this.#view.setUint32(to + 8, entry.getUint32(from + 8, true), true)
  }

  #deviceId(major: number, minor: number): bigint {
    if (this.#device.major !== major || this.#device.minor !== minor) this.#device = { major, minor, id: deviceIdOf(major, minor) }
    return this.#device.id
  }
}

const numbersBytes = 64

const { S_IFMT, S_IFREG, S_IFDIR, S_IFLNK, S_IFBLK, S_IFCHR, S_IFIFO, S_IFSOCK } = constants
const typeBits: Readonly<Record<NodeType, number>> = {
  file: S_IFREG,
  dir: S_IFDIR,
  symlink: S_IFLNK,
  dev: S_IFBLK,
  chardev: S_IFCHR,
  fifo: S_IFIFO,
  socket: S_IFSOCK,
}

/** As statx(2) has it: seconds, rounded down, and nanoseconds from there. */
function setTime(view: DataView, at: number, timeNs: bigint): void {
  const nanoseconds = ((timeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  view.setBigInt64(at, (timeNs - nanoseconds) / 1_000_000_000n, true)
  view.setUint32(at + 8, Number(nanoseconds), true)
}
