import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { printBytesName, type ByteString } from '#engine/byte-string.ts'
import { madeFolder } from '#engine/made-node.ts'
import type { Entry, FileEntry } from '#engine/sources/source.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import type { Framed } from './framed.ts'
import type { LinkTargets } from './link-targets.ts'
import type { TarEntry } from './tar-reader.ts'

export interface EntriesOrder {
  readonly framed: AsyncIterable<Framed>
  readonly links: LinkTargets
  /** For directories that have no member of their own. */
  readonly at: Date
  readonly signal: AbortSignal
  /** Each entry as it will be stored, with its path. */
  readonly onNode: (path: ByteString, node: TreeNode) => void
}

/**
 * The members of a tar as entries of a source, in a second reading. A tar is read once and in order: a large file must be
 * read to its end before the next entry comes, a small one is taken into memory so that several are stored at once.
 */
export async function* archiveEntries({ framed, links, at, signal, onNode }: EntriesOrder): AsyncGenerator<Entry> {
  for await (const one of framed) {
    signal.throwIfAborted()
    if (one.kind === 'enter') {
      yield { kind: 'enter', name: one.name }
    } else if (one.kind === 'leave') {
      const node: TreeNode = one.member ? nodeOf(one.name, one.member, undefined) : { ...madeFolder('', at), name: one.name }
      if (one.path !== '') onNode(one.path, node)
      yield { kind: 'leave', node }
    } else if (one.member.type === 'link') {
      const { target, node } = links.targetOf(one.path)
      const named = { ...node, name: one.name }
      onNode(one.path, named)
      yield named.type === 'file' ? { kind: 'link', node: named, target } : { kind: 'special', node: named }
    } else {
      yield* member(one, links, onNode, signal)
    }
  }
}

async function* member(
  { path, name, member: found }: Framed & { kind: 'member' },
  links: LinkTargets,
  onNode: EntriesOrder['onNode'],
  signal: AbortSignal,
): AsyncGenerator<Entry> {
  const shared = links.of(path)
  const node = nodeOf(name, found, shared)
  onNode(path, node)
  if (shared) links.seen(path, node)
  if (node.type !== 'file') return yield { kind: 'special', node }
  const isLinkTarget = shared !== undefined
  if (node.sizeBytes <= limits.archiveInlineBytesMax) {
    const parts: Buffer[] = []
    for await (const bytes of found.content()) parts.push(Buffer.from(bytes))
    return yield heldFile(node, parts, isLinkTarget)
  }
  const flowing = flowingFile(node, found, isLinkTarget)
  yield flowing.entry
  await flowing.end(signal)
}

export function nodeOf(
  name: ByteString,
  member: TarEntry,
  shared: { readonly links: number; readonly inode: bigint } | undefined,
): TreeNode {
  const { path, type, atimeNs, ctimeNs, content: _c, position: _p, sha256Before: _s, ...fields } = member
  if (type === 'link') throw new Fault('ARCHIVE_UNSAFE', `${printBytesName(path)} is a link where none can be`)
  return {
    ...fields,
    name,
    type,
    atimeNs: atimeNs ?? member.mtimeNs,
    ctimeNs: ctimeNs ?? member.mtimeNs,
    inode: shared?.inode ?? 0n,
    deviceId: 0n,
    links: shared?.links ?? 1,
  }
}

export function heldFile(node: TreeNode, parts: readonly Uint8Array[], isLinkTarget: boolean): FileEntry {
  return {
    kind: 'file',
    node,
    isLinkTarget,
    async *open() {
      yield* parts
    },
    settle: async () => ({ state: 'unchanged' }),
  }
}

function flowingFile(
  node: TreeNode,
  found: TarEntry,
  isLinkTarget: boolean,
): { entry: FileEntry; end(signal: AbortSignal): Promise<void> } {
  const read = Promise.withResolvers<void>()
  const entry: FileEntry = {
    kind: 'file',
    node,
    isLinkTarget,
    async *open() {
      try {
        yield* found.content()
      } finally {
        read.resolve()
      }
    },
    settle: async () => ({ state: 'unchanged' }),
  }
  const end = async (signal: AbortSignal) => {
    const abandon = () => read.resolve()
    signal.addEventListener('abort', abandon, { once: true })
    if (!signal.aborted) await read.promise
    signal.removeEventListener('abort', abandon)
    signal.throwIfAborted()
  }
  return { entry, end }
}
