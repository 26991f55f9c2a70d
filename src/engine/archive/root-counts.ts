import { byteStringOf, type ByteString } from '#engine/byte-string.ts'
import type { Manifest } from '#engine/backup/manifest.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { damagedArchive } from './archive-fault.ts'

/** Files and bytes of each root of an archive, compared with its manifest. */
export class RootCounts {
  readonly #roots = new Map<string, { files: number; bytes: number }>()

  readonly add = (path: ByteString, node: TreeNode): void => {
    const [place, name] = path.split('/')
    if (place !== 'files' || name === undefined || node.type !== 'file') return
    const counts = this.#roots.get(name) ?? { files: 0, bytes: 0 }
    counts.files += 1
    counts.bytes += node.sizeBytes
    this.#roots.set(name, counts)
  }

  compare({ roots }: Manifest): void {
    for (const { name, files, bytes } of roots) {
      const found = this.#roots.get(byteStringOf(name)) ?? { files: 0, bytes: 0 }
      if (found.files !== files || found.bytes !== bytes) {
        throw damagedArchive(`root ${name} has ${found.files} files with ${found.bytes} bytes, the manifest says ${files} with ${bytes}`)
      }
    }
  }
}
