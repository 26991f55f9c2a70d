import type { ByteString } from '#engine/byte-string.ts'
import type { TreeNode } from '#engine/tree-node.ts'

export const tarBlockBytes = 512

/** `link` is another name of a member that came before. tar(5) knows no sockets. */
export type TarMemberType = 'file' | 'link' | 'symlink' | 'chardev' | 'dev' | 'dir' | 'fifo'

/** One member of a tar as its headers tell it. Names are bytes. */
export interface TarMember extends Pick<
  TreeNode,
  'mode' | 'uid' | 'gid' | 'user' | 'group' | 'mtimeNs' | 'linkTarget' | 'xattrs' | 'holes'
> {
  /** As it is written, unchecked: `archive-path.ts` says what it may be. */
  readonly path: ByteString
  readonly type: TarMemberType
  /** Logical bytes of a file, holes included. */
  readonly sizeBytes: number
  readonly atimeNs?: bigint
  readonly ctimeNs?: bigint
  /** `st_rdev` of a device. */
  readonly device?: bigint
}

/** Spans of a sparse file that are not holes, as [offset, length], ascending. */
export function dataSpans(sizeBytes: number, holes: NonNullable<TarMember['holes']>): (readonly [number, number])[] {
  const spans: (readonly [number, number])[] = []
  let from = 0
  for (const [offset, length] of holes) {
    if (offset > from) spans.push([from, offset - from])
    from = offset + length
  }
  if (from < sizeBytes) spans.push([from, sizeBytes - from])
  return spans
}

export function holesBetween(sizeBytes: number, spans: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  return dataSpans(
    sizeBytes,
    spans.filter(([, length]) => length > 0),
  )
}
