import { strict as assert } from 'node:assert'
import { Fault, isFault } from '#base/fault.ts'
import type { BlobId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import type { ByteString } from '#engine/byte-string.ts'
import type { Listings, Repository, Snapshot } from '#engine/repository/repository.ts'
import type { StoredEntry, StoredFileContent, StoredSource } from '#engine/sources/source.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { nodeAt, type Backup } from './backups.ts'
import { folderNode } from './made-nodes.ts'
import type { FolderBefore, ListingBefore } from './walk.ts'

/** What a backup holds below `folder` (`database/<name>` or `files/<name>`), as sources read it. */
export async function storedSource(
  repository: Repository,
  backup: Pick<Backup, 'id' | 'snapshot'>,
  folder: string,
  signal?: AbortSignal,
): Promise<StoredSource> {
  const root = folder === '' ? rootNode(backup.snapshot) : await nodeAt(repository, backup.snapshot.tree, folder, signal)
  if (!root?.subtree) throw new Fault('FILE_NOT_IN_BACKUP', `backup ${backup.id} has no folder ${folder}`, { folder })
  const subtree = root.subtree
  return {
    root,
    walk: (walkSignal) => walkTree(repository, { listings: repository.listings(walkSignal), subtree }, walkSignal),
    file: async (path, fileSignal) => {
      const node = await nodeAt(repository, subtree, path, fileSignal)
      if (node?.type !== 'file')
        throw new Fault('FILE_NOT_IN_BACKUP', `backup ${backup.id} has no file ${folder}/${path}`, { folder, path })
      return fileContent(repository, node)
    },
  }
}

/** The root of a snapshot has no node of its own in restic's format. */
function rootNode({ tree, time }: Snapshot): TreeNode {
  return { ...folderNode('root', tree, time), mode: 0o755 }
}

/** The content of one file, from anywhere in a backup. */
export function fileContent(repository: Repository, node: TreeNode): StoredFileContent {
  const content = node.content ?? []
  const [first] = content
  const isSmall = first && content.length === 1 && node.sizeBytes <= limits.readInlineBytesMax
  return {
    sizeBytes: node.sizeBytes,
    get pieces() {
      return content.map((id) => ({ sha256: id, sizeBytes: sizeOf(repository, id) }))
    },
    read: (signal) => repository.read(content, signal),
    lend: (signal) => repository.lend(content, signal),
    writeTo: (file, signal) => repository.fill(content, file, signal),
    ...(isSmall && sizeOf(repository, first) === node.sizeBytes && { make: (file, signal) => repository.make(first, file, signal) }),
  }
}

/**
 * The same folder of the backup before, read lazily: only folders that the walk enters, each once. Where that backup is
 * damaged nothing counts as known, so everything there is read anew.
 */
export function folderBefore(repository: Repository, subtree: () => Promise<BlobId | undefined>, signal: AbortSignal): FolderBefore {
  return folderAmong(repository.listings(signal), subtree)
}

function folderAmong(listings: Listings, subtree: () => Promise<BlobId | undefined>): FolderBefore {
  let reading: Promise<ReadListing> | undefined
  const listing = () => {
    reading ??= listingBefore(listings, subtree)
    return reading
  }
  let next = 0
  const subtreeOf = async (name: ByteString) => {
    const { nodes, folders } = await listing()
    const id = nodes.get(name)?.subtree
    // The walk goes the same way, so it is found at once, and those after it come next. One that is not asked for is read for
    // nothing, within the bound.
    const at = id === undefined ? -1 : folders.indexOf(id, next)
    if (at >= 0) {
      next = at + 1
      listings.expect(folders.slice(at, at + foldersAhead))
    }
    return id
  }
  return { listing, folder: (name) => folderAmong(listings, () => subtreeOf(name)) }
}

interface ReadListing extends ListingBefore {
  /** Trees of the folders in it, in order. */
  readonly folders: readonly BlobId[]
}

async function listingBefore(listings: Listings, subtree: () => Promise<BlobId | undefined>): Promise<ReadListing> {
  try {
    const id = await subtree()
    const nodes = id === undefined ? [] : await listings.of(id)
    return {
      id,
      nodes: new Map(nodes.map((node) => [node.name, node])),
      folders: nodes.flatMap((node) => (node.type === 'dir' && node.subtree ? [node.subtree] : [])),
    }
  } catch (error) {
    // The damage is for check and repair to name; a backup that reads everything relies on none of it.
    if (!isFault(error) || !error.isDamage) throw error
    return { id: undefined, nodes: new Map(), folders: [] }
  }
}

interface Walk {
  readonly listings: Listings
  readonly subtree: BlobId
}

async function* walkTree(repository: Repository, { listings, subtree }: Walk, signal?: AbortSignal): AsyncGenerator<StoredEntry> {
  const nodes = await listings.of(subtree)
  const folders = nodes.flatMap((node) => (node.type === 'dir' && node.subtree ? [node.subtree] : []))
  listings.expect(folders)
  let entered = 0
  for (const node of nodes) {
    signal?.throwIfAborted()
    if (node.type === 'dir') {
      entered += 1
      yield { kind: 'enter', node }
      assert(node.subtree, 'a directory node has a subtree')
      yield* walkTree(repository, { listings, subtree: node.subtree }, signal)
      listings.expect(folders.slice(entered, entered + foldersAhead))
      yield { kind: 'leave', node }
    } else if (node.type === 'file') {
      yield { kind: 'file', node, content: fileContent(repository, node) }
    } else {
      yield { kind: 'special', node }
    }
  }
}

const foldersAhead = 32

function sizeOf(repository: Repository, id: BlobId): number {
  const size = repository.blobSizeBytes(id)
  if (size === undefined) throw new Fault('DAMAGE_INDEX', `no index names blob ${id}`, { blob: id })
  return size
}
