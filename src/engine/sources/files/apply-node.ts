import { chmodSync, lchownSync } from 'node:fs'
import { errnoOf } from '#base/fault.ts'
import { listXattrs, removeXattr, setTimes, setXattr } from '#host/libc.ts'
import { isOwnerRefused, lendingBits } from '#host/new-file.ts'
import { bytesOf } from '#engine/byte-string.ts'
import type { TreeNode } from '#engine/tree-node.ts'

/** What may be beyond the privileges of the process or the abilities of the file system, and is then named. */
export type NotRestoredKind = 'owner' | 'mode' | 'time' | 'xattr' | 'socket' | 'device' | 'hard-link'

/** `restore` needs privileges; `skip` leaves what is made to the user that makes it. */
export type Owners = 'restore' | 'skip'

export function ownersHere(): Owners {
  return process.geteuid?.() === 0 ? 'restore' : 'skip'
}

/** What of a node is given to an entry that is there. */
export type NodeDress = Pick<TreeNode, 'type' | 'mode' | 'uid' | 'gid' | 'mtimeNs' | 'atimeNs' | 'xattrs'>

/**
 * Gives an entry its owner, extended attributes, times and mode, in this order: chown clears setuid and capabilities
 * (chown(2), capabilities(7)), attributes need write permission, and the mode may take that away. Returns what it could not.
 */
export function applyNode(at: Buffer, node: NodeDress, owners: Owners): NotRestoredKind[] {
  const missing: NotRestoredKind[] = []
  const isOwned = applyOwner(at, node, owners)
  if (!isOwned) missing.push('owner')
  if (!applyXattrs(at, node)) missing.push('xattr')
  setTimes(at, node)
  if (node.type === 'symlink') return missing
  // Bits that lend the owner's power must not lend somebody else's.
  const mode = isOwned ? node.mode : node.mode & ~lendingBits
  if (mode !== node.mode) missing.push('mode')
  chmodSync(at, mode)
  return missing
}

/** What is missing of a file that was made with all but its owner. */
export function missingOf(node: TreeNode, isOwned: boolean): NotRestoredKind[] {
  if (isOwned) return []
  return (node.mode & lendingBits) === 0 ? ['owner'] : ['owner', 'mode']
}

/** Takes away what a new directory inherits from its parent: default ACLs would spread to everything below. */
export function clearInherited(at: Buffer): void {
  for (const name of listedXattrs(at)) if (name.toString('latin1').startsWith('system.posix_acl_')) removeXattr(at, name)
  chmodSync(at, 0o700)
}

/** The same as `applyNode` for a directory that has attributes already: those that `node` lacks are removed. */
export function replaceNode(at: Buffer, node: TreeNode, owners: Owners): NotRestoredKind[] {
  const wanted = new Set<string>((node.xattrs ?? []).map(({ name }) => name))
  for (const name of listedXattrs(at)) {
    if (wanted.has(name.toString('latin1')) || isLabel(name.toString('latin1'))) continue
    removeXattr(at, name)
  }
  return applyNode(at, node, owners)
}

/** Labels that the kernel's security modules put on everything they see. */
export function isLabel(xattr: string): boolean {
  return ['security.selinux', 'security.ima', 'security.evm', 'security.SMACK64'].includes(xattr)
}

function applyOwner(at: Buffer, node: NodeDress, owners: Owners): boolean {
  if (owners === 'skip' && node.uid !== process.geteuid?.()) return false
  try {
    lchownSync(at, node.uid, node.gid)
    return true
  } catch (error) {
    if (isOwnerRefused(error)) return false
    throw error
  }
}

function applyXattrs(at: Buffer, node: NodeDress): boolean {
  let isWhole = true
  for (const { name, value } of node.xattrs ?? []) {
    try {
      setXattr(at, bytesOf(name), value)
    } catch (error) {
      // xattr(7): not supported, not permitted, or too large for this file system (ext4 says ENOSPC then).
      if (!['ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EACCES', 'EINVAL', 'E2BIG', 'ERANGE', 'ENOSPC'].includes(errnoOf(error) ?? '')) throw error
      isWhole = false
    }
  }
  return isWhole
}

function listedXattrs(at: Buffer): Buffer[] {
  try {
    return listXattrs(at)
  } catch (error) {
    if (errnoOf(error) === 'ENOTSUP') return []
    throw error
  }
}
