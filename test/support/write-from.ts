import { writeOutside } from '#host/new-file.ts'
import type { FileToFill, StoredFileContent } from '#engine/sources/source.ts'

/** Writes to a file what a stream hands out, without threads. */
export function writeFrom(read: StoredFileContent['read']): StoredFileContent['writeTo'] {
  return async ({ fd, holes, onBytes }: FileToFill, signal) => {
    let offset = 0
    for await (const chunk of read(signal)) {
      writeOutside(fd, chunk, { offset, holes })
      offset += chunk.byteLength
      onBytes(chunk.byteLength)
    }
    return offset
  }
}
