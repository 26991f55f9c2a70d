import { strict as assert } from 'node:assert'
import { createHash } from 'node:crypto'
import type { Clock } from '#base/clock.ts'
import { unreachable } from '#base/unreachable.ts'
import { byteStringOf, type ByteString } from '#engine/byte-string.ts'
import { madeNode } from '#engine/made-node.ts'
import type { OpenedBackup } from '#engine/backup/backups.ts'
import { storedSource } from '#engine/backup/stored-source.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { contentKey, linkKey, sameFile } from '#engine/sources/files/link-groups.ts'
import type { StoredEntry } from '#engine/sources/source.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { archiveFormat, archiveHead, endName, headName, manifestName, printDocument, readmeName } from './archive-document.ts'
import { printArchiveReadme } from './archive-readme.ts'
import { checksumListName, type ChecksumList } from './checksum-list.ts'
import { storedData } from './stored-data.ts'
import type { TarMember } from './tar-member.ts'
import { tarEnd, tarMember } from './tar-writer.ts'

export interface ArchiveOrder {
  readonly repository: Repository
  readonly opened: OpenedBackup
  readonly checksums: ChecksumList
  readonly clock: Clock
  /** Bytes of content as they are read. */
  readonly onBytes: (bytes: number) => void
  readonly onFile: () => void
  readonly signal: AbortSignal
}

/**
 * The whole tar of one backup: what it is, the backup's own tree, a checksum for each file, and last of all the member
 * that tells how much there was. Held in memory: the first names of files with several.
 */
export async function* archiveTar(order: ArchiveOrder): AsyncGenerator<Uint8Array> {
  const writer = new ArchiveWriter(order)
  for await (const bytes of writer.tar()) {
    writer.count(bytes)
    yield bytes
  }
}

class ArchiveWriter {
  readonly #order: ArchiveOrder
  readonly #hash = createHash('sha256')
  #writtenBytes = 0
  #entries = 0
  #sockets = 0
  readonly #links = new Map<string, FirstName>()

  constructor(order: ArchiveOrder) {
    this.#order = order
  }

  count(bytes: Uint8Array): void {
    this.#writtenBytes += bytes.byteLength
    this.#hash.update(bytes)
  }

  async *tar(): AsyncGenerator<Uint8Array> {
    const { repository, opened, clock, signal } = this.#order
    const { manifest, checksum, backup } = opened
    const { system, name, startedAt } = manifest
    const exportedAt = clock.now()
    const head = archiveHead({ backup: backup.id, system, name, startedAt, exportedAt: exportedAt.toISOString(), manifestSha256: checksum })
    yield* this.#made(headName, printDocument(head), exportedAt)
    yield* this.#made(readmeName, Buffer.from(printArchiveReadme(manifest), 'utf8'), backup.snapshot.time)
    yield* this.#made(manifestName, await this.#manifestBytes(), backup.snapshot.time)
    const stored = await storedSource(repository, backup, '', signal)
    const path: ByteString[] = []
    for await (const entry of stored.walk(signal)) {
      signal.throwIfAborted()
      if (entry.kind === 'leave') path.pop()
      const isOwn = path.length === 0 && (entry.node.name === readmeName || entry.node.name === manifestName)
      if (!isOwn && entry.kind !== 'leave') yield* this.#member([...path, entry.node.name].join('/') as ByteString, entry)
      if (entry.kind === 'enter') path.push(entry.node.name)
    }
    yield* this.#checksums(exportedAt)
    const end = { format: archiveFormat, entries: this.#entries, bytes: this.#writtenBytes, leftOut: { sockets: this.#sockets } } as const
    yield* this.#made(endName, printDocument({ ...end, sha256: this.#hash.copy().digest('hex') }), exportedAt)
    yield tarEnd(this.#writtenBytes)
  }

  /** As it was stored: what a parser hands out is not the same bytes. */
  async #manifestBytes(): Promise<Buffer> {
    const { repository, opened, signal } = this.#order
    const content = await (await storedSource(repository, opened.backup, '', signal)).file(manifestName, signal)
    const parts: Buffer[] = []
    for await (const bytes of content.read(signal)) parts.push(Buffer.from(bytes))
    return Buffer.concat(parts)
  }

  async *#made(name: string, content: Buffer, at: Date): AsyncGenerator<Uint8Array> {
    const node: TreeNode = { ...madeNode(at), name: byteStringOf(name), type: 'file', mode: 0o640, sizeBytes: content.byteLength }
    yield* tarMember(this.#memberOf(byteStringOf(name), node), once(content))
    if (name !== endName) await this.#order.checksums.add(byteStringOf(name), createHash('sha256').update(content).digest('hex'))
  }

  async *#member(path: ByteString, entry: Exclude<StoredEntry, { kind: 'leave' }>): AsyncGenerator<Uint8Array> {
    const { node } = entry
    switch (entry.kind) {
      case 'enter':
        return yield* tarMember(this.#memberOf(`${path}/` as ByteString, node))
      case 'special': {
        if (node.type === 'socket') return void (this.#sockets += 1)
        const first = this.#firstName(path, node, '')
        return yield* tarMember(first ? this.#linkOf(path, node, first.path) : this.#memberOf(path, node))
      }
      case 'file': {
        const first = this.#firstName(path, node, node.links > 1 ? contentKey(entry.content) : '')
        if (!first) return yield* this.#file(path, node)
        return yield* tarMember(this.#linkOf(path, node, first.path))
      }
      default:
        return unreachable(entry)
    }
  }

  async *#file(path: ByteString, node: TreeNode): AsyncGenerator<Uint8Array> {
    const { repository, checksums, onBytes, onFile, signal } = this.#order
    const data = storedData(repository, node, onBytes, signal)
    yield* tarMember(this.#memberOf(path, node), data.read())
    await checksums.add(path, data.sha256())
    onFile()
  }

  async *#checksums(at: Date): AsyncGenerator<Uint8Array> {
    const { checksums } = this.#order
    const name = byteStringOf(checksumListName)
    const node: TreeNode = { ...madeNode(at), name, type: 'file', mode: 0o640, sizeBytes: checksums.sizeBytes }
    yield* tarMember(this.#memberOf(name, node), checksums.read())
  }

  #memberOf(path: ByteString, node: TreeNode): TarMember {
    const { type, content: _content, subtree: _subtree, ...fields } = node
    assert(type !== 'socket', 'a tar holds no sockets')
    this.#entries += 1
    return { ...fields, path, type }
  }

  /** tar(1) takes all but the name from the file that is there already. */
  #linkOf(path: ByteString, node: TreeNode, linkTarget: ByteString): TarMember {
    const { mode, uid, gid, user, group, mtimeNs } = node
    this.#entries += 1
    return { path, type: 'link', linkTarget, mode, uid, gid, user, group, mtimeNs, sizeBytes: 0 }
  }

  /** The name under which the same file is in the tar already. Where content or owner differ, it is a file of its own. */
  #firstName(path: ByteString, node: TreeNode, content: string): FirstName | undefined {
    if (node.links < 2) return undefined
    const key = linkKey(node)
    const first = this.#links.get(key)
    if (!first) {
      this.#links.set(key, { path, node, content, left: node.links - 1 })
      return undefined
    }
    if (first.content !== content || !sameFile(first.node, node)) return undefined
    first.left -= 1
    if (first.left === 0) this.#links.delete(key)
    return first
  }
}

interface FirstName {
  readonly path: ByteString
  readonly node: TreeNode
  readonly content: string
  /** Names that may still come. */
  left: number
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes
}
