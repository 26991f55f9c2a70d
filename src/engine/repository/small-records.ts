import type { BlobId } from '#base/ids.ts'

/** One blob of a batch in shared memory: u32le length, SHA-256, the plain bytes. */
export interface SmallRecord {
  readonly id: BlobId
  readonly bytes: Uint8Array
}

const idBytes = 32
export const recordOverheadBytes = 4 + idBytes

/** Returns how many bytes it took. */
export function writeRecord(memory: Buffer, at: number, { id, bytes }: SmallRecord): number {
  memory.writeUInt32LE(bytes.byteLength, at)
  memory.write(id, at + 4, idBytes, 'hex')
  memory.set(bytes, at + recordOverheadBytes)
  return recordOverheadBytes + bytes.byteLength
}

/** The records of a batch, in order; their bytes are views of it. */
export function* readRecords(batch: Buffer): Generator<SmallRecord> {
  for (let at = 0; at < batch.byteLength;) {
    const start = at + recordOverheadBytes
    const end = start + batch.readUInt32LE(at)
    yield { id: batch.toString('hex', at + 4, start) as BlobId, bytes: batch.subarray(start, end) }
    at = end
  }
}
