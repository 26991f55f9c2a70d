import { hkdfSync } from 'node:crypto'
import { limits } from '#base/limits.ts'
import { loadWasm } from '#host/wasm.ts'
import type { RepositoryConfig } from './config.ts'

/** Where in memory the chunker keeps its table; streams may use what comes after. */
export const chunkerMemoryBytes = 65_536

interface ChunkerExports {
  cut(initial: bigint, from: number, to: number, strictUntil: number, strictMask: bigint, looseMask: bigint): number
  warm(initial: bigint, from: number, to: number): void
  state(): bigint
}

/** How large chunks are: rows of a database are cut fine. */
export type Grain = 'coarse' | 'fine'

/** A chunk that has begun: its first byte lies at `start`, bytes below `scanned` were looked at. */
export interface OpenChunk {
  start: number
  scanned: number
  hash: bigint
  readonly grain: Grain
}

// 2^-20 for each byte below the mean, 2^-18 above it: chunks of 1.05 MiB on average, few of them very small or large
// (normalized chunking, FastCDC 3.3). The high bits of the hash depend on the last 64 bytes, the low ones on fewer.
const cuttings = {
  coarse: {
    sizeBytesMin: limits.chunkSizeBytesMin,
    sizeBytesMean: limits.chunkSizeBytesMean,
    strictMask: highBits(20n),
    looseMask: highBits(18n),
  },
  fine: {
    sizeBytesMin: limits.fineChunkSizeBytesMin,
    sizeBytesMean: limits.fineChunkSizeBytesMean,
    strictMask: highBits(18n),
    looseMask: highBits(16n),
  },
} as const

function highBits(count: bigint): bigint {
  return ((1n << count) - 1n) << (64n - count)
}

/** Bytes that a gear hash of 64 bits depends on. */
const windowBytes = 64

/** Cuts streams where their content says so; the cuts follow inserted or removed bytes (DESIGN §3). */
export class Chunker {
  readonly #exports: ChunkerExports

  /** `memory` is shared with the threads that seal; its first `chunkerMemoryBytes` belong to the chunker. */
  constructor(memory: WebAssembly.Memory, table: BigUint64Array) {
    this.#exports = loadWasm<ChunkerExports>('chunker', { env: { memory } })
    new BigUint64Array(memory.buffer, 0, 256).set(table)
  }

  begin(start: number, grain: Grain): OpenChunk {
    return { start, scanned: start, hash: 0n, grain }
  }

  /** Looks at the bytes up to `end`. Returns the address just behind the chunk, or `undefined` when it goes on. */
  scan(chunk: OpenChunk, end: number): number | undefined {
    const { sizeBytesMin, sizeBytesMean, strictMask, looseMask } = cuttings[chunk.grain]
    const first = chunk.start + sizeBytesMin
    const last = chunk.start + limits.chunkSizeBytesMax
    const warmFrom = Math.max(chunk.scanned, first - windowBytes)
    const warmTo = Math.min(end, first)
    if (warmFrom < warmTo) {
      this.#exports.warm(chunk.hash, warmFrom, warmTo)
      chunk.hash = this.#exports.state()
    }
    const from = Math.max(chunk.scanned, first)
    const to = Math.min(end, last)
    chunk.scanned = end
    if (from < to) {
      const cut = this.#exports.cut(chunk.hash, from, to, chunk.start + sizeBytesMean, strictMask, looseMask)
      if (cut !== 0) return cut
      chunk.hash = this.#exports.state()
    }
    return end >= last ? last : undefined
  }
}

/**
 * The gear table of a repository: 256 numbers from HKDF over secrets of its config, so that the sizes of chunks tell
 * nobody outside which known file is inside (restic keys its polynomial for the same reason).
 */
export function gearTable(config: RepositoryConfig): BigUint64Array {
  const secret = Buffer.from(config.chunkerPolynomial, 'hex')
  const bytes = hkdfSync('sha256', secret, Buffer.from(config.id, 'hex'), 'integrum gear table 1', 256 * 8)
  return new BigUint64Array(bytes)
}
