import { createHash } from 'node:crypto'
import { Fault } from '#base/fault.ts'
import type { BlobId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import type { Repository } from '#engine/repository/repository.ts'
import type { TreeNode } from '#engine/tree-node.ts'

export interface StoredData {
  /** The file's bytes without its holes. Once. */
  read(): AsyncIterable<Uint8Array>
  /** Of the whole content, holes included; once it was read. */
  sha256(): string
}

const zeros = new Uint8Array(limits.streamBufferBytes)

/** A file of a backup as a tar wants it. Pieces that lie in a hole are not fetched: a terabyte of nothing costs only its hash. */
export function storedData(repository: Repository, node: TreeNode, onBytes: (bytes: number) => void, signal: AbortSignal): StoredData {
  const content = node.content ?? []
  const holes = node.holes ?? []
  // The name of a piece is its SHA-256: a file of one piece is hashed already.
  const [only] = content
  const hash = content.length === 1 ? undefined : createHash('sha256')
  return {
    read: async function* () {
      let offset = 0
      let hole = 0
      for (const run of runsOf(repository, content, holes)) {
        if (run.isHole) {
          for (let left = run.sizeBytes; left > 0; left -= zeros.byteLength)
            hash?.update(zeros.subarray(0, Math.min(left, zeros.byteLength)))
          offset += run.sizeBytes
          continue
        }
        for await (const bytes of repository.read(run.content, signal)) {
          hash?.update(bytes)
          onBytes(bytes.byteLength)
          const end = offset + bytes.byteLength
          for (let from = offset; from < end;) {
            while (hole < holes.length && holes[hole]![0] + holes[hole]![1] <= from) hole += 1
            const [holeFrom, holeBytes] = holes[hole] ?? [end, 0]
            if (holeFrom <= from) {
              from = Math.min(end, holeFrom + holeBytes)
              continue
            }
            const to = Math.min(end, holeFrom)
            yield bytes.subarray(from - offset, to - offset)
            from = to
          }
          offset = end
        }
      }
    },
    sha256: () => hash?.digest('hex') ?? only!,
  }
}

interface Run {
  readonly isHole: boolean
  readonly content: BlobId[]
  sizeBytes: number
}

/** Neighbouring pieces together: those that lie within one hole, and those that do not. */
function* runsOf(repository: Repository, content: readonly BlobId[], holes: NonNullable<TreeNode['holes']>): Generator<Run> {
  if (holes.length === 0) return yield { isHole: false, content: [...content], sizeBytes: 0 }
  let run: Run | undefined
  let offset = 0
  let hole = 0
  for (const id of content) {
    const sizeBytes = repository.blobSizeBytes(id)
    if (sizeBytes === undefined) throw new Fault('DAMAGE_INDEX', `no index names blob ${id}`, { blob: id })
    while (hole < holes.length && holes[hole]![0] + holes[hole]![1] <= offset) hole += 1
    const [holeFrom, holeBytes] = holes[hole] ?? [Infinity, 0]
    const isHole = holeFrom <= offset && holeFrom + holeBytes >= offset + sizeBytes
    if (run && run.isHole !== isHole) {
      yield run
      run = undefined
    }
    run ??= { isHole, content: [], sizeBytes: 0 }
    run.content.push(id)
    run.sizeBytes += sizeBytes
    offset += sizeBytes
  }
  if (run) yield run
}
