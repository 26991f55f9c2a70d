import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import assert from 'node:assert/strict'
import { limits } from '#base/limits.ts'
import { KiB } from '#base/units.ts'

/** One zstd frame. `level` is zstd's 1-19. */
export function compress(plain: Uint8Array, level: number): Buffer {
  assert.ok(level >= 1 && level <= 19)
  return zstdCompressSync(plain, {
    params: { [constants.ZSTD_c_compressionLevel]: level },
    // Both spare work per call: zstd sizes its tables by the content, and the output needs no second buffer.
    pledgedSrcSize: plain.byteLength,
    chunkSize: boundOf(plain.byteLength),
  })
}

/** The content of a frame of exactly `plainSizeBytes`; `undefined` when it is anything else. */
export function decompress(frame: Uint8Array, plainSizeBytes: number): Buffer | undefined {
  let plain: Buffer
  try {
    plain = zstdDecompressSync(frame, { chunkSize: Math.max(64, plainSizeBytes + 1), maxOutputLength: Math.max(1, plainSizeBytes) })
  } catch {
    // What zstd rejects is damage, and the caller knows which blob it was.
    return undefined
  }
  return plain.byteLength === plainSizeBytes ? plain : undefined
}

// design.rst "Unpacked Data Format": one byte for the encoding, then zstd.
const encodingZstd = 2

/** Index, snapshot and lock documents: `0x02` and one zstd frame. */
export function encodeDocument(json: string): Buffer {
  return Buffer.concat([Buffer.of(encodingZstd), compress(Buffer.from(json, 'utf8'), 3)])
}

/** The JSON text of a document; `undefined` when its encoding is none we know or its frame is damaged. */
export function decodeDocument(bytes: Uint8Array): string | undefined {
  const first = bytes[0]
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // `[` and `{` mark plain JSON, as repositories of format 1 and the config have it.
  if (first === 0x5b || first === 0x7b) return buffer.toString('utf8')
  if (first !== encodingZstd) return undefined
  try {
    return zstdDecompressSync(buffer.subarray(1), { maxOutputLength: limits.documentSizeBytesMax }).toString('utf8')
  } catch {
    // As above: the caller names the document.
    return undefined
  }
}

/** zstd.h ZSTD_COMPRESSBOUND; never so small that the memory could not be given back at once (`host/memory.ts`). */
function boundOf(sizeBytes: number): number {
  return Math.max(128 * KiB, sizeBytes + Math.ceil(sizeBytes / 256) + 64)
}
