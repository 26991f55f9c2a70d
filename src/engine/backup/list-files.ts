import { Fault } from '#base/fault.ts'
import type { BlobId } from '#base/ids.ts'
import { printBytesName } from '#engine/byte-string.ts'
import type { Repository } from '#engine/repository/repository.ts'
import type { NodeType, TreeNode } from '#engine/tree-node.ts'
import { nodeAt, type Backup } from './backups.ts'

export interface ListedFile {
  /** From the root of the backup, printable. */
  readonly path: string
  /** As `ls -l` shows it. */
  readonly mode: string
  readonly sizeBytes: number
  readonly modifiedAt: string
}

export interface ListedEntry {
  /** In its folder, printable. */
  readonly name: string
  readonly type: NodeType
  readonly mode: string
  readonly sizeBytes: number
  readonly modifiedAt: string
  readonly linkTarget: string | null
}

/** What stands in one folder of a backup, folders first. FILE_NOT_IN_BACKUP when there is no such folder. */
export async function listFolder(repository: Repository, backup: Backup, path: string, signal?: AbortSignal): Promise<ListedEntry[]> {
  const parts = partsOf(path)
  const node = parts.length === 0 ? undefined : await nodeAt(repository, backup.snapshot.tree, parts.join('/'), signal)
  const subtree = parts.length === 0 ? backup.snapshot.tree : node?.subtree
  if (subtree === undefined) throw new Fault('FILE_NOT_IN_BACKUP', `backup ${backup.id} has no such folder`, { field: 'path' })
  const nodes = await repository.tree(subtree, signal)
  const rank = ({ type }: TreeNode) => (type === 'dir' ? 0 : 1)
  return nodes
    .toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1))
    .map((one) => ({
      name: printBytesName(one.name),
      type: one.type,
      mode: printMode(one),
      sizeBytes: one.sizeBytes,
      modifiedAt: modifiedAt(one),
      linkTarget: one.linkTarget === undefined ? null : printBytesName(one.linkTarget),
    }))
}

/** One file of a backup. FILE_NOT_IN_BACKUP when there is none at `path`. */
export async function fileIn(repository: Repository, backup: Backup, path: string, signal?: AbortSignal): Promise<TreeNode> {
  const node = await nodeAt(repository, backup.snapshot.tree, partsOf(path).join('/'), signal)
  if (node?.type !== 'file') throw new Fault('FILE_NOT_IN_BACKUP', `backup ${backup.id} has no such file`, { field: 'path' })
  return node
}

/** Everything below `path` of a backup, folder by folder. FILE_NOT_IN_BACKUP when there is nothing. */
export async function* listFiles(repository: Repository, backup: Backup, path: string, signal: AbortSignal): AsyncGenerator<ListedFile> {
  const parts = partsOf(path)
  if (parts.length === 0) return yield* below(repository, backup.snapshot.tree, '', signal)
  const node = await nodeAt(repository, backup.snapshot.tree, parts.join('/'), signal)
  if (!node) throw new Fault('FILE_NOT_IN_BACKUP', `backup ${backup.id} has nothing at ${path}`, { path })
  yield listed(node, parts.join('/'))
  if (node.subtree) yield* below(repository, node.subtree, `${parts.join('/')}/`, signal)
}

function partsOf(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw new Fault('PATH_OUTSIDE_ROOT', 'the path leaves the backup', { field: 'path' })
  return parts
}

async function* below(repository: Repository, subtree: BlobId, prefix: string, signal: AbortSignal): AsyncGenerator<ListedFile> {
  for (const node of await repository.tree(subtree, signal)) {
    signal.throwIfAborted()
    const path = prefix + printBytesName(node.name)
    yield listed(node, path)
    if (node.subtree) yield* below(repository, node.subtree, `${path}/`, signal)
  }
}

function listed(node: TreeNode, path: string): ListedFile {
  const target = node.linkTarget === undefined ? '' : ` -> ${printBytesName(node.linkTarget)}`
  return {
    path: path + target,
    mode: printMode(node),
    sizeBytes: node.sizeBytes,
    modifiedAt: modifiedAt(node),
  }
}

function modifiedAt({ mtimeNs }: TreeNode): string {
  return new Date(Number(mtimeNs / 1_000_000n)).toISOString()
}

const letters: Readonly<Record<NodeType, string>> = { file: '-', dir: 'd', symlink: 'l', dev: 'b', chardev: 'c', fifo: 'p', socket: 's' }

function printMode({ type, mode }: TreeNode): string {
  const bits = [...'rwxrwxrwx'].map((letter, index) => (mode & (0o400 >> index) ? letter : '-'))
  return letters[type] + bits.join('')
}
