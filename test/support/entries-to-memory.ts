import { createHash } from 'node:crypto'
import { systemClock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { BlobId } from '#base/ids.ts'
import { systemRandom } from '#host/random.ts'
import { bytesOf, type ByteString } from '#engine/byte-string.ts'
import type {
  Capture,
  CaptureContext,
  Entry,
  FileEntry,
  Gap,
  StoredEntry,
  StoredFileContent,
  StoredSource,
} from '#engine/sources/source.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { writeFrom } from './write-from.ts'

export interface MemoryFolder {
  node: TreeNode
  readonly children: Map<ByteString, MemoryFolder | MemoryFile | TreeNode>
}

export interface MemoryFile {
  readonly node: TreeNode
  readonly pieces: readonly { readonly sha256: BlobId; readonly sizeBytes: number }[]
}

/** A backup of one source in memory, each distinct piece once. Tests alter it to see what staging makes of that. */
export interface MemorySource extends StoredSource {
  readonly folder: MemoryFolder
  readonly blobs: Map<BlobId, Buffer>
}

const pieceBytes = 1024 * 1024

export function testContext(gaps: Gap[] = [], signal?: AbortSignal): CaptureContext {
  return { clock: systemClock, random: systemRandom, gap: (gap) => gaps.push(gap), signal }
}

/** Walks a capture as a backup does, with its retries, and keeps everything. */
export async function entriesToMemory(
  capture: Pick<Capture<unknown>, 'entries'>,
  onGap: (gap: Gap) => void = () => {},
): Promise<MemorySource> {
  const blobs = new Map<BlobId, Buffer>()
  const root: MemoryFolder = { node: undefined as unknown as TreeNode, children: new Map() }
  const stack = [root]
  const pathOf = (name: ByteString) => [...stack.slice(1).map((folder) => folder.node.name), name].join('/')
  for await (const entry of capture.entries()) await take(entry)
  return memorySource(root, blobs)

  async function take(entry: Entry): Promise<void> {
    const top = stack.at(-1)!
    switch (entry.kind) {
      case 'enter': {
        const folder: MemoryFolder = { node: { name: entry.name } as TreeNode, children: new Map() }
        top.children.set(entry.name, folder)
        return void stack.push(folder)
      }
      case 'leave':
        top.node = entry.node
        return void stack.pop()
      case 'special':
        return void top.children.set(entry.node.name, entry.node)
      case 'file': {
        const file = await keep(entry)
        if (file) top.children.set(entry.node.name, file)
        return
      }
      default:
        throw new Error('streams are for databases')
    }
  }

  async function keep(entry: FileEntry): Promise<MemoryFile | undefined> {
    let node = entry.node
    for (let attempt = 1; ; attempt += 1) {
      const pieces: MemoryFile['pieces'][number][] = []
      try {
        for await (const chunk of entry.open()) pieces.push(...cut(chunk, blobs))
      } catch (error) {
        onGap({ source: 'test', kind: 'unreadable', what: pathOf(node.name), detail: String(error) })
        return undefined
      }
      const sizeBytes = pieces.reduce((sum, piece) => sum + piece.sizeBytes, 0)
      const settled = await entry.settle()
      if (settled.state === 'unchanged') return { node, pieces }
      if (settled.state === 'changed') node = settled.node
      if (settled.state === 'vanished' || attempt === 3) {
        onGap({ source: 'test', kind: settled.state, what: pathOf(node.name), detail: '' })
        return { node: { ...node, sizeBytes }, pieces }
      }
    }
  }
}

function cut(chunk: Uint8Array, blobs: Map<BlobId, Buffer>): MemoryFile['pieces'] {
  const pieces = []
  for (let offset = 0; offset < chunk.byteLength; offset += pieceBytes) {
    const bytes = chunk.subarray(offset, offset + pieceBytes)
    const sha256 = createHash('sha256').update(bytes).digest('hex') as BlobId
    if (!blobs.has(sha256)) blobs.set(sha256, Buffer.from(bytes))
    pieces.push({ sha256, sizeBytes: bytes.byteLength })
  }
  return pieces
}

function memorySource(folder: MemoryFolder, blobs: Map<BlobId, Buffer>): MemorySource {
  const piecesOf = async function* (file: MemoryFile) {
    for (const { sha256 } of file.pieces) yield blobs.get(sha256)!
  }
  const content = (file: MemoryFile): StoredFileContent => ({
    sizeBytes: file.node.sizeBytes,
    pieces: file.pieces,
    read: () => piecesOf(file),
    writeTo: writeFrom(() => piecesOf(file)),
    lend: async function* () {
      for (const { sha256 } of file.pieces) {
        const lent = Buffer.from(blobs.get(sha256)!)
        yield lent
        // Used again: whoever still looks at it sees something else.
        lent.fill(0xee)
      }
    },
  })
  const walk = function* (inside: MemoryFolder): Generator<StoredEntry> {
    for (const child of [...inside.children.values()].toSorted(byName)) {
      if ('children' in child) {
        yield { kind: 'enter', node: child.node }
        yield* walk(child)
        yield { kind: 'leave', node: child.node }
      } else if ('pieces' in child) yield { kind: 'file', node: child.node, content: content(child) }
      else yield { kind: 'special', node: child }
    }
  }
  return {
    folder,
    blobs,
    get root() {
      return folder.node
    },
    walk: async function* (signal) {
      for (const entry of walk(folder)) {
        signal?.throwIfAborted()
        yield entry
      }
    },
    file: async (path) => {
      let found: MemoryFolder | MemoryFile | TreeNode | undefined = folder
      for (const part of path.split('/'))
        found = found && 'children' in found ? found.children.get(bytesOf(part as ByteString).toString('latin1') as ByteString) : undefined
      if (!found || !('pieces' in found)) throw new Fault('FILE_NOT_IN_BACKUP', `no file ${path}`)
      return content(found)
    },
  }
}

function byName(one: MemoryFolder | MemoryFile | TreeNode, other: MemoryFolder | MemoryFile | TreeNode): number {
  return nameOf(one) < nameOf(other) ? -1 : 1
}

function nameOf(child: MemoryFolder | MemoryFile | TreeNode): ByteString {
  return 'name' in child ? child.name : child.node.name
}
