import { lutimes, mkdir, symlink, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** The files of a clinic below one root. Times are the clinic's own, so that the same seed gives the same tree. */
export class FileTree {
  count = 0
  bytes = 0
  readonly #root: string
  readonly #touched = new Set<string>()

  constructor(root: string) {
    this.#root = root
  }

  /** Creates a file that is not there yet; `below` uses `/`. */
  async write(below: string, bytes: Uint8Array, modifiedAt: Date): Promise<void> {
    const place = path.join(this.#root, below)
    await this.#folder(path.dirname(place))
    await writeFile(place, bytes, { flag: 'wx', mode: 0o640 })
    await utimes(place, modifiedAt, modifiedAt)
    this.count += 1
    this.bytes += bytes.byteLength
  }

  async link(below: string, target: string, modifiedAt: Date): Promise<void> {
    const place = path.join(this.#root, below)
    await this.#folder(path.dirname(place))
    await symlink(target, place)
    await lutimes(place, modifiedAt, modifiedAt)
  }

  /** Gives every folder that changed its time; last, because each new file would change it again. */
  async settle(modifiedAt: Date): Promise<void> {
    for (const folder of this.#touched) await utimes(folder, modifiedAt, modifiedAt)
  }

  async #folder(folder: string): Promise<void> {
    const known = this.#touched.size
    for (let place = folder; ; place = path.dirname(place)) {
      this.#touched.add(place)
      if (place === this.#root || place === path.dirname(place)) break
    }
    if (this.#touched.size > known) await mkdir(folder, { recursive: true, mode: 0o750 })
  }
}
