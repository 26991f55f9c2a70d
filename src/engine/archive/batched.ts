import { limits } from '#base/limits.ts'

/** The same bytes in pieces of one size: what follows costs by the piece. */
export async function* batched(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let batch = Buffer.allocUnsafe(limits.streamBufferBytes)
  let filled = 0
  for await (const bytes of source) {
    for (let at = 0; at < bytes.byteLength;) {
      const part = bytes.subarray(at, at + batch.byteLength - filled)
      batch.set(part, filled)
      filled += part.byteLength
      at += part.byteLength
      if (filled < batch.byteLength) continue
      yield batch
      // Whoever took it may still hold it.
      batch = Buffer.allocUnsafe(limits.streamBufferBytes)
      filled = 0
    }
  }
  if (filled > 0) yield batch.subarray(0, filled)
}
