import { createHash } from 'node:crypto'
import path from 'node:path'
import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { parse } from '#base/parse.ts'
import { catalogCopiesAmong, readCatalogCopy, type CatalogCopy } from '#engine/repository/catalog-copies.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { linesOf } from '#service/audit/lines.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { copyHeaderSchema, copyLineSchema, rowsFile, sealOfRows, trailFile, type CopyHeader } from './copy-document.ts'
import { copiedTables, type Taking } from './copied-tables.ts'
import { hasTenant, insertCopied } from './self-backup.store.ts'

/** A copy that can be read to its end. */
export interface FoundCopy {
  readonly copy: CatalogCopy
  readonly header: CopyHeader
  /** The id that the repository itself had there. */
  readonly repositoryRowId: string | undefined
  readonly isConfirmed: boolean
}

/** The newest that this very installation has sealed, or else the newest of all: one that was planted behind ours hides none of them. */
export async function findCopy(house: House, repository: Repository, signal: AbortSignal): Promise<FoundCopy | undefined> {
  let newest: FoundCopy | undefined
  for (const copy of catalogCopiesAmong(await repository.snapshots(signal)).toReversed()) {
    try {
      const found = await examine(house, repository, copy, signal)
      if (found?.isConfirmed) return found
      newest ??= found
    } catch (error) {
      // An older one tells nearly the same.
      if (!isFault(error) || !(error.isDamage || error.code === 'INPUT_INVALID')) throw error
      house.log.warn({ snapshot: copy.snapshot.id, fact: error.message }, 'a copy of the catalog cannot be read')
    }
  }
  return newest
}

/** Reads all of it once before any of it is believed. */
async function examine(house: House, repository: Repository, copy: CatalogCopy, signal: AbortSignal): Promise<FoundCopy | undefined> {
  const bytes = await readCatalogCopy(repository, copy, rowsFile, signal)
  if (!bytes) return undefined
  const hash = createHash('sha256')
  let header: CopyHeader | undefined
  let repositoryRowId: string | undefined
  for await (const text of linesOf(hashed(bytes, hash), limits.catalogLineBytesMax)) {
    if (!header) header = parse(copyHeaderSchema, text, 'the first line of a copy of the catalog')
    else {
      const { table, row } = parse(copyLineSchema, text, 'a line of a copy of the catalog')
      if (table === 'repositories' && row['repository_id'] === repository.id) repositoryRowId = String(row['id'])
    }
  }
  return header && { copy, header, repositoryRowId, isConfirmed: sealOfRows(house, hash.digest('hex')) === copy.seal }
}

async function* hashed(bytes: AsyncIterable<Uint8Array>, hash: ReturnType<typeof createHash>): AsyncIterable<Uint8Array> {
  for await (const chunk of bytes) {
    hash.update(chunk)
    yield chunk
  }
}

export interface TakenCopy {
  readonly at: string
  /** It was sealed with the key of this installation. */
  readonly isConfirmed: boolean
  /** Rows by table. */
  readonly taken: Readonly<Record<string, number>>
  /** Those that an unconfirmed copy does not give, and those that did not fit. */
  readonly left: Readonly<Record<string, number>>
}

/** True when nothing of the tenant is there yet: a copy fills an empty catalog, and never changes one that is in use. */
export async function isRoomFor(tx: Tx, { header }: FoundCopy): Promise<boolean> {
  return !(await hasTenant(tx, header.tenant))
}

/** Takes the rows in, in one transaction of that tenant: row security refuses those of any other. */
export async function takeRows(
  { repository, found, taking }: { readonly repository: Repository; readonly found: FoundCopy; readonly taking: Taking },
  tx: Tx,
  signal: AbortSignal,
): Promise<TakenCopy> {
  const { copy, header, isConfirmed } = found
  const [taken, left] = [new Map<string, number>(), new Map<string, number>()]
  const tables = new Map(copiedTables.map((table) => [table.name, table]))
  const count = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1)
  const bytes = await readCatalogCopy(repository, copy, rowsFile, signal)
  let isHeader = true
  for await (const text of linesOf(bytes!, limits.catalogLineBytesMax)) {
    if (isHeader) {
      isHeader = false
      continue
    }
    const { table: name, row } = parse(copyLineSchema, text, 'a line of a copy of the catalog')
    const table = tables.get(name)
    // What never leaves a catalog never comes into one, whoever wrote it there.
    const allowed = Object.fromEntries(Object.entries(row).filter(([column]) => !table?.omit?.includes(column)))
    const wanted = table && (table.take ? table.take(allowed, taking) : allowed)
    const isTaken = wanted !== undefined && belongs(name, wanted, header.tenant.id) && (await insertCopied(tx, name, wanted))
    count(isTaken ? taken : left, name)
  }
  return { at: header.at, isConfirmed, taken: Object.fromEntries(taken), left: Object.fromEntries(left) }
}

/** The tables without row security hold people and tenants: what they would take in is looked at here. */
function belongs(name: string, row: Readonly<Record<string, unknown>>, tenantId: string): boolean {
  if (name === 'tenants') return row['id'] === tenantId
  return name !== 'role_grants' || row['tenant_id'] === null || row['tenant_id'] === tenantId
}

/** The trail of before, as a file that `audit verify` takes: the trail of now begins anew. Undefined where the copy has none. */
export async function keepTrail(
  house: House,
  { repository, found }: { readonly repository: Repository; readonly found: FoundCopy },
  signal: AbortSignal,
): Promise<string | undefined> {
  const bytes = await readCatalogCopy(repository, found.copy, trailFile, signal)
  if (!bytes) return undefined
  const name = `audit-trail-until-${found.header.at.replace(/\.\d+/, '').replaceAll(':', '')}.jsonl`
  const file = path.join(house.config.dataDirectory, name)
  await pipeline(bytes, createWriteStream(file, { mode: 0o600 }), { signal })
  const handle = await open(file, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
  return file
}
