import { tmpdir, userInfo } from 'node:os'
import path from 'node:path'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { BackupId, SnapshotId } from '#base/ids.ts'
import { randomHex } from '#host/random.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import { madeNode } from '#engine/made-node.ts'
import { backupTags, listBackups } from '#engine/backup/backups.ts'
import { manifestChecksum, printManifest, type Manifest } from '#engine/backup/manifest.ts'
import type { Instruments } from '#engine/backup/order.ts'
import { printReadme } from '#engine/backup/readme.ts'
import { walk } from '#engine/backup/walk.ts'
import type { Repository, WriteSession } from '#engine/repository/repository.ts'
import type { Entry, Gap } from '#engine/sources/source.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { manifestName, readmeName } from './archive-document.ts'
import { archiveEntries, heldFile } from './archive-entries.ts'
import { damagedArchive } from './archive-fault.ts'
import { fileHash, type ArchiveFile } from './archive-file.ts'
import { ArchiveCheck, type CheckedArchive } from './check-archive.ts'
import { ChecksumList } from './checksum-list.ts'
import { framed, type Framed } from './framed.ts'
import { RootCounts } from './root-counts.ts'
import { readTar } from './tar-reader.ts'

export interface ImportOrder {
  readonly system: string
  /** The id of the backup, where the file brings none of its own; a new one otherwise. */
  readonly newId?: BackupId | undefined
  /** Under a new id, although the backup is there already. */
  readonly isAsNew: boolean
  /** What the one database or root of a foreign file is called in the backup. */
  readonly name?: string | undefined
  /** Device nodes in a tar of files are taken as well. */
  readonly hasDevices: boolean
  readonly compressionLevel: number
}

export interface ImportedBackup {
  readonly id: BackupId
  readonly snapshot: SnapshotId
  readonly checksum: string
  readonly manifest: Manifest
}

export interface Importing {
  readonly file: ArchiveFile
  readonly order: ImportOrder
  readonly instruments: Instruments
}

/**
 * Makes a portable archive a backup again. It is read twice: first to compare all of it with what it says of itself, then
 * to store it. Its id and manifest stay what they were, unless it goes to another system or is wanted as a new one. Any
 * failure leaves no backup behind. Faults: BACKUP_EXISTS, DAMAGE_ARCHIVE, ARCHIVE_….
 */
export async function importArchive(repository: Repository, importing: Importing, signal: AbortSignal): Promise<ImportedBackup> {
  const { file, order, instruments } = importing
  const { checked, sha256 } = await check(repository, importing, signal)
  const manifest = manifestFor(checked, importing, sha256)
  const bytes = manifest === checked.manifest ? checked.manifestBytes : printManifest(manifest)
  return await repository.write(
    { compressionLevel: order.compressionLevel },
    async (session) => {
      const tree = await store(session, { file, checked, manifest, bytes, instruments }, signal)
      await file.confirmUnchanged()
      await requireAbsent(repository, manifest.backup, signal)
      throwIfCancelled(signal)
      const { system, type, purpose, gaps, hostname, databases, roots, startedAt } = manifest
      const id = manifest.backup as BackupId
      const snapshot = await session.snapshot(
        {
          // When it was captured: an old backup that is imported today is not the latest one.
          time: new Date(startedAt),
          tree,
          paths: [...databases.map(({ name }) => `/database/${name}`), ...roots.map(({ name }) => `/files/${name}`)],
          hostname,
          username: userInfo().username,
          tags: [...backupTags({ id, system, type, purpose, hasGaps: gaps.count > 0 }), 'imported'],
        },
        signal,
      )
      return { id, snapshot, checksum: manifestChecksum(bytes), manifest }
    },
    signal,
  )
}

