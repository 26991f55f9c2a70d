import { constants, ftruncateSync, write, writeSync } from 'node:fs'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { KiB } from '#base/units.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import type { StoredFileContent } from '#engine/sources/source.ts'
import { OpenFile } from './directory-handle.ts'

export interface FileWriting {
  readonly content: StoredFileContent
  /** Not written, so that they stay holes; verify reads them back as zeros. */
  readonly holes: NonNullable<TreeNode['holes']>
  /** Other names will be made of it, perhaps before its content is there. */
  readonly hasOtherNames: boolean
  readonly onBytes: (bytes: number) => void
}

const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW

/** Smaller writes go through at once; larger ones leave the thread to whoever decodes the next piece. */
const directBytesMax = 128 * KiB

/** Writes a new file, never through a symlink. Nobody but its maker may open it until it is complete. */
export async function writeFile(at: Buffer, { content, holes, hasOtherNames, onBytes }: FileWriting, signal: AbortSignal): Promise<void> {
  using opened = new DisposableStack()
  // Not before there is something to write: of many small files, few are open at once.
  let file: OpenFile | undefined
  const open = () => (file ??= opened.use(new OpenFile(at, newFile, 0o600)))
  if (hasOtherNames) open()
  let offset = 0
  let hole = 0
  for await (const chunk of content.sizeBytes === 0 ? [] : content.lend(signal)) {
    throwIfCancelled(signal)
    const end = offset + chunk.byteLength
    for (let from = offset; from < end;) {
      while (hole < holes.length && holes[hole]![0] + holes[hole]![1] <= from) hole += 1
      const [holeFrom, holeBytes] = holes[hole] ?? [end, 0]
      if (holeFrom <= from) from = Math.min(end, holeFrom + holeBytes)
      else {
        const to = Math.min(end, holeFrom)
        await writeAt(open().fd, chunk.subarray(from - offset, to - offset), from)
        from = to
      }
    }
    offset = end
    onBytes(chunk.byteLength)
  }
  if (offset !== content.sizeBytes) {
    throw new Fault('DAMAGE_BLOB', `the pieces of a file are ${offset} bytes, its length is ${content.sizeBytes}`, {
      readBytes: offset,
      sizeBytes: content.sizeBytes,
    })
  }
  const { fd } = open()
  if (holes.length > 0) ftruncateSync(fd, offset)
}

async function writeAt(fd: number, bytes: Uint8Array, offset: number): Promise<void> {
  let done = 0
  while (done < bytes.byteLength) {
    const left = bytes.subarray(done)
    done +=
      left.byteLength <= directBytesMax ? writeSync(fd, left, 0, left.byteLength, offset + done) : await writeAside(fd, left, offset + done)
  }
}

function writeAside(fd: number, bytes: Uint8Array, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, 0, bytes.byteLength, offset, (error, written) => (error ? reject(error) : resolve(written)))
  })
}
