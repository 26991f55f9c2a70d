import { exclusionOf } from '#engine/sources/files/exclusions.ts'
import { openRoot } from '#engine/sources/files/open-root.ts'
import { visitTree } from '#engine/sources/files/visit-tree.ts'
import type { PathSelection } from './path-selection.ts'

export interface FilesCount {
  readonly own: number
  /** Selected, and named by other rows as well. */
  readonly needed: number
  readonly bytes: number
}

export interface FilesRoot {
  readonly path: string
  /** As a backup leaves it out. */
  readonly exclude: readonly string[]
}

/** Files below a live root that are selected: no directories, nothing that is left out of backups. Faults of `openRoot`. */
export async function countFiles({ path, exclude }: FilesRoot, selection: PathSelection, signal?: AbortSignal): Promise<FilesCount> {
  const isExcluded = exclusionOf(exclude)
  const count = { own: 0, needed: 0, bytes: 0 }
  using root = (await openRoot(path)).handle
  await visitTree(
    root,
    (file, found) => {
      if (!found || found.isDirectory() || !selection.isSelected(file)) return
      if (isExcluded(file) || file.split('/').some((_name, at, names) => isExcluded(names.slice(0, at).join('/') as typeof file))) return
      count[selection.isOwn(file) ? 'own' : 'needed'] += 1
      count.bytes += Number(found.size)
    },
    { signal },
  )
  return count
}
