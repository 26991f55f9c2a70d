import type { ByteString } from '#engine/byte-string.ts'
import type { NotRestoredKind } from './apply-node.ts'
import { PathList, pathsNamedMax } from './root-tally.ts'

/** What could not be put back, counted by kind with the first paths: said to the operator, and allowed for by verify. */
export class NotRestoredList {
  readonly #lists = new Map<NotRestoredKind, { list: PathList; paths: Set<ByteString> }>()

  add(kind: NotRestoredKind, path: ByteString): void {
    let found = this.#lists.get(kind)
    if (!found) this.#lists.set(kind, (found = { list: new PathList(), paths: new Set() }))
    found.list.add(path || ('.' as ByteString))
    if (found.paths.size < pathsNamedMax) found.paths.add(path)
  }

  count(kind: NotRestoredKind): number {
    return this.#lists.get(kind)?.list.count ?? 0
  }

  /** Whether a difference at `path` was foreseen. Beyond the paths that are named any may be; their number is compared. */
  allows(kind: NotRestoredKind, path: ByteString): boolean {
    const found = this.#lists.get(kind)
    return found !== undefined && (found.paths.has(path) || found.list.count > found.paths.size)
  }

  lines(): string[] {
    return [...this.#lists].map(([kind, { list }]) => `${meanings[kind]}: ${list.summary}`)
  }
}

const meanings: Readonly<Record<NotRestoredKind, string>> = {
  owner: 'owners not restored, which needs root',
  mode: 'setuid and setgid left off, since the owner is another',
  time: 'times not restored exactly, which the file system cannot hold',
  xattr: 'extended attributes not restored, which the file system or the user may not set',
  socket: 'sockets not restored, which their programs make again',
  device: 'devices not restored, which needs root',
  'hard-link': 'hard links restored as files of their own, since the backup holds different content for them',
}
