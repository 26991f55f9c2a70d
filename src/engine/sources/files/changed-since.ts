import { setImmediate as nextTurn } from 'node:timers/promises'
import { throwIfCancelled } from '#base/clock.ts'
import { errnoOf } from '#base/fault.ts'
import type { ByteString } from '../../byte-string.ts'
import { DirectoryHandle } from './directory-handle.ts'
import { isOwnName } from './own-names.ts'
import { PathList } from './root-tally.ts'

export interface Listed {
  readonly count: number
  /** Printable, below the directory; the first thousand. */
  readonly paths: readonly string[]
}

/**
 * Entries of a tree that changed after an instant. Of the kept tree after the swap: who still writes there has it open,
 * and what they write would be lost on release (SAFETY rule 5). The directory itself does not count: the swap renamed it.
 */
export async function changedSince(directory: string, instant: Date, signal?: AbortSignal): Promise<Listed> {
  const sinceNs = BigInt(instant.getTime()) * 1_000_000n
  const changed = new PathList()
  using root = DirectoryHandle.open(directory)
  using stack = new DisposableStack()
  const open: { handle: DirectoryHandle; path: string; names: ByteString[] }[] = [{ handle: root, path: '', names: root.list() }]
  stack.defer(() => open.splice(1).forEach(({ handle }) => handle[Symbol.dispose]()))
  for (let count = 1; open.length > 0; count += 1) {
    if (count % 64 === 0) await nextTurn()
    throwIfCancelled(signal)
    const { handle, path, names } = open.at(-1)!
    const name = names.pop()
    if (name === undefined) {
      if (open.length > 1) handle[Symbol.dispose]()
      open.pop()
      continue
    }
    if (path === '' && isOwnName(name)) continue
    try {
      const found = handle.statOf(name)
      if (found.ctimeNs > sinceNs || found.mtimeNs > sinceNs) changed.add(`${path}${name}` as ByteString)
      if (!found.isDirectory()) continue
      const child = handle.openChild(name)
      open.push({ handle: child, path: `${path}${name}/`, names: child.list() })
    } catch (error) {
      // Removed while looking: that is a change too.
      if (errnoOf(error) !== 'ENOENT') throw error
      changed.add(`${path}${name}` as ByteString)
    }
  }
  return { count: changed.count, paths: changed.paths }
}
