import { Fault } from '#base/fault.ts'
import type { BlobId } from '#base/ids.ts'
import type { BlobLocation, PackIndex } from './pack-index.ts'
import type { BlobType } from './pack.ts'

/** Blobs that follow each other both in a content and in a pack. */
export interface Run {
  readonly blobs: readonly BlobLocation[]
  readonly plainSizeBytes: number
}

/** Splits a content into runs of at most `plainBytesMax`, or of one blob that is larger. */
export function* runsOf(content: readonly BlobId[], index: PackIndex, plainBytesMax: number): Generator<Run, undefined> {
  let run: { blobs: BlobLocation[]; plainSizeBytes: number } | undefined
  for (const id of content) {
    const blob = index.find('data', id)
    if (!blob) throw unknownBlob('data', id)
    const last = run?.blobs.at(-1)
    const isNext = last && last.packId === blob.packId && last.offset + last.sizeBytes === blob.offset
    if (run && isNext && run.plainSizeBytes + blob.plainSizeBytes <= plainBytesMax) {
      run.blobs.push(blob)
      run.plainSizeBytes += blob.plainSizeBytes
      continue
    }
    if (run) yield run
    run = { blobs: [blob], plainSizeBytes: blob.plainSizeBytes }
  }
  if (run) yield run
  return undefined
}

export function unknownBlob(type: BlobType, id: BlobId): Fault {
  const fact = `${type} blob ${id} is in no pack that the index knows`
  return type === 'tree' ? new Fault('DAMAGE_TREE', fact, { blob: id }) : new Fault('DAMAGE_BLOB', fact, { blob: id })
}
