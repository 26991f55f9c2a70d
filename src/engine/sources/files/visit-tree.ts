import { setImmediate as nextTurn } from 'node:timers/promises'
import { throwIfCancelled } from '#base/clock.ts'
import { errnoOf } from '#base/fault.ts'
import type { EntryStats } from '#host/open-files.ts'
import type { ByteString } from '#engine/byte-string.ts'
import type { DirectoryHandle } from './directory-handle.ts'
import { isOwnName } from './own-names.ts'

/** Called with each entry's path below the directory; without a stat when it went away meanwhile. */
export type Visit = (path: ByteString, found: EntryStats | undefined) => void

/**
 * Every entry below a live directory but our own, by an explicit stack, without following symlinks. `prefix` stands before
 * each path. What cannot be read throws Node's error.
 */
export async function visitTree(directory: DirectoryHandle, visit: Visit, { prefix = '', signal }: VisitOptions = {}): Promise<void> {
  using stack = new Stack()
  stack.begin(directory, prefix)
  for (let count = 1; stack.top; count += 1) {
    if (count % 64 === 0) await nextTurn()
    throwIfCancelled(signal)
    const { handle, above, names } = stack.top
    const name = names.pop()
    if (name === undefined) {
      stack.pop()
      continue
    }
    if (isOwnName(name)) continue
    const path = `${above}${name}` as ByteString
    try {
      const found = handle.statOf(name)
      visit(path, found)
      if (found.isDirectory()) stack.push(handle.openChild(name), `${path}/`)
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'ENOTDIR') throw error
      visit(path, undefined)
    }
  }
}

export interface VisitOptions {
  readonly prefix?: string
  readonly signal?: AbortSignal | undefined
}

interface Level {
  readonly handle: DirectoryHandle
  readonly above: string
  readonly names: ByteString[]
}

class Stack implements Disposable {
  readonly #levels: Level[] = []
  readonly #open = new Set<DirectoryHandle>()

  get top(): Level | undefined {
    return this.#levels.at(-1)
  }

  /** The first handle stays the caller's. */
  begin(handle: DirectoryHandle, above: string): void {
    this.#levels.push({ handle, above, names: handle.list() })
  }

  push(handle: DirectoryHandle, above: string): void {
    this.#open.add(handle)
    this.begin(handle, above)
  }

  pop(): void {
    const { handle } = this.#levels.pop()!
    if (this.#open.delete(handle)) handle[Symbol.dispose]()
  }

  [Symbol.dispose](): void {
    for (const handle of this.#open) handle[Symbol.dispose]()
  }
}
