import { limits } from '#base/limits.ts'
import type { SnapshotId } from '#base/ids.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import { madeNode } from '#engine/made-node.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { owner } from './owner.ts'
import { removeOldest } from './remove-oldest.ts'
import type { Repository, Snapshot } from './repository.ts'

/** A copy of a service's own catalog beside the backups: what the repository alone cannot tell. */
export interface CatalogCopy {
  readonly snapshot: Snapshot
  /** Of the service: 32 hex digits. */
  readonly installation: string
  readonly at: Date
  /** By which its own installation knows it again; nothing to anybody else. */
  readonly seal: string
}

export interface NewCatalogCopy extends Pick<CatalogCopy, 'installation' | 'at' | 'seal'> {
  readonly files: readonly { readonly name: string; readonly bytes: AsyncIterable<Uint8Array> }[]
}

const copyTag = 'integrum-catalog'

/** A snapshot that carries a copy of a catalog is no backup, neither of ours nor of another program. */
export function isCatalogCopy({ tags }: Pick<Snapshot, 'tags'>): boolean {
  return tags.includes(copyTag)
}

export async function recordCatalogCopy(
  repository: Repository,
  { installation, at, seal, files }: NewCatalogCopy,
  signal?: AbortSignal,
): Promise<{ readonly snapshot: SnapshotId; readonly sizeBytes: number }> {
  return await repository.write(
    { compressionLevel: 3 },
    async (session) => {
      const nodes: TreeNode[] = []
      for (const { name, bytes } of files) {
        // Lines are added and changed from day to day.
        const { content, sizeBytes } = await session.content(bytes, signal, 'fine')
        nodes.push({ ...madeNode(at), name: byteStringOf(name), type: 'file', mode: 0o600, content, sizeBytes })
      }
      const { hostname, username } = owner()
      const tags = [copyTag, `installation=${installation}`, `seal=${seal}`]
      const tree = await session.tree(nodes, signal)
      const snapshot = await session.snapshot({ time: at, tree, paths: [`/catalog/${installation}`], hostname, username, tags }, signal)
      return { snapshot, sizeBytes: nodes.reduce((sum, node) => sum + node.sizeBytes, 0) }
    },
    signal,
  )
}

/** In the order of the snapshots. One that says less than it should is none. */
export function catalogCopiesAmong(snapshots: readonly Snapshot[]): CatalogCopy[] {
  return snapshots.filter(isCatalogCopy).flatMap((snapshot) => {
    const said = (name: string) => snapshot.tags.find((tag) => tag.startsWith(`${name}=`))?.slice(name.length + 1)
    const [installation, seal] = [said('installation'), said('seal')]
    return installation === undefined || seal === undefined ? [] : [{ snapshot, installation, at: snapshot.time, seal }]
  })
}

/** One file of it; undefined when it has none of that name. */
export async function readCatalogCopy(
  repository: Repository,
  { snapshot }: CatalogCopy,
  name: string,
  signal?: AbortSignal,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const node = (await repository.tree(snapshot.tree, signal)).find((child) => child.name === byteStringOf(name))
  return node?.content && repository.read(node.content, signal)
}

/** Leaves the newest copies of an installation. Returns how many went. */
export async function trimCatalogCopies(repository: Repository, installation: string, signal?: AbortSignal): Promise<number> {
  const older = async () => {
    const ours = catalogCopiesAmong(await repository.snapshots(signal)).filter((copy) => copy.installation === installation)
    return ours.slice(0, -limits.catalogCopiesKept).map(({ snapshot }) => snapshot.id)
  }
  return await removeOldest(repository, older, signal)
}
