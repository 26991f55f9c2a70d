import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { printBytesName, type ByteString } from '#engine/byte-string.ts'

/**
 * The names of a member's path, none for the top. `./a//b/` is `a`, `b`. What would lead out of the tree, or is longer than
 * a name may be, is ARCHIVE_UNSAFE.
 */
export function partsOf(path: ByteString): ByteString[] {
  const shown = printBytesName(path.slice(0, 300) as ByteString)
  if (path.startsWith('/')) throw new Fault('ARCHIVE_UNSAFE', `the member ${shown} has an absolute path`, { path: shown })
  if (path.length > limits.archivePathBytesMax)
    throw new Fault('ARCHIVE_UNSAFE', `a member has a path of ${path.length} bytes`, { path: shown })
  const parts = path.split('/').filter((part) => part !== '' && part !== '.') as ByteString[]
  for (const part of parts) {
    if (part === '..') throw new Fault('ARCHIVE_UNSAFE', `the member ${shown} leaves the archive by ".."`, { path: shown })
    if (part.includes('\0')) throw new Fault('ARCHIVE_UNSAFE', `the member ${shown} has a name with a zero byte`, { path: shown })
    if (part.length > limits.archiveNameBytesMax)
      throw new Fault('ARCHIVE_UNSAFE', `the member ${shown} has a name of ${part.length} bytes`, { path: shown })
  }
  return parts
}

export function joined(parts: readonly ByteString[]): ByteString {
  return parts.join('/') as ByteString
}
