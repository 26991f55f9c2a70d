import { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { parse } from '#base/parse.ts'
import { productVersion } from '#host/version.ts'

/** The newest form of portable archive that is read, and the one that is written. */
export const archiveFormat = 1

/** Members of an archive that are not the backup's own, in the order in which they stand. */
export const headName = 'archive.json'
export const readmeName = 'README.txt'
export const manifestName = 'manifest.json'
export const endName = 'archive-end.json'

const count = z.number().int().min(0)
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const headSchema = z.object({
  format: z.literal(archiveFormat),
  product: z.literal('integrum'),
  version: z.string(),
  kind: z.literal('portable archive'),
  backup: z.uuid(),
  system: z.string(),
  name: z.string(),
  startedAt: z.iso.datetime(),
  exportedAt: z.iso.datetime(),
  /** SHA-256 of manifest.json: the checksum of the backup. */
  manifestSha256: sha256,
})
export type ArchiveHead = z.infer<typeof headSchema>

/** The last member: an archive without it was cut off. */
const endSchema = z.object({
  format: z.literal(archiveFormat),
  /** Members before this one. */
  entries: count,
  /** Bytes of the tar before this member, and their SHA-256: names, owners and times are in it, too. */
  bytes: count,
  sha256,
  /** What a tar cannot hold. */
  leftOut: z.object({ sockets: count }),
})
export type ArchiveEnd = z.infer<typeof endSchema>

export function printDocument(document: ArchiveHead | ArchiveEnd): Buffer {
  return Buffer.from(`${JSON.stringify(document, null, 2)}\n`, 'utf8')
}

export function archiveHead(about: Omit<ArchiveHead, 'format' | 'product' | 'version' | 'kind'>): ArchiveHead {
  return { format: archiveFormat, product: 'integrum', version: productVersion(), kind: 'portable archive', ...about }
}

/** ARCHIVE_VERSION when a newer Integrum wrote it. */
export function parseHead(bytes: Uint8Array): ArchiveHead {
  const text = Buffer.from(bytes).toString('utf8')
  const { format } = parse(z.object({ format: count }), text, headName, 'DAMAGE_ARCHIVE')
  if (format > archiveFormat) {
    throw new Fault('ARCHIVE_VERSION', `the archive has format ${format}, this Integrum reads up to ${archiveFormat}`, { format })
  }
  return parse(headSchema, text, headName, 'DAMAGE_ARCHIVE')
}

export function parseEnd(bytes: Uint8Array): ArchiveEnd {
  return parse(endSchema, Buffer.from(bytes).toString('utf8'), endName, 'DAMAGE_ARCHIVE')
}
