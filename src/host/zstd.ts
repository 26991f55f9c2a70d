import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import koffi from 'koffi'

/**
 * zstd with its working memory kept from call to call. Node's own calls make and free it each time, which for a small
 * file takes several times as long as compressing it. The library is the one inside Node's binary; where that binary does
 * not show it, Node's own calls do the same.
 */
export interface ZstdFrames {
  /** One frame written to the beginning of `target`; its length, or `undefined` when `target` is too small for it. */
  compress(plain: Uint8Array, target: Uint8Array, effort: Effort): number | undefined
  /** All bytes of `target` from frames of exactly that many; false when `frames` are anything else. */
  decompress(frames: Uint8Array, target: Uint8Array): boolean
}

/** What zstd looks for. */
export interface Effort {
  /** zstd's own, 1 to 19. */
  readonly level: number
  /** Repeats of five bytes count as well, looked for in zstd's quickest way whatever the level: samples of 16 bits seldom repeat for longer. */
  readonly hasShortMatches?: boolean
}

/** One for each thread. */
export function zstdFrames(): ZstdFrames {
  kept ??= load() ?? viaNode
  return kept
}

let kept: ZstdFrames | undefined

function load(): ZstdFrames | undefined {
  const calls = findCalls()
  if (!calls) return undefined
  const compressor = calls.createCCtx()
  const decompressor = calls.createDCtx()
  if (compressor === null || decompressor === null) return undefined
  let effortSet: Effort | undefined
  return {
    compress(plain, target, effort) {
      if (effort.level !== effortSet?.level || effort.hasShortMatches !== effortSet.hasShortMatches) {
        for (const [parameter, value] of parametersOf(effort)) {
          if (isError(calls.setParameter(compressor, parameter, value))) throw new Error(`zstd refuses level ${effort.level}`)
        }
        effortSet = effort
      }
      const length = calls.compress(compressor, target, target.byteLength, plain, plain.byteLength)
      if (!isError(length)) return Number(length)
      if (errorNumber(length) === dstSizeTooSmall) return undefined
      throw new Error(`zstd fails with error ${errorNumber(length)}`)
    },
    decompress: (frames, target) =>
      Number(calls.decompress(decompressor, target, target.byteLength, frames, frames.byteLength)) === target.byteLength,
  }
}

/** With the calls of node:zlib alone. */
export const viaNode: ZstdFrames = {
  compress(plain, target, effort) {
    const frame = zstdCompressSync(plain, {
      params: Object.fromEntries(parametersOf(effort)),
      pledgedSrcSize: plain.byteLength,
      chunkSize: Math.max(64, zstdBound(plain.byteLength)),
    })
    if (frame.byteLength > target.byteLength) return undefined
    target.set(frame)
    return frame.byteLength
  },
  decompress(frames, target) {
    try {
      const plain = zstdDecompressSync(frames, {
        chunkSize: Math.max(64, target.byteLength + 1),
        maxOutputLength: Math.max(1, target.byteLength),
      })
      if (plain.byteLength !== target.byteLength) return false
      target.set(plain)
      return true
    } catch {
      // What zstd rejects is damage, and the caller knows of what.
      return false
    }
  },
}

/** zstd.h ZSTD_cParameter; 0 is what the level says. A table of 256 KiB: signals need it, and it stays in the cache of a core. */
function parametersOf({ level, hasShortMatches = false }: Effort): readonly (readonly [parameter: number, value: number])[] {
  return [
    [constants.ZSTD_c_compressionLevel, level],
    [constants.ZSTD_c_strategy, hasShortMatches ? constants.ZSTD_fast : 0],
    [constants.ZSTD_c_minMatch, hasShortMatches ? 5 : 0],
    [constants.ZSTD_c_hashLog, hasShortMatches ? 16 : 0],
  ]
}

/** zstd.h ZSTD_COMPRESSBOUND, rounded up: no frame of so many plain bytes is longer. */
export function zstdBound(plainSizeBytes: number): number {
  return plainSizeBytes + Math.ceil(plainSizeBytes / 256) + 64
}

interface Calls {
  createCCtx(): unknown
  createDCtx(): unknown
  setParameter(context: unknown, parameter: number, value: number): Size
  compress(context: unknown, target: Uint8Array, targetBytes: number, plain: Uint8Array, plainBytes: number): Size
  decompress(context: unknown, target: Uint8Array, targetBytes: number, frames: Uint8Array, frameBytes: number): Size
}

/** A size_t: beyond 2^53 koffi hands out a bigint. */
type Size = number | bigint

function findCalls(): Calls | undefined {
  try {
    const library = koffi.load(null)
    return {
      createCCtx: library.func('void *ZSTD_createCCtx()'),
      createDCtx: library.func('void *ZSTD_createDCtx()'),
      setParameter: library.func('size_t ZSTD_CCtx_setParameter(void *context, int parameter, int value)'),
      compress: library.func('size_t ZSTD_compress2(void *context, void *target, size_t targetBytes, void *plain, size_t plainBytes)'),
      decompress: library.func(
        'size_t ZSTD_decompressDCtx(void *context, void *target, size_t targetBytes, void *frames, size_t frameBytes)',
      ),
    }
  } catch {
    // Not among the symbols of this Node: node:zlib has the same library.
    return undefined
  }
}

// zstd_errors.h: a result above 2^64 - 120 is an error, its number counted from the top.
const dstSizeTooSmall = 70n
const errorsMax = 120n

function isError(result: Size): boolean {
  return errorNumber(result) < errorsMax
}

function errorNumber(result: Size): bigint {
  return 2n ** 64n - BigInt(result)
}
