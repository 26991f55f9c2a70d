import { closeSync, ftruncateSync } from 'node:fs'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { openNewFile, writeOutside } from '#host/new-file.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import type { StoredFileContent } from '#engine/sources/source.ts'

export interface FileWriting {
  readonly content: StoredFileContent
  /** Not written, so that they stay holes; verify reads them back as zeros. */
  readonly holes: NonNullable<TreeNode['holes']>
  /** Other names will be made of it, perhaps before its content is there. */
  readonly hasOtherNames: boolean
  readonly onBytes: (bytes: number) => void
}

/** Writes a new file, never through a symlink. Nobody but its maker may open it until it is complete. */
export async function writeFile(at: Buffer, { content, holes, hasOtherNames, onBytes }: FileWriting, signal: AbortSignal): Promise<void> {
  using opened = new DisposableStack()
  // Not before there is something to write: of many small files, few are open at once.
  let fd: number | undefined
  const open = () => (fd ??= opened.adopt(openNewFile(at), closeSync))
  if (hasOtherNames || content.sizeBytes === 0) open()
  let writtenBytes = 0
  if (content.sizeBytes > limits.readInlineBytesMax) writtenBytes = await content.writeTo({ fd: open(), holes, onBytes }, signal)
  else if (content.sizeBytes > 0) {
    for await (const chunk of content.lend(signal)) {
      throwIfCancelled(signal)
      writeOutside(open(), chunk, { offset: writtenBytes, holes })
      writtenBytes += chunk.byteLength
      onBytes(chunk.byteLength)
    }
  }
  if (writtenBytes !== content.sizeBytes) {
    throw new Fault('DAMAGE_BLOB', `the pieces of a file are ${writtenBytes} bytes, its length is ${content.sizeBytes}`, {
      readBytes: writtenBytes,
      sizeBytes: content.sizeBytes,
    })
  }
  if (holes.length > 0) ftruncateSync(open(), writtenBytes)
}
