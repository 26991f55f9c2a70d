import { open, unlink, type FileHandle } from 'node:fs/promises'
import type { ByteString } from '#engine/byte-string.ts'

export const checksumListName = 'SHA256SUMS'

const pageBytes = 64 * 1024

/** One line of sha256sum(1): a name with a line break or a backslash has them escaped, and a backslash before the line. */
export function printChecksum(path: ByteString, sha256: string): string {
  if (!/[\\\n]/.test(path)) return `${sha256}  ${path}\n`
  return `\\${sha256}  ${path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`
}

/** The list of an archive while it is written or read: in a file without a name, since it may be larger than memory. */
export class ChecksumList implements AsyncDisposable {
  sizeBytes = 0
  readonly #handle: FileHandle
  #page = ''

  private constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /** `place` is free to be made; it is gone from its folder at once. */
  static async begin(place: string): Promise<ChecksumList> {
    const handle = await open(place, 'wx+', 0o600)
    await unlink(place)
    return new ChecksumList(handle)
  }

  async add(path: ByteString, sha256: string): Promise<void> {
    const line = printChecksum(path, sha256)
    this.sizeBytes += line.length
    this.#page += line
    if (this.#page.length >= pageBytes) await this.#flush()
  }

  /** All lines from the first on. */
  async *read(): AsyncGenerator<Uint8Array> {
    await this.#flush()
    for (let at = 0; at < this.sizeBytes;) {
      const { bytesRead, buffer } = await this.#handle.read(Buffer.allocUnsafe(pageBytes), 0, pageBytes, at)
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close()
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.from(this.#page, 'latin1')
    this.#page = ''
    for (let at = 0; at < bytes.byteLength;) {
      const { bytesWritten } = await this.#handle.write(bytes, at)
      at += bytesWritten
    }
  }
}
