import { constants, readlinkSync } from 'node:fs'
import { errnoOf } from '#base/fault.ts'
import { getXattr, holesOf, listXattrs } from '#host/libc.ts'
import { mayHaveXattrs, type EntryStats } from '#host/open-files.ts'
import type { Accounts } from '#host/users.ts'
import { byteString, type ByteString } from '#engine/byte-string.ts'
import type { ExtendedAttribute, NodeType, TreeNode } from '#engine/tree-node.ts'
import { OpenFile } from './directory-handle.ts'

export type AccountNames = Pick<Accounts, 'userName' | 'groupName'>

export interface NodePlace {
  /** The entry's system path. */
  readonly at: Buffer
  /** Its descriptor where it is open. */
  readonly fd?: number | undefined
  readonly name: ByteString
  readonly accounts: AccountNames
}

/**
 * Everything that is to be known about one entry without reading its content, from a stat just taken. Errors are Node's, with `code`.
 */
export function nodeFrom(found: EntryStats, place: NodePlace): TreeNode {
  return withDetails(bareNode(found, place.name, place.accounts), place, mayHaveHoles(found))
}

/** Adds what a stat does not tell. */
export function withDetails(node: TreeNode, { at, fd }: Pick<NodePlace, 'at' | 'fd'>, hasHoles: boolean): TreeNode {
  // Most have none, and of what is open that is quickly told.
  const xattrs = fd !== undefined && !mayHaveXattrs(fd) ? [] : readXattrs(at)
  const holes = node.type === 'file' && hasHoles ? readHoles(at, node.sizeBytes) : []
  if (xattrs.length === 0 && holes.length === 0 && node.type !== 'symlink') return node
  return {
    ...node,
    ...(node.type === 'symlink' && { linkTarget: readlinkSync(at, { encoding: 'latin1' }) as ByteString }),
    ...(xattrs.length > 0 && { xattrs }),
    ...(holes.length > 0 && { holes }),
  }
}

/** What a stat alone tells: no extended attributes, no holes, no link target. */
export function bareNode(found: EntryStats, name: ByteString, accounts: AccountNames): TreeNode {
  const type = typeOf(found)
  return {
    name,
    type,
    mode: Number(found.mode & 0o7777n),
    mtimeNs: found.mtimeNs,
    // As restic does without `--with-atime`: else reading a tree, which is all a backup does, would make it another one.
    atimeNs: found.mtimeNs,
    ctimeNs: found.ctimeNs,
    uid: Number(found.uid),
    gid: Number(found.gid),
    user: accounts.userName(Number(found.uid)),
    group: accounts.groupName(Number(found.gid)),
    inode: found.ino,
    deviceId: found.dev,
    sizeBytes: type === 'file' ? Number(found.size) : 0,
    links: Number(found.nlink),
    ...((type === 'dev' || type === 'chardev') && { device: found.rdev }),
  }
}

export function typeOf(found: EntryStats): NodeType {
  if (found.isFile()) return 'file'
  if (found.isDirectory()) return 'dir'
  if (found.isSymbolicLink()) return 'symlink'
  if (found.isBlockDevice()) return 'dev'
  if (found.isCharacterDevice()) return 'chardev'
  return found.isFIFO() ? 'fifo' : 'socket'
}

/** POSIX ACLs and capabilities are among them. In byte order of their names, so that two readings compare. */
export function readXattrs(at: Buffer): ExtendedAttribute[] {
  const xattrs: ExtendedAttribute[] = []
  for (const name of namesOfXattrs(at)) {
    const value = getXattr(at, name)
    // Removed since it was listed: then it is not there.
    if (value) xattrs.push({ name: byteString(name), value })
  }
  return xattrs.sort((a, b) => (a.name < b.name ? -1 : 1))
}

function namesOfXattrs(at: Buffer): Buffer[] {
  try {
    return listXattrs(at)
  } catch (error) {
    if (errnoOf(error) === 'ENOTSUP') return []
    throw error
  }
}

/** Fewer blocks than the size needs. Below one page there is nothing to leave out. */
export function mayHaveHoles(found: EntryStats): boolean {
  return found.size >= 4096n && found.blocks * 512n < found.size
}

function readHoles(at: Buffer, sizeBytes: number): readonly (readonly [number, number])[] {
  try {
    using file = OpenFile.open(at, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    return holesOf(file.fd, sizeBytes)
  } catch (error) {
    // Whoever reads the content meets the same error and names the file; without holes its zeros are merely stored.
    if (errnoOf(error) !== undefined) return []
    throw error
  }
}
