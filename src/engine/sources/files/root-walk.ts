import { errnoOf, messageOf } from '#base/fault.ts'
import type { Accounts } from '#host/users.ts'
import { printBytesName, type ByteString } from '#engine/byte-string.ts'
import type { KnownRoot } from '#engine/sources/known-folder.ts'
import type { CaptureContext } from '#engine/sources/source.ts'
import type { DirectoryHandle } from './directory-handle.ts'
import type { Exclusion } from './exclusions.ts'
import type { FileSelection } from './file-selection.ts'
import type { Mount } from './mounts.ts'
import type { RootTally } from './root-tally.ts'

/** One walk over a live root, and what it goes by. */
export interface RootWalk {
  readonly source: string
  readonly root: DirectoryHandle
  readonly isExcluded: Exclusion
  /** Of a directory without anything selected nothing is told, not even its name. */
  readonly selection: FileSelection | undefined
  /** By path below the root. */
  readonly mounts: ReadonlyMap<ByteString, Mount>
  readonly accounts: Accounts
  readonly context: CaptureContext
  readonly tally: RootTally
  /** As the backup before found it, where that is remembered. Not with a selection. */
  readonly known?: (() => Promise<KnownRoot | undefined>) | undefined
}

/** Errors of the world become gaps; anything else is ours and ends the walk. */
export function reportGap(walk: RootWalk, error: unknown, path: ByteString): void {
  const errno = errnoOf(error)
  // Out of descriptors is this process's trouble, not the file's.
  if (errno === undefined || errno === 'EMFILE' || errno === 'ENFILE') throw error
  const kind = errno === 'ENOENT' ? 'vanished' : 'unreadable'
  walk.context.gap({ source: walk.source, kind, what: printBytesName(path) || '.', detail: messageOf(error) })
}
