import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { isFault } from '#base/fault.ts'
import { durations } from '#base/units.ts'
import { makeDirectoryDurably } from '#host/durable.ts'
import { productVersion } from '#host/version.ts'
import { exportLines, planExport } from '#service/audit/export.ts'
import { everything, within } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { findTenant } from '#service/tenants/tenants.store.ts'
import { copiedTables } from './copied-tables.ts'
import { rowsFile, sealOfRows, trailFile, type CopyHeader } from './copy-document.ts'
import { isOnlyTenant, linesOfTable } from './self-backup.store.ts'

export interface SpooledCopy {
  readonly at: string
  readonly seal: string
  readonly files: readonly { readonly name: string; readonly path: string }[]
}

/**
 * Writes the copy of one tenant into the data directory, for its owner alone: a repository's administrators may know its
 * password, and other tenants are no concern of theirs.
 */
export async function spoolCopy(
  house: House,
  { runId, tenantId }: { readonly runId: string; readonly tenantId: string },
): Promise<SpooledCopy> {
  const folder = path.join(house.config.dataDirectory, 'catalog-copies')
  await makeDirectoryDurably(folder, 0o700)
  await removeLeft(folder, house.clock.now())
  const at = house.clock.now().toISOString()
  const place = (name: string) => path.join(folder, `${runId}-${name}`)
  const sha256 = await write(place(rowsFile), rowLines(house, { tenantId, at }))
  const trail = await trailLines(house, tenantId)
  if (trail) await write(place(trailFile), trail)
  const files = [rowsFile, ...(trail ? [trailFile] : [])].map((name) => ({ name, path: place(name) }))
  return { at, seal: sealOfRows(house, sha256), files }
}

async function write(file: string, lines: AsyncIterable<string>): Promise<string> {
  const hash = createHash('sha256')
  const hashing = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  await pipeline(lines, hashing, createWriteStream(file, { mode: 0o600 }))
  return hash.digest('hex')
}

async function* rowLines(house: House, { tenantId, at }: { readonly tenantId: string; readonly at: string }): AsyncIterable<string> {
  const tenant = await house.catalog.as(within(tenantId), (tx) => findTenant(tx, tenantId))
  const header: CopyHeader = {
    kind: 'integrum-catalog',
    format: 1,
    at,
    version: productVersion(),
    tenant: { id: tenantId, name: tenant!.name },
  }
  yield `${JSON.stringify(header)}\n`
  for (const table of copiedTables)
    for (const line of await house.catalog.as(within(tenantId), (tx) => linesOfTable(tx, table, tenantId))) yield `${line}\n`
}

/** Events of others by their hash alone; all of them where there is one tenant. Undefined before the first event. */
async function trailLines(house: House, tenantId: string): Promise<AsyncIterable<string> | undefined> {
  const isOnly = await house.catalog.as(everything, isOnlyTenant)
  try {
    const plan = await planExport(house, { scope: isOnly ? everything : within(tenantId), by: 'Integrum' })
    return exportLines(house, plan, house.stopping)
  } catch (error) {
    if (isFault(error, 'INPUT_INVALID')) return undefined
    throw error
  }
}

/** Of attempts that were cut off: the job itself removes what it has stored. */
async function removeLeft(folder: string, now: Date): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name)
    if (now.getTime() - (await stat(file)).mtimeMs > durations.day) await rm(file, { force: true })
  }
}
