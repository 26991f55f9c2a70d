import { createHash } from 'node:crypto'
import { z } from 'zod'
import { backupTypes } from '#base/backup-types.ts'
import { parse } from '#base/parse.ts'
import { sourceNameSchema } from '#base/settings.ts'
import { sanitizationSchema } from '#engine/masking/sanitization.ts'
import { databaseSectionSchema } from '#engine/sources/postgres/database-section.ts'
import { rootSectionSchema } from '#engine/sources/files/root-section.ts'

const count = z.number().int().min(0)

const gapSchema = z.object({
  source: z.string(),
  kind: z.enum(['vanished', 'changed', 'unreadable', 'dangling-reference', 'not-covered']),
  what: z.string(),
  detail: z.string(),
})

/** Where a backup came from that was not captured from its system. */
export const importedSchema = z.object({
  kind: z.enum(['archive', 'dump', 'tar']),
  at: z.iso.datetime(),
  /** Name of the file, without its folder. */
  file: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** How the file was written: `plain`, `custom`, `directory`, `tar`; compression and encryption. */
  format: z.string(),
  /** What a dump says of the versions that made it. */
  versions: z.object({ server: z.string().optional(), dump: z.string().optional() }).optional(),
  /** The backup that an archive was exported from. */
  original: z.object({ backup: z.uuid(), system: z.string(), checksum: z.string() }).optional(),
})
export type Imported = z.infer<typeof importedSchema>

/**
 * What was asked for, and what of it there was. The keys stand here as people wrote them, beside the very rows that they are of; they stand in no
 * tag, name or path of the repository (ADR 0058).
 */
export const selectionSectionSchema = z.object({
  entities: z.array(z.object({ kind: z.string(), key: z.string() })),
  tables: z.array(z.object({ schema: z.string(), table: z.string() })),
  dataTypes: z.array(z.string()),
  since: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
  /** Rows that were selected, and rows that only have to exist for them. */
  counts: z.array(z.object({ database: z.string(), table: z.string(), own: count, needed: count })),
  /** Sources of the system of which it holds nothing. */
  leftOut: z.object({ databases: z.array(z.string()), roots: z.array(z.string()) }),
  /** Tables whose rows may belong to an entity, and neither a key nor a setting says so. */
  notCovered: z.array(z.object({ database: z.string(), table: z.string() })),
})
export type SelectionSection = z.infer<typeof selectionSectionSchema>

/** `/manifest.json` of a backup: what it holds, as of when, and how each part is recognised (DESIGN §4). */
export const manifestSchema = z.object({
  format: z.literal(1),
  product: z.literal('integrum'),
  version: z.string(),
  backup: z.uuid(),
  name: z.string(),
  description: z.string().optional(),
  system: sourceNameSchema,
  type: z.enum(backupTypes),
  /** `safety` before a restore, `release` of the state a restore replaced; `regular` otherwise. */
  purpose: z.enum(['regular', 'safety', 'release']),
  hostname: z.string(),
  startedAt: z.iso.datetime(),
  /** True when a quiesce hook held the application still: only then are database and files one instant. */
  isQuiesced: z.boolean(),
  compressionLevel: count,
  databases: z.array(databaseSectionSchema),
  roots: z.array(rootSectionSchema),
  references: z.object({ checked: count, dangling: count }),
  /** Of a masked backup: what is not in it as it was. */
  sanitization: sanitizationSchema.optional(),
  /** What a backup of type `entity` holds; absent in one of everything. */
  selection: selectionSectionSchema.optional(),
  /** Absent in a backup of the system itself. */
  imported: importedSchema.optional(),
  gaps: z.object({ count, first: z.array(gapSchema) }),
  /** Up to the manifest itself: plain bytes that were read, and of the pieces among them that were new. */
  statistics: z.object({ readBytes: count, newBytes: count, newBlobs: count, reusedBlobs: count }),
})
export type Manifest = z.infer<typeof manifestSchema>

/** How many gaps a manifest lists by name; it always counts all. */
export const gapsListedMax = 10_000

export function printManifest(manifest: Manifest): Buffer {
  return Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`, 'utf8')
}

export function parseManifest(bytes: Uint8Array): Manifest {
  return parse(manifestSchema, Buffer.from(bytes).toString('utf8'), 'the manifest', 'DAMAGE_MANIFEST')
}

/** The checksum of a backup: SHA-256 of its manifest, which holds the hash of everything else. */
export function manifestChecksum(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
