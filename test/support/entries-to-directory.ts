import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { bytesOf } from '#engine/byte-string.ts'
import type { Entry } from '#engine/sources/source.ts'

/** Writes what a source hands out into a plain directory, several entries at once as a backup does. */
export async function entriesToDirectory(entries: AsyncIterable<Entry>, directory: string, width = 6): Promise<void> {
  let current = directory
  const open = new Set<Promise<void>>()
  let failure: { error: unknown } | undefined
  await mkdir(directory, { recursive: true })
  for await (const entry of entries) {
    if (failure) break
    if (entry.kind === 'enter') {
      current = path.join(current, bytesOf(entry.name).toString())
      await mkdir(current)
    } else if (entry.kind === 'leave') {
      current = path.dirname(current)
    } else if (entry.kind === 'stream') {
      const target = createWriteStream(path.join(current, bytesOf(entry.name).toString()), { mode: entry.mode, flags: 'wx' })
      const written = pipeline(copies(entry.open()), target)
        .catch((error: unknown) => {
          failure ??= { error }
        })
        .finally(() => open.delete(written))
      open.add(written)
      if (open.size >= width) await Promise.race(open)
    } else {
      throw new Error(`a database hands out no ${entry.kind}`)
    }
  }
  await Promise.all(open)
  if (failure) throw failure.error
}

/** A file stream asks for the next bytes before it has written the last ones, which are valid no longer then. */
async function* copies(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const part of bytes) yield Buffer.from(part)
}
