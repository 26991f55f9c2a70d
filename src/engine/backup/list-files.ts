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

/** Everything below `path` of a backup, folder by folder. FILE_NOT_IN_BACKUP when there is nothing. */
export async function* listFiles(repository: Repository, backup: Backup, path: string, signal: AbortSignal): AsyncGenerator<ListedFile> {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw new Fault('PATH_OUTSIDE_ROOT', `the path ${path} leaves the backup`, { path })
  if (parts.length === 0) return yield* below(repository, backup.snapshot.tree, '', signal)
  const node = await nodeAt(repository, backup.snapshot.tree, parts.join('/'), signal)
  if (!node) throw new Fault('FILE_NOT_IN_BACKUP', `backup ${backup.id} has nothing at ${path}`, { path })
  yield listed(node, parts.join('/'))
  if (node.subtree) yield* below(repository, node.subtree, `${parts.join('/')}/`, signal)
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
    modifiedAt: new Date(Number(node.mtimeNs / 1_000_000n)).toISOString(),
  }
}

const letters: Readonly<Record<NodeType, string>> = { file: '-', dir: 'd', symlink: 'l', dev: 'b', chardev: 'c', fifo: 'p', socket: 's' }

function printMode({ type, mode }: TreeNode): string {
  const bits = [...'rwxrwxrwx'].map((letter, index) => (mode & (0o400 >> index) ? letter : '-'))
  return letters[type] + bits.join('')
}
