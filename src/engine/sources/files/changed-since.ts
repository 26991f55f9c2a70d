import { DirectoryHandle } from './directory-handle.ts'
import { PathList } from './root-tally.ts'
import { visitTree } from './visit-tree.ts'

/** Entries of a tree whose ctime or mtime is later, or that go away meanwhile. The directory itself does not count: the swap renamed it. */
export async function entriesChangedSince(directory: string, instant: Date, signal?: AbortSignal): Promise<PathList> {
  const sinceNs = BigInt(instant.getTime()) * 1_000_000n
  const changed = new PathList()
  using root = DirectoryHandle.open(directory)
  await visitTree(
    root,
    (path, found) => {
      if (!found || found.ctimeNs > sinceNs || found.mtimeNs > sinceNs) changed.add(path)
    },
    { signal },
  )
  return changed
}
