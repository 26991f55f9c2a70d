import { z } from 'zod'
import { parseValue } from '#base/parse.ts'
import { backupSummarySchema, type BackupSummary } from '#contract/backup-summary.ts'
import type { Manifest, SelectionSection } from '#engine/backup/manifest.ts'
import type { Sanitization } from '#engine/masking/sanitization.ts'

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

/** What the catalog keeps of a backup that is in the repository. */
export const storedFactsSchema = z.object({
  snapshot: z.string(),
  /** SHA-256 of the manifest. */
  checksum: z.string(),
  /** Rows and files. */
  logicalBytes: count,
  storedBytes: count.nullable(),
  /** Share saved by compression alone. */
  compressionRatio: z.number().nullable(),
  gapCount: count,
  metadata: backupMetadataSchema,
})
export type StoredFacts = z.infer<typeof storedFactsSchema>

/** `storedBytes`: what was counted while it was written; null when nobody did, since the manifest is written before its end. */
export function factsOf(
  { snapshot, checksum, manifest }: { readonly snapshot: string; readonly checksum: string; readonly manifest: Manifest },
  storedBytes: number | null,
): StoredFacts {
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
  const logicalBytes = sum([...manifest.databases.map(({ copyBytes }) => copyBytes), ...manifest.roots.map(({ bytes }) => bytes)])
  const { newBytes } = manifest.statistics
  return {
    snapshot,
    checksum,
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
    ...(manifest.selection && { selection: selectionOf(manifest.selection) }),
    ...(manifest.sanitization && { masks: masksOf(manifest.sanitization) }),
    ...(imported && { imported }),
    statistics: {
      ...statistics,
      storedBytes,
      dedupRatio: logicalBytes === 0 ? null : Math.max(0, 1 - statistics.newBytes / logicalBytes),
    },
  }
}

/** Without where the originals stand, which a restore asks of the manifest itself. */
function masksOf({ keyedBy, key, copyOf, databases, keepsLargeObjects, rootsKept, rootsLeftOut }: Sanitization): BackupSummary['masks'] {
  return { keyedBy, key, ...(copyOf && { copyOf: copyOf.backup }), databases, keepsLargeObjects, rootsKept, rootsLeftOut }
}

/** Without the keys: they may be patients', and the catalog shows them to whoever may see backups. */
function selectionOf({ entities, counts, ...others }: SelectionSection): BackupSummary['selection'] {
  const kinds = [...Map.groupBy(entities, ({ kind }) => kind)].map(([kind, same]) => ({ kind, count: same.length }))
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
  return { ...others, kinds, own: sum(counts.map(({ own }) => own)), needed: sum(counts.map(({ needed }) => needed)) }
}

function tablesOf({ databases }: Manifest): TableSummary[] {
  return databases.flatMap(({ name, tables }) =>
    tables.map(({ schema, table, copyBytes, hash }) => ({ database: name, schema, table, rows: hash.rows, bytes: copyBytes })),
  )
}
