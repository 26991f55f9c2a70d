import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib'
import { Fault, messageOf } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { damagedArchive } from './archive-fault.ts'

export interface Compression {
  readonly kind: 'none' | 'gzip' | 'zstd'
  readonly level: number
}

/** `none`, `gzip:1-9`, `zstd:1-19`; a level that is not given is the middle one that each program takes. */
export function parseCompression(text: string): Compression {
  const [, kind, digits] = /^(none|gzip|zstd)(?::(\d{1,2}))?$/.exec(text) ?? []
  if (kind === 'none' && digits === undefined) return { kind, level: 0 }
  const level = Number(digits ?? (kind === 'gzip' ? 6 : 3))
  if (kind === 'gzip' && level >= 1 && level <= 9) return { kind, level }
  if (kind === 'zstd' && level >= 1 && level <= 19) return { kind, level }
  throw new Fault('INPUT_INVALID', `the compression ${text} is none of none, gzip:1-9, zstd:1-19`, { field: 'compression' })
}

export function compressed(source: AsyncIterable<Uint8Array>, { kind, level }: Compression): AsyncIterable<Uint8Array> {
  if (kind === 'none') return source
  if (kind === 'gzip') return through(source, createGzip({ level, chunkSize: limits.streamBufferBytes }))
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 }
  return through(source, createZstdCompress({ params, chunkSize: limits.streamBufferBytes }))
}

/** DAMAGE_ARCHIVE when the bytes are altered or end too early. */
export async function* decompressed(source: AsyncIterable<Uint8Array>, kind: Compression['kind']): AsyncGenerator<Uint8Array> {
  if (kind === 'none') return yield* source
  const options = { chunkSize: limits.streamBufferBytes }
  try {
    yield* through(source, kind === 'gzip' ? createGunzip(options) : createZstdDecompress(options))
  } catch (error) {
    throw zlibFault(error, kind)
  }
}

/** Runs bytes through a stream of Node's. Given up by its reader, it ends the source as well. */
async function* through(source: AsyncIterable<Uint8Array>, transform: Transform): AsyncGenerator<Uint8Array> {
  const flowing = pipeline(Readable.from(source, { objectMode: false }), transform)
  // Reading below meets the same failure; until then it must not count as unhandled.
  flowing.catch(() => {})
  for await (const bytes of transform) yield bytes as Uint8Array
  await flowing
}

function zlibFault(error: unknown, kind: string): unknown {
  const code = (error as { code?: unknown }).code
  if (typeof code !== 'string' || !/^(Z_|ZSTD_)/.test(code)) return error
  if (code === 'Z_BUF_ERROR') return damagedArchive(`the ${kind} stream ends too early: it was cut off`, { cause: error })
  return damagedArchive(`the ${kind} stream is altered: ${messageOf(error)}`, { cause: error })
}
