import { hostname, userInfo } from 'node:os'
import type { BackupType } from '#base/backup-types.ts'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault, isFault } from '#base/fault.ts'
import type { BackupId, SnapshotId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import { productVersion } from '#host/version.ts'
import { withHooks } from '#engine/hooks.ts'
import type { Repository, StoredContent, WriteSession, WriteStatistics } from '#engine/repository/repository.ts'
import { backupTags } from './backups.ts'
import { captureAll, type Captured, type CaptureOrder } from './capture-all.ts'
import { GapList } from './gap-list.ts'
import type { BackupOrder, Instruments } from './order.ts'
import { manifestChecksum, printManifest, type Manifest } from './manifest.ts'
import { folderNode, streamNode } from './made-nodes.ts'
import { maskedOrder, sanitizationOf } from './masked-order.ts'
import { RootMemory } from './root-memory.ts'
import { printReadme } from './readme.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import type { TreeNode } from '#engine/tree-node.ts'

export interface BackupResult {
  readonly status: 'completed' | 'completed_with_gaps'
  readonly id: BackupId
  readonly snapshot: SnapshotId
  readonly checksum: string
  readonly manifest: Manifest
  /** Of the whole backup, its manifest and trees included. */
  readonly statistics: WriteStatistics
}

/**
 * The whole backup on one page: hold the sources still, store what they hand over, write down what it was, and last of
 * all the snapshot. Until then nothing is visible; a failure or an abort at any point leaves no backup behind.
 */
export async function backup(
  repository: Repository,
  wanted: BackupOrder,
  instruments: Instruments,
  signal: AbortSignal,
): Promise<BackupResult> {
  const { order, masking } = await maskedOrder(wanted)
  const type = typeOf(order)
  const id = order.id ?? (instruments.random.uuid() as BackupId)
  const startedAt = instruments.clock.now()
  const { beforeBackup, afterBackup } = order.settings.hooks
  const occasion = { of: 'backup', system: order.system, id } as const
  const memory = instruments.cache && new RootMemory({ repository, system: order.system, cache: instruments.cache, now: startedAt })
  return await withHooks({ before: beforeBackup, after: afterBackup, occasion }, signal, async () =>
    repository.write(
      { compressionLevel: order.compressionLevel },
      async (session) => {
        const { captured, gaps } = await captureAnew({ repository, session, order, masking, instruments, memory, signal })
        await confirmConnectivity(order, signal)
        throwIfCancelled(signal)
        instruments.onProgress({ stage: 'finish' })
        const manifest: Manifest = {
          format: 1,
          product: 'integrum',
          version: productVersion(),
          backup: id,
          name: order.name ?? `${order.system}-${type}-${startedAt.toISOString().replace(/\.\d+/, '').replaceAll(':', '')}`,
          ...(order.description !== undefined && { description: order.description }),
          system: order.system,
          type,
          purpose: order.purpose,
          hostname: hostname(),
          startedAt: startedAt.toISOString(),
          isQuiesced: beforeBackup !== undefined,
          compressionLevel: order.compressionLevel,
          databases: captured.databases.map(({ section }) => section),
          roots: captured.roots.map(({ section }) => section),
          references: captured.references,
          ...(captured.selection && { selection: captured.selection }),
          ...(order.imported && { imported: order.imported }),
          ...sanitizationOf(
            wanted,
            masking,
            captured.databases.map(({ section }) => section),
          ),
          gaps: gaps.summary(),
          statistics: statisticsSoFar(session),
        }
        const bytes = printManifest(manifest)
        const snapshot = await session.snapshot(
          {
            time: startedAt,
            tree: await storeTop(session, { captured, manifest, bytes, at: startedAt }, signal),
            paths: [
              ...captured.databases.map(({ section }) => `/database/${section.name}`),
              ...captured.roots.map(({ section }) => `/files/${section.name}`),
            ],
            hostname: hostname(),
            username: userInfo().username,
            tags: backupTags({ id, system: order.system, type, purpose: order.purpose, hasGaps: gaps.count > 0 }),
            ...(captured.parent !== undefined && { parent: captured.parent }),
          },
          signal,
        )
        // What is not whole is gone through again.
        if (memory && gaps.count === 0) await rememberRoots(memory, captured)
        return {
          status: gaps.count > 0 ? 'completed_with_gaps' : 'completed',
          id,
          snapshot,
          checksum: manifestChecksum(bytes),
          manifest,
          statistics: { ...session.statistics },
        }
      },
      signal,
    ),
  )
}

/**
 * Once rows are flowing, a capture that stands in the way of others gives everything up (SAFETY rule 13) and can only be
 * begun anew, with another snapshot. What is stored already is found again and not stored twice.
 */
async function captureAnew(capture: Omit<CaptureOrder, 'gaps'>): Promise<{ captured: Captured; gaps: GapList }> {
  for (let attempt = 1; ; attempt += 1) {
    const gaps = new GapList()
    for (const gap of capture.order.gaps ?? []) gaps.add(gap)
    try {
      return { captured: await captureAll({ ...capture, gaps }), gaps }
    } catch (error) {
      const mayRetry = isFault(error, 'DATABASE_LOCKED') || isFault(error, 'DATABASE_CHANGED')
      if (!mayRetry || attempt >= limits.captureAttempts) throw error
      await capture.instruments.clock.sleep(limits.captureRetryDelayMs, capture.signal)
    }
  }
}

async function rememberRoots(memory: RootMemory, { roots }: Captured): Promise<void> {
  for (const { section, remembered } of roots) if (remembered) await memory.remember(section.name, remembered)
}

function statisticsSoFar({ statistics: { readBytes, newBytes, newBlobs, reusedBlobs } }: WriteSession): Manifest['statistics'] {
  return { readBytes, newBytes, newBlobs, reusedBlobs }
}

function typeOf(order: BackupOrder): BackupType {
  if (order.databases.length === 0 && order.roots.length === 0) {
    throw new Fault('USAGE', 'nothing to back up: no database and no files are named')
  }
  if (order.selection && order.masking)
    throw new Fault(
      'USAGE',
      'a selection is not masked on its way: back it up first, then make a masked copy of that backup with `integrum masks copy`',
    )
  if (order.selection && order.databases.length === 0)
    throw new Fault('USAGE', 'a selection is of rows, and no database is named: files belong to what a row says')
  if (order.selection) return 'entity'
  if (order.masking) return 'masked'
  return order.roots.length === 0 ? 'database' : order.databases.length === 0 ? 'files' : 'full'
}

/** FEATURES S11: the application must still be able to work when the backup says that it is done. */
async function confirmConnectivity(order: BackupOrder, signal: AbortSignal): Promise<void> {
  for (const { target } of order.databases) {
    const { connect } = await import('#engine/sources/postgres/connection.ts')
    await using connection = await connect(target, signal)
    await connection.query('select 1')
  }
}

interface Top {
  readonly captured: Captured
  readonly manifest: Manifest
  readonly bytes: Buffer
  readonly at: Date
}

async function storeTop(session: WriteSession, { captured, manifest, bytes, at }: Top, signal: AbortSignal) {
  const made = async (name: string, content: Buffer): Promise<TreeNode> =>
    streamNode({ name: byteStringOf(name), mode: 0o640 }, await storeText(session, content, signal), at)
  const nodes = [await made('README.txt', Buffer.from(printReadme(manifest), 'utf8')), await made('manifest.json', bytes)]
  for (const [name, children] of [
    ['database', captured.databases],
    ['files', captured.roots],
  ] as const) {
    if (children.length === 0) continue
    const inner = children.map(({ node }) => node).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    nodes.push(folderNode(name, await session.tree(inner, signal), at))
  }
  return await session.tree(
    nodes.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    signal,
  )
}

async function storeText(session: WriteSession, text: Buffer, signal: AbortSignal): Promise<StoredContent> {
  if (text.byteLength > limits.smallBytesMax) return await session.content([text], signal)
  return { content: [await session.small(text)], sizeBytes: text.byteLength }
}
