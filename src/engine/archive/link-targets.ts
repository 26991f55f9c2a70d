import { strict as assert } from 'node:assert'
import { Fault } from '#base/fault.ts'
import { printBytesName, type ByteString } from '#engine/byte-string.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { joined, partsOf } from './archive-path.ts'
import type { TarMember } from './tar-member.ts'

/**
 * Which members of a tar have other names, learned by one reading and used in the next: only then is it known at a
 * member how many names it has. Held in memory: one line for each hard link.
 */
export class LinkTargets {
  /** How many links name each path. */
  readonly #counts = new Map<ByteString, { links: number; readonly inode: bigint }>()
  /** A link may name another link. */
  readonly #aliases = new Map<ByteString, ByteString>()
  readonly #nodes = new Map<ByteString, TreeNode>()

  add(path: ByteString, { linkTarget }: TarMember): void {
    assert(linkTarget !== undefined, 'a hard link has a target')
    const named = joined(partsOf(linkTarget))
    const target = this.#aliases.get(named) ?? named
    if (target === path) throw new Fault('ARCHIVE_UNSAFE', `${printBytesName(path)} is a hard link to itself`)
    this.#aliases.set(path, target)
    const found = this.#counts.get(target) ?? { links: 1, inode: BigInt(this.#counts.size + 1) }
    found.links += 1
    this.#counts.set(target, found)
  }

  /** Number of names and what they share; undefined for a member with one name. */
  of(path: ByteString): { readonly links: number; readonly inode: bigint } | undefined {
    return this.#counts.get(path)
  }

  /** In the second reading, when the member with this path comes by. */
  seen(path: ByteString, node: TreeNode): void {
    this.#nodes.set(path, node)
  }

  /** The member that a link names, in the second reading. ARCHIVE_UNSAFE when it did not come before the link. */
  targetOf(path: ByteString): { readonly target: ByteString; readonly node: TreeNode } {
    const target = this.#aliases.get(path)
    assert(target !== undefined, 'a link of the second reading was in the first')
    const node = this.#nodes.get(target)
    if (node) return { target, node }
    const fact = `${printBytesName(path)} is a hard link to ${printBytesName(target)}, which is not in the archive before it`
    throw new Fault('ARCHIVE_UNSAFE', fact, { target: printBytesName(target) })
  }
}
