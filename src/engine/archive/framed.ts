import { strict as assert } from 'node:assert'
import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { printBytes, printCount } from '#base/units.ts'
import { printBytesName, type ByteString } from '#engine/byte-string.ts'
import { joined, partsOf } from './archive-path.ts'
import type { TarEntry } from './tar-reader.ts'

/** A tar's members as a tree that is walked. A directory's member may be missing, or come after its content. */
export type Framed =
  | { readonly kind: 'enter'; readonly path: ByteString; readonly name: ByteString }
  | { readonly kind: 'leave'; readonly path: ByteString; readonly name: ByteString; readonly member: TarEntry | undefined }
  | { readonly kind: 'member'; readonly path: ByteString; readonly name: ByteString; readonly member: TarEntry }

interface Frame {
  readonly name: ByteString
  readonly path: ByteString
  readonly names: Map<ByteString, 'directory' | 'other'>
  member: TarEntry | undefined
}

/**
 * Turns members in the order of a tar into folders that are entered and left, each once. Refused: paths that lead out of
 * the tree or through what is no directory, two members of one path (ARCHIVE_UNSAFE), a directory that is come back to
 * (ARCHIVE_ORDER), more than anybody backs up (ARCHIVE_LIMIT). Held in memory: the names of the directories on the way down.
 */
export async function* framed(entries: AsyncIterable<TarEntry>): AsyncGenerator<Framed> {
  const frames = new Frames()
  for await (const entry of entries) yield* frames.take(entry)
  yield* frames.leaveDownTo(0)
}

class Frames {
  readonly #stack: Frame[] = [{ name: '' as ByteString, path: '' as ByteString, names: new Map(), member: undefined }]
  #entries = 0
  #bytes = 0

  #takeTop(entry: TarEntry): void {
    const [top] = this.#stack
    assert(top)
    if (entry.type !== 'dir') throw new Fault('ARCHIVE_UNSAFE', 'the top of the archive is no directory')
    if (top.member) throw twice('.' as ByteString)
    top.member = entry
  }

  *take(entry: TarEntry): Generator<Framed> {
    this.#count(entry)
    const parts = partsOf(entry.path)
    const name = parts.pop()
    if (name === undefined) return this.#takeTop(entry)
    yield* this.#goTo(parts, entry.type === 'dir' ? name : undefined)
    const parent = this.#stack[parts.length]!
    const path = joined([...parts, name])
    if (entry.type === 'dir') {
      const open = this.#stack[parts.length + 1]
      if (open?.member) throw twice(path)
      if (!open) yield this.#enter(parent, name)
      this.#stack[parts.length + 1]!.member = entry
      return
    }
    if (parent.names.has(name)) throw twice(path)
    parent.names.set(name, 'other')
    yield { kind: 'member', path, name, member: entry }
  }

  /** Leaves folders until `depth` of them, the top not counted, are open; at 0 the top as well. */
  *leaveDownTo(depth: number): Generator<Framed> {
    while (this.#stack.length > (depth === 0 ? 0 : depth)) {
      const { path, name, member } = this.#stack.pop()!
      yield { kind: 'leave', path, name, member }
    }
  }

  /** Leaves and enters folders until the stack is that of `parts`, and of `next` when that one is open. */
  *#goTo(parts: readonly ByteString[], next: ByteString | undefined): Generator<Framed> {
    const wanted = next === undefined ? parts : [...parts, next]
    let common = 0
    while (common < wanted.length && this.#stack[common + 1]?.name === wanted[common]) common += 1
    yield* this.leaveDownTo(common + 1)
    for (let depth = common; depth < parts.length; depth += 1) yield this.#enter(this.#stack[depth]!, parts[depth]!)
  }

  #enter(parent: Frame, name: ByteString): Framed {
    const path = (parent.path === '' ? name : `${parent.path}/${name}`) as ByteString
    const before = parent.names.get(name)
    const shown = printBytesName(path)
    if (before === 'directory')
      throw new Fault('ARCHIVE_ORDER', `the archive comes back to directory ${shown} after it left it`, { path: shown })
    if (before === 'other') throw new Fault('ARCHIVE_UNSAFE', `a member goes through ${shown}, which is no directory`, { path: shown })
    parent.names.set(name, 'directory')
    this.#stack.push({ name, path, names: new Map(), member: undefined })
    return { kind: 'enter', path, name }
  }

  #count({ sizeBytes }: TarEntry): void {
    this.#entries += 1
    this.#bytes += sizeBytes
    if (this.#entries > limits.archiveEntriesMax)
      throw new Fault('ARCHIVE_LIMIT', `the archive has more than ${printCount(limits.archiveEntriesMax)} entries`)
    if (this.#bytes > limits.archiveBytesMax)
      throw new Fault('ARCHIVE_LIMIT', `the archive holds more than ${printBytes(limits.archiveBytesMax)}`)
  }
}

function twice(path: ByteString): Fault {
  const shown = printBytesName(path)
  return new Fault('ARCHIVE_UNSAFE', `the archive has ${shown} twice`, { path: shown })
}
