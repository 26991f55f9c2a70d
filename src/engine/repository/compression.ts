import { zstdDecompressSync } from 'node:zlib'
import assert from 'node:assert/strict'
import { limits } from '#base/limits.ts'
import { KiB } from '#base/units.ts'
import { freeAtOnce, KeptMemory } from '#host/memory.ts'
import { zstdBound, zstdFrames, type Effort } from '#host/zstd.ts'

/** One zstd frame, when that is smaller than `plain`. It lies in memory that the next call uses again. */
export function compressed(plain: Uint8Array, effort: Effort): Uint8Array | undefined {
  assert.ok(effort.level >= 1 && effort.level <= 19)
  const target = scratch.take(zstdBound(plain.byteLength))
  const sizeBytes = zstdFrames().compress(plain, target, effort)
  return sizeBytes !== undefined && sizeBytes < plain.byteLength ? target.subarray(0, sizeBytes) : undefined
}

/**
 * What pays for one blob: the level that was asked for, and at level 1 short matches too where a sample from its middle gains by them.
 * Pixels and signals, which keep about half of their size or more, lose an eighth to a sixth more: a little less than at level 3, at one
 * and a half times its speed. Text and identifiers that look random would only grow, and what does not shrink is passed over soon.
 */
export function effortFor(plain: Uint8Array, level: number): Effort {
  if (level > 1 || plain.byteLength < sampledBytesMin) return { level }
  const middle = plain.byteLength >>> 1
  const sample = plain.subarray(middle, middle + sampleBytes)
  const usual = compressed(sample, { level })?.byteLength ?? sampleBytes
  if (usual < sampleBytes * keptShareMin) return { level }
  const short = compressed(sample, { level, hasShortMatches: true })?.byteLength ?? sampleBytes
  return { level, hasShortMatches: short < usual * (1 - gainShareMin) }
}

const keptShareMin = 0.4
/** In a sample, which shows half of what a chunk gains. */
const gainShareMin = 0.05
/** A thirty-second of a chunk of the mean size, so looking costs little. */
const sampleBytes = 32 * KiB
/** Four samples at least. */
const sampledBytesMin = 128 * KiB

// Only the tree of a huge directory is larger than any chunk.
const scratch = new KeptMemory(zstdBound(limits.chunkSizeBytesMax))

/** Fills `target` from frames of exactly that many bytes; false when they are anything else. */
export function decompressInto(frame: Uint8Array, target: Uint8Array): boolean {
  return zstdFrames().decompress(frame, target)
}

/** The content of a frame of exactly `plainSizeBytes`; `undefined` when it is anything else. */
export function decompress(frame: Uint8Array, plainSizeBytes: number): Buffer | undefined {
  // Memory of its own, never a part of Node's pool: it is given back at once where that helps (`host/memory.ts`).
  const plain = Buffer.allocUnsafeSlow(plainSizeBytes)
  return decompressInto(frame, plain) ? plain : undefined
}

// design.rst "Unpacked Data Format": one byte for the encoding, then zstd.
const encodingZstd = 2

/** Index, snapshot and lock documents: `0x02` and one zstd frame. The memory of a large `json` is given back. */
export function encodeDocument(json: string | Buffer): Buffer {
  const plain = typeof json === 'string' ? Buffer.from(json, 'utf8') : json
  const document = Buffer.allocUnsafeSlow(1 + zstdBound(plain.byteLength))
  document[0] = encodingZstd
  const sizeBytes = zstdFrames().compress(plain, document.subarray(1), { level: 3 })
  assert.ok(sizeBytes !== undefined, 'a frame fits into its bound')
  // An index of a large repository is many documents of 10 MiB one after the other.
  freeAtOnce(plain)
  return document.subarray(0, 1 + sizeBytes)
}

/** The JSON text of a document; `undefined` when its encoding is none we know or its frame is damaged. */
export function decodeDocument(bytes: Uint8Array): string | undefined {
  return decodeDocumentBytes(bytes)?.toString('utf8')
}

/** The same as UTF-8. */
export function decodeDocumentBytes(bytes: Uint8Array): Buffer | undefined {
  const first = bytes[0]
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // `[` and `{` mark plain JSON, as repositories of format 1 and the config have it.
  if (first === 0x5b || first === 0x7b) return buffer
  if (first !== encodingZstd) return undefined
  try {
    return zstdDecompressSync(buffer.subarray(1), { maxOutputLength: limits.documentSizeBytesMax })
  } catch {
    // What zstd rejects is damage, and the caller names the document.
    return undefined
  }
}
