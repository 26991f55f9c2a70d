import { createHash } from 'node:crypto'
import { chmodSync, fstatSync, lstatSync } from 'node:fs'
import { throwIfCancelled } from '#base/clock.ts'
import { errnoOf } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { holesOf } from '#host/libc.ts'
import type { StoredFileContent } from '#engine/sources/source.ts'
import type { CompareThreads } from './compare-threads.ts'
import type { OpenFile } from './directory-handle.ts'
import { openForReading, readBytes } from './read-file.ts'
import { mayHaveHoles } from './read-node.ts'

/** Reads a file again, a large one in threads, and compares it piece by piece. What is wrong, or `undefined` when nothing is. */
export async function compareContent(
  at: Buffer,
  content: StoredFileContent,
  { threads, signal }: { readonly threads: CompareThreads; readonly signal: AbortSignal | undefined },
): Promise<string | undefined> {
  const { pieces } = content
  using file = openDespiteMode(at)
  const holes = holesIn(file.fd)
  const sizeBytes = pieces.reduce((sum, piece) => sum + piece.sizeBytes, 0)
  const isWorthThreads = holes.length === 0 && sizeBytes === content.sizeBytes && sizeBytes > limits.readInlineBytesMax
  if (isWorthThreads && (await threads.hasPieces(file.fd, pieces, signal))) return undefined
  return await compareHere({ fd: file.fd, holes }, content, signal)
}

/** The last word on what no thread could prove, and the words for what is wrong. */
async function compareHere(
  { fd, holes }: { fd: number; holes: ReturnType<typeof holesIn> },
  { pieces, sizeBytes }: StoredFileContent,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  let index = 0
  let inPiece = 0
  let hash = createHash('sha256')
  for await (const chunk of readBytes(fd, { sizeBytes, holes })) {
    throwIfCancelled(signal)
    for (let position = 0; position < chunk.byteLength;) {
      const piece = pieces[index]
      if (!piece) return `is longer than its ${pieces.length} pieces`
      const taken = chunk.subarray(position, position + piece.sizeBytes - inPiece)
      hash.update(taken)
      position += taken.byteLength
      inPiece += taken.byteLength
      if (inPiece < piece.sizeBytes) continue
      if (hash.digest('hex') !== piece.sha256) return `piece ${index + 1} of ${pieces.length} has other content`
      hash = createHash('sha256')
      index += 1
      inPiece = 0
    }
  }
  return index === pieces.length ? undefined : `ends within piece ${index + 1} of ${pieces.length}`
}

/** A hole reads as zeros by definition (lseek(2)); reading it would fill the page cache with them. */
function holesIn(fd: number): readonly (readonly [number, number])[] {
  const found = fstatSync(fd, { bigint: true })
  return mayHaveHoles(found) ? holesOf(fd, Number(found.size)) : []
}

/** A file whose mode keeps even its owner out is opened by lifting the mode for a moment. */
function openDespiteMode(at: Buffer): OpenFile {
  try {
    return openForReading(at)
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error
    const mode = Number(lstatSync(at, { bigint: true }).mode & 0o7777n)
    chmodSync(at, 0o600)
    using lifted = new DisposableStack()
    lifted.defer(() => chmodSync(at, mode))
    return openForReading(at)
  }
}