async function check(repository: Repository, { file, order, instruments }: Importing, signal: AbortSignal) {
  await using checksums = await ChecksumList.begin(path.join(tmpdir(), `integrum-import-${randomHex(instruments.random, 12)}`))
  const checking = new ArchiveCheck(checksums, async (head) => {
    if (!order.isAsNew && head.system === order.system) await requireAbsent(repository, head.backup, signal)
  })
  const hash = fileHash(meter('check', { file, instruments }))
  for await (const one of framed(readTar(file.bytes(signal, hash.onRead), { isHashed: true }))) await checking.take(one)
  return { checked: checking.end(), sha256: hash.digest() }
}

async function requireAbsent(repository: Repository, id: string, signal: AbortSignal): Promise<void> {
  if ((await listBackups(repository, signal)).some((backup) => backup.id === id))
    throw new Fault('BACKUP_EXISTS', `backup ${id} is in the repository already`, { backup: id })
}

/** The manifest as it was, byte for byte, or one of a new backup that says where it came from. */
function manifestFor({ manifest, head }: CheckedArchive, { file, order, instruments }: Importing, sha256: string): Manifest {
  if (!order.isAsNew && manifest.system === order.system) return manifest
  return {
    ...manifest,
    backup: order.newId ?? instruments.random.uuid(),
    system: order.system,
    purpose: 'regular',
    imported: {
      kind: 'archive',
      at: instruments.clock.now().toISOString(),
      file: file.name,
      sha256,
      format: formatOf(file, 'tar'),
      original: { backup: manifest.backup, system: manifest.system, checksum: head.manifestSha256 },
    },
  }
}

/** `tar, zstd, age`: what a file was, and what it was wrapped in. */
export function formatOf({ compression, isEncrypted }: ArchiveFile, kind: string): string {
  return [kind, ...(compression === 'none' ? [] : [compression]), ...(isEncrypted ? ['age'] : [])].join(', ')
}

/** Progress by bytes of the file, the one measure whose total is known. */
export function meter(stage: string, { file, instruments }: Pick<Importing, 'file' | 'instruments'>): (bytes: number) => void {
  let doneBytes = 0
  return (bytes) => {
    doneBytes += bytes
    instruments.onProgress({ stage, doneBytes, totalBytes: file.sizeBytes })
  }
}

interface Storing {
  readonly file: ArchiveFile
  readonly checked: CheckedArchive
  readonly manifest: Manifest
  readonly bytes: Buffer
  readonly instruments: Instruments
}

async function store(session: WriteSession, { file, checked, manifest, bytes, instruments }: Storing, signal: AbortSignal) {
  const counts = new RootCounts()
  const startedAt = new Date(manifest.startedAt)
  const hash = fileHash(meter('import', { file, instruments }))
  async function* entries(inner: AbortSignal): AsyncGenerator<Entry> {
    yield made(readmeName, Buffer.from(printReadme(manifest), 'utf8'), startedAt)
    yield made(manifestName, bytes, startedAt)
    const own = ownMembers(framed(readTar(file.bytes(inner, hash.onRead))))
    yield* archiveEntries({ framed: own, links: checked.links, at: startedAt, signal: inner, onNode: counts.add })
  }
  const { subtree } = await walk(entries, {
    source: 'archive',
    session,
    before: undefined,
    width: 8,
    capturedAt: startedAt,
    onGap: refuse,
    onFile: () => {},
    onBytes: () => {},
    signal,
  })
  counts.compare(manifest)
  return subtree
}

/** Members that are the backup's; those that only the archive has were compared in the first reading. */
async function* ownMembers(all: AsyncIterable<Framed>): AsyncGenerator<Framed> {
  for await (const one of all) {
    if (one.path !== '' && (one.kind !== 'member' || one.path.includes('/'))) yield one
  }
}

function made(name: string, content: Buffer, at: Date): Entry {
  const node: TreeNode = { ...madeNode(at), name: byteStringOf(name), type: 'file', mode: 0o640, sizeBytes: content.byteLength }
  return heldFile(node, [content], false)
}

function refuse({ what, detail }: Gap): never {
  throw damagedArchive(`${what} cannot be read: ${detail}`)
}
