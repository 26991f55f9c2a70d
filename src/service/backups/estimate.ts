import { lstat, opendir } from 'node:fs/promises'
import path from 'node:path'
import { throwIfCancelled, type Clock } from '#base/clock.ts'
import { Fault, errnoOf, isFault, messageOf } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import type { BackupSummary } from '#contract/backup-summary.ts'
import type { backups, BackupType } from '#contract/backups.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { databaseSize } from '#engine/sources/postgres/database-size.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { activeSystem, passwordsOf, targetOf } from '#service/systems/systems.ts'
import { assertHolds } from './backups.ts'
import { newestMetadata, pastBackups } from './backups.store.ts'
import { predict } from './prediction.ts'
import { metadataOf } from './summary.ts'

export type Estimate = ReplyOf<typeof backups.estimate>

/** What the catalog knows that an estimate needs; the rest is looked at outside any transaction. */
export interface EstimateBasis {
  readonly databases: readonly { readonly name: string; readonly target: DatabaseTarget; readonly password: string | undefined }[]
  readonly roots: readonly { readonly name: string; readonly path: string }[]
  /** Of the last backups, newest first. */
  readonly summaries: readonly BackupSummary[]
  readonly past: Awaited<ReturnType<typeof pastBackups>>
}

export async function estimateBasis(
  house: House,
  tx: Tx,
  { systemId, type }: { readonly systemId: string; readonly type: BackupType },
): Promise<EstimateBasis> {
  const system = await activeSystem(tx, systemId)
  assertHolds(system, { type })
  const passwords = await passwordsOf(house, tx, system.id)
  return {
    databases:
      type === 'files'
        ? []
        : system.databases.map((one, index) => ({ name: one.name, target: targetOf(one, index), password: passwords.get(one.name) })),
    roots: type === 'database' ? [] : system.roots,
    summaries: (await newestMetadata(tx, system.id)).flatMap((metadata) => metadataOf(metadata).summary ?? []),
    past: await pastBackups(tx, { systemId, type }),
  }
}

/** Each number with where it comes from; what nobody knows is null. */
export async function estimate(basis: EstimateBasis, clock: Clock, signal: AbortSignal): Promise<Estimate> {
  const databases: Estimate['databases'] = []
  for (const one of basis.databases) databases.push(await sizeOfDatabase(one, basis, signal))
  const roots: Estimate['roots'] = []
  for (const one of basis.roots) roots.push(await sizeOfRoot(one, basis, { clock, signal }))
  const parts = [...databases, ...roots].map(({ bytes }) => bytes.value)
  const total = parts.every((value) => value !== null) ? parts.reduce((sum, value) => sum + value, 0) : null
  return {
    databases,
    roots,
    logicalBytes: { value: total, from: total === null ? null : 'sum' },
    storedBytes: fromPast(basis.past.map(({ stored }) => stored)),
    durationSeconds: fromPast(basis.past.map(({ seconds }) => seconds)),
  }
}

async function sizeOfDatabase(
  { name, target, password }: EstimateBasis['databases'][number],
  { summaries }: EstimateBasis,
  signal: AbortSignal,
): Promise<Estimate['databases'][number]> {
  try {
    return { name, bytes: { value: await databaseSize(target, password, signal), from: 'server' }, fault: null }
  } catch (error) {
    throwIfCancelled(signal)
    if (!isFault(error)) throw error
    const before = summaries.flatMap(({ databases }) => databases).find((one) => one.name === name)
    return { name, bytes: before ? { value: before.sizeBytes, from: 'last-backup' } : unknown, fault: recordOf(error) }
  }
}

const unknown = { value: null, from: null }

interface Looking {
  readonly clock: Clock
  readonly signal: AbortSignal
}

async function sizeOfRoot(
  { name, path: place }: EstimateBasis['roots'][number],
  { summaries }: EstimateBasis,
  looking: Looking,
): Promise<Estimate['roots'][number]> {
  const before = summaries.flatMap(({ roots }) => roots).find((one) => one.name === name)
  if (before) return { name, files: before.files, bytes: { value: before.bytes, from: 'last-backup' }, fault: null }
  try {
    const counted = await countTree(place, looking)
    return { name, files: counted?.files ?? null, bytes: counted ? { value: counted.bytes, from: 'walk' } : unknown, fault: null }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    const fault = new Fault(
      errnoOf(error) === 'ENOENT' ? 'ROOT_NOT_FOUND' : 'ROOT_DENIED',
      `${place} cannot be looked at: ${messageOf(error)}`,
    )
    return { name, files: null, bytes: unknown, fault: recordOf(fault) }
  }
}

/** Files and bytes below a folder. Undefined when there is more of it than is looked at for an estimate. */
export async function countTree(place: string, { clock, signal }: Looking): Promise<{ files: number; bytes: number } | undefined> {
  const untilMs = clock.monotonicMs() + limits.estimateMsMax
  const counted = { files: 0, bytes: 0 }
  const folders = [place]
  let entries = 0
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const entry of await opendir(folder)) {
      throwIfCancelled(signal)
      entries += 1
      if (entries > limits.estimateEntriesMax || clock.monotonicMs() > untilMs) return undefined
      const inner = path.join(folder, entry.name)
      if (entry.isDirectory()) folders.push(inner)
      else if (entry.isFile()) {
        counted.files += 1
        counted.bytes += (await lstat(inner)).size
      }
    }
  }
  return counted
}

/** Past ones come newest first. */
function fromPast(values: readonly (number | null)[]): Estimate['storedBytes'] {
  const { value, ...prediction } = predict(values.filter((one) => one !== null).toReversed())
  return { value, from: value === null ? null : 'past-backups', ...prediction }
}

function recordOf({ code, message, hint }: Fault) {
  return { code, fact: message, hint }
}
