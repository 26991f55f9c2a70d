import { z } from 'zod'
import { parseValue } from '#base/parse.ts'
import { backupSummarySchema, type BackupSummary } from '#contract/backups.ts'
import type { Manifest } from '#engine/backup/manifest.ts'

const count = z.number().int().nonnegative()

export const tableSummarySchema = z.object({ database: z.string(), schema: z.string(), table: z.string(), rows: count, bytes: count })
export type TableSummary = z.infer<typeof tableSummarySchema>

/** `backups.metadata`: what the manifest says, without the keys of its hashes. Empty until the backup has ended. */
export const backupMetadataSchema = z.object({
  summary: backupSummarySchema.optional(),
  tables: z.array(tableSummarySchema).optional(),
})
export type BackupMetadata = z.infer<typeof backupMetadataSchema>

export function metadataOf(value: unknown): BackupMetadata {
  return parseValue(backupMetadataSchema, value, 'the metadata of a backup')
}

/** What the catalog keeps of a manifest. */
export interface BackupFigures {
  /** Rows and files. */
  readonly logicalBytes: number
  readonly storedBytes: number | null
  /** Share saved by compression alone (DECISIONS "Names and paths"). */
  readonly compressionRatio: number | null
  readonly gapCount: number
  readonly metadata: BackupMetadata
}

/** `storedBytes`: what was counted while it was written; null when nobody did, since the manifest is written before its end. */
export function figuresOf(manifest: Manifest, storedBytes: number | null): BackupFigures {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
  const logicalBytes = sum([...manifest.databases.map(({ copyBytes }) => copyBytes), ...manifest.roots.map(({ bytes }) => bytes)])
  const { newBytes } = manifest.statistics
  return {
    logicalBytes,
    storedBytes,
    compressionRatio: storedBytes === null || newBytes === 0 ? null : Math.max(0, 1 - storedBytes / newBytes),
    gapCount: manifest.gaps.count,
    metadata: { summary: summaryOf(manifest, { logicalBytes, storedBytes }), tables: tablesOf(manifest) },
  }
}

/** More of them than this is for the repository to tell. */
const gapsKept = 200

function summaryOf(
  manifest: Manifest,
  { logicalBytes, storedBytes }: { readonly logicalBytes: number; readonly storedBytes: number | null },
): BackupSummary {
  const { version, hostname, startedAt, isQuiesced, compressionLevel, references, gaps, imported, statistics } = manifest
  return {
    version,
    hostname,
    startedAt,
    isQuiesced,
    compressionLevel,
    databases: manifest.databases.map((one) => ({
      name: one.name,
      database: one.source.database,
      serverVersion: one.serverVersion.text,
      clientVersion: one.clientVersion,
      instant: one.instant,
      lsn: one.lsn,
      tables: one.tables.length,
      rows: one.rows,
      bytes: one.copyBytes,
      sizeBytes: one.sizeBytes,
      largeObjects: one.largeObjects.count,
      sequences: one.sequences.length,
      extensions: one.extensions.map(({ name, version: extensionVersion }) => ({ name, version: extensionVersion })),
      roles: one.roles,
      exactness: one.exactness,
    })),
    roots: manifest.roots.map(({ name, path, instant, files, directories, specials, bytes, newer, exactness }) => ({
      name,
      path,
      instant,
      files,
      directories,
      specials,
      bytes,
      newer: newer.count,
      exactness,
    })),
    references,
    gaps: gaps.first.slice(0, gapsKept),
    ...(imported && { imported }),
    statistics: {
      ...statistics,
      storedBytes,
      dedupRatio: logicalBytes === 0 ? null : Math.max(0, 1 - statistics.newBytes / logicalBytes),
    },
  }
}

function tablesOf({ databases }: Manifest): TableSummary[] {
  return databases.flatMap(({ name, tables }) =>
    tables.map(({ schema, table, copyBytes, hash }) => ({ database: name, schema, table, rows: hash.rows, bytes: copyBytes })),
  )
}
