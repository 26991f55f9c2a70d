import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '#base/fault.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import type { StoredFileContent, StoredSource } from '#engine/sources/source.ts'
import { writeFrom } from './write-from.ts'
import type { TreeNode } from '#engine/tree-node.ts'

/** The files of a directory as a backup would hand them over; for sources that ask for files by their path alone. */
export function directoryToSource(directory: string): StoredSource {
  return {
    root: rootNode,
    walk() {
      throw new Error('only files by path are offered')
    },
    file: (name) => contentOf(path.join(directory, name), name),
  }
}

async function contentOf(file: string, name: string): Promise<StoredFileContent> {
  const found = await stat(file).catch((cause: unknown) => {
    throw new Fault('FILE_NOT_IN_BACKUP', `there is no file ${name}`, { name }, { cause })
  })
  const read = (signal?: AbortSignal) => createReadStream(file, { highWaterMark: 256 * 1024, ...(signal && { signal }) })
  return { sizeBytes: found.size, pieces: [], read, lend: read, writeTo: writeFrom(read) }
}

const rootNode: TreeNode = {
  name: byteStringOf('database'),
  type: 'dir',
  mode: 0o750,
  mtimeNs: 0n,
  atimeNs: 0n,
  ctimeNs: 0n,
  uid: 0,
  gid: 0,
  user: '',
  group: '',
  inode: 0n,
  deviceId: 0n,
  sizeBytes: 0,
  links: 1,
}
