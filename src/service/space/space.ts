import { Fault, isFault } from '#base/fault.ts'
import { durations, MiB } from '#base/units.ts'
import type { BackupType } from '#contract/backups.ts'
import type { SpaceView } from '#contract/space.ts'
import { repositoryStatistics } from '#engine/repository/statistics.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { openStorage } from '#engine/storage/storages.ts'
import { databaseSize } from '#engine/sources/postgres/database-size.ts'
import { raiseAlert, settleAlert } from '#service/alerts/alerts.ts'
import { countTree, estimateBasis, type EstimateBasis } from '#service/backups/estimate.ts'
import { everything, within, type Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { openRepositoryOf } from '#service/repositories/repositories.ts'
import { lowOf, needOf, shortfallOf } from './fit.ts'
import { forecast } from './forecast.ts'
import {
  catalogCopiesIn,
  hasChangedSince,
  keepSample,
  newestSample,
  repositoriesInUse,
  samplesOf,
  storedBefore,
  usesOfSpace,
  type SpaceSample,
  type StoredRepository,
} from './space.store.ts'

/** So often it is asked what is free; what the repository holds is counted when something changed, or once a day. */
const spaceAgeMsMax = 10 * durations.minute
/** So soon after a backup what it took is known. */
export const spaceEveryMs = durations.minute
/** Read to see how fast the storage is. */
const probeBytesMax = 8 * MiB
export const daysFitted = 90

/** Looks at each repository when it is due, keeps what it saw, and tells people before one is full. */
export async function watchSpace(house: House): Promise<void> {
  for (const row of await house.catalog.as(everything, (tx) => repositoriesInUse(tx))) {
    try {
      if (await isDue(house, row)) await lookAtSpace(house, row)
    } catch (error) {
      // One that cannot be reached hides no other.
      if (!isFault(error)) throw error
      house.log.warn({ repository: row.id, code: error.code, fact: error.message }, 'the space of a repository cannot be looked at')
    }
  }
}

/** Something came or went since the last look, or that was long ago. */
async function isDue({ catalog, clock }: House, { id, tenant_id: tenantId }: StoredRepository): Promise<boolean> {
  return await catalog.as(within(tenantId), async (tx) => {
    const last = await newestSample(tx, id)
    return last === undefined || clock.now().getTime() - last.at.getTime() >= spaceAgeMsMax || (await hasChangedSince(tx, id, last.at))
  })
}

export async function lookAtSpace(house: House, row: StoredRepository): Promise<SpaceView> {
  const { id, tenant_id: tenantId } = row
  const now = house.clock.now()
  const [last, hasChanged] = await house.catalog.as(within(tenantId), async (tx) => {
    const sample = await newestSample(tx, id)
    return [sample, sample !== undefined && (await hasChangedSince(tx, id, sample.at))] as const
  })
  await using lent = await openRepositoryOf(house, row, house.stopping)
  const free_bytes = (await lent.repository.storage.freeBytes(house.stopping)) ?? null
  const isSame = last !== undefined && !hasChanged && dayOf(last.at).getTime() === dayOf(now).getTime()
  const seen = isSame ? last : await countedNow(house, lent.repository)
  return await house.catalog.as(within(tenantId), async (tx) => {
    const { stored_bytes, plain_bytes, packed_bytes, read_bytes_per_second } = seen
    const sample = { stored_bytes, plain_bytes, packed_bytes, read_bytes_per_second, free_bytes }
    await keepSample(tx, { repository_id: id, tenant_id: tenantId, day: dayOf(now), at: now, ...sample })
    const [view] = await spaceViews(tx, [row], now)
    await tellOfSpace(house, tx, view!)
    return view!
  })
}

function dayOf(at: Date): Date {
  return new Date(Math.floor(at.getTime() / durations.day) * durations.day)
}

async function countedNow(house: House, repository: Repository) {
  const { storedBytes, plainBytes, packedBytes } = await repositoryStatistics(repository, house.stopping)
  return {
    stored_bytes: storedBytes,
    plain_bytes: plainBytes,
    packed_bytes: packedBytes,
    read_bytes_per_second: await readSpeed(house, repository),
  }
}

/** Of one pack, as far as that tells: what the machine still remembers of it is fast. Null without one. */
async function readSpeed({ clock, stopping }: House, { storage }: Repository): Promise<number | null> {
  for await (const { name, sizeBytes } of storage.list('data', stopping)) {
    const beganMs = clock.monotonicMs()
    const bytes = await storage.get(name, { offset: 0, length: Math.min(sizeBytes, probeBytesMax) }, stopping)
    const tookMs = clock.monotonicMs() - beganMs
    return tookMs > 0 ? (bytes.length / tookMs) * durations.second : null
  }
  return null
}

async function tellOfSpace(house: House, tx: Tx, { id, name, tenantId, state, fact }: SpaceView): Promise<void> {
  const about = { kind: 'space-low', concerns: id } as const
  if (state !== 'low') return await settleAlert(house, tx, { ...about, because: `repository ${name} has room again` })
  await raiseAlert(house, tx, {
    ...about,
    tenantId,
    subject: { kind: 'repository', id, name },
    fact: `repository ${name}: ${fact}`,
    hint: 'Enlarge the storage, shorten the retention, or give systems another repository, before a backup does not fit.',
  })
}

export async function spaceViews(tx: Tx, rows: readonly StoredRepository[], now: Date): Promise<SpaceView[]> {
  const ids = rows.map(({ id }) => id)
  const samples = await samplesOf(tx, ids, new Date(now.getTime() - daysFitted * durations.day))
  const uses = await usesOfSpace(tx, ids)
  const copies = await catalogCopiesIn(tx, ids)
  return rows.map((row) => {
    const own = samples.filter((sample) => sample.repository_id === row.id)
    const catalogCopyAt = copies.find((copy) => copy.repository_id === row.id)?.at.toISOString() ?? null
    return { ...viewOf(row, own, uses.get(row.id) ?? { logicalBytes: 0, largestBytes: 0 }), catalogCopyAt }
  })
}

function viewOf(
  row: StoredRepository,
  samples: readonly SpaceSample[],
  { logicalBytes, largestBytes }: { readonly logicalBytes: number; readonly largestBytes: number },
): Omit<SpaceView, 'catalogCopyAt'> {
  const last = samples.at(-1)
  const { freeBytes, freeBy } = freeOf(row, last)
  const { growth, ...told } = forecast(
    samples.map(({ at, stored_bytes: storedBytes }) => ({ at, storedBytes })),
    freeBytes,
  )
  const low = last && lowOf({ freeBytes, storedBytes: last.stored_bytes }, { largestNeedBytes: largestBytes, forecast: told })
  return {
    id: row.id,
    tenantId: row.tenant_id,
    name: row.name,
    place: row.place,
    at: last?.at.toISOString() ?? null,
    storedBytes: last?.stored_bytes ?? null,
    logicalBytes,
    savedByDedupBytes: last ? Math.max(0, logicalBytes - last.plain_bytes) : null,
    savedByCompressionBytes: last ? Math.max(0, last.plain_bytes - last.packed_bytes) : null,
    freeBytes,
    freeBy,
    quotaBytes: row.quota_bytes,
    largestBackupBytes: largestBytes,
    growthBytesPerDay: growth?.bytesPerDay ?? null,
    forecast: told,
    readBytesPerSecond: last?.read_bytes_per_second ?? null,
    state: low !== undefined ? 'low' : freeBytes === null ? 'unknown' : 'ok',
    fact: low ?? null,
  }
}

/** Whichever is less: what the storage has, or what the quota leaves. */
function freeOf(
  { quota_bytes: quotaBytes }: Pick<StoredRepository, 'quota_bytes'>,
  seen: { readonly stored_bytes: number; readonly free_bytes: number | null } | undefined,
): Pick<SpaceView, 'freeBytes' | 'freeBy'> {
  const byStorage = seen?.free_bytes ?? null
  if (quotaBytes === null || !seen) return { freeBytes: byStorage, freeBy: byStorage === null ? null : 'storage' }
  const byQuota = Math.max(0, quotaBytes - seen.stored_bytes)
  return byStorage !== null && byStorage < byQuota ? { freeBytes: byStorage, freeBy: 'storage' } : { freeBytes: byQuota, freeBy: 'quota' }
}

export interface WantedRoom {
  readonly tenantId: string
  readonly systemId: string
  readonly type: BackupType
  readonly repository: StoredRepository
}

/** BACKUP_SPACE, before a byte is written, when the backup cannot fit; what nobody knows refuses nothing. */
export async function assertRoom(house: House, wanted: WantedRoom): Promise<void> {
  const { tenantId, systemId, type, repository: row } = wanted
  const free_bytes = (await known(() => openStorage(row.place, house.clock, house.random).freeBytes(house.stopping))) ?? null
  const [basis, stored, last] = await house.catalog.as(
    within(tenantId),
    async (tx) =>
      [
        await estimateBasis(house, tx, { systemId, type }),
        await storedBefore(tx, { systemId, type, repositoryId: row.id }),
        await newestSample(tx, row.id),
      ] as const,
  )
  const room = { ...freeOf(row, { free_bytes, stored_bytes: last?.stored_bytes ?? 0 }), storedBytes: last?.stored_bytes ?? 0 }
  const sizes = await sizesNow(house, basis)
  const neededBytes = needOf({
    laterStoredBytes: stored.later,
    firstStoredBytes: stored.first,
    ...sizes,
    packedShare: last && last.plain_bytes > 0 ? last.packed_bytes / last.plain_bytes : null,
  })
  const shortfall = shortfallOf(room, neededBytes)
  const about = { kind: 'space-out', concerns: systemId } as const
  await house.catalog.as(within(tenantId), async (tx) => {
    if (shortfall === undefined)
      return await settleAlert(house, tx, { ...about, because: `there is room for a backup in repository ${row.name} again` })
    await raiseAlert(house, tx, {
      ...about,
      tenantId,
      systemId,
      subject: { kind: 'repository', id: row.id, name: row.name },
      fact: `a ${type} backup was refused: ${shortfall} in repository ${row.name}`,
      hint: 'Free space on the storage, shorten the retention, or give the system another repository; then make the backup again.',
    })
  })
  if (shortfall !== undefined)
    throw new Fault('BACKUP_SPACE', `${shortfall} in repository ${row.name}`, { freeBytes: room.freeBytes, neededBytes })
}

/** What the sources hold now, and by how much that is more than at the last backup. What cannot be asked adds nothing. */
async function sizesNow(
  house: House,
  { databases, roots, summaries }: EstimateBasis,
): Promise<{ grownBytes: number; logicalBytes: number | null }> {
  const [databasesBefore, rootsBefore] = [summaries.flatMap((one) => one.databases), summaries.flatMap((one) => one.roots)]
  const ofDatabases = databases.map(async ({ name, target, password }) => ({
    bytes: await known(() => databaseSize(target, password, house.stopping)),
    beforeBytes: databasesBefore.find((one) => one.name === name)?.sizeBytes,
  }))
  const ofRoots = roots.map(async ({ name, path }) => ({
    bytes: await known(async () => (await countTree(path, { clock: house.clock, signal: house.stopping }))?.bytes),
    beforeBytes: rootsBefore.find((one) => one.name === name)?.bytes,
  }))
  const now = await Promise.all([...ofDatabases, ...ofRoots])
  const grown = now.map(({ bytes, beforeBytes }) =>
    bytes === undefined || beforeBytes === undefined ? 0 : Math.max(0, bytes - beforeBytes),
  )
  const isKnown = now.every(({ bytes }) => bytes !== undefined)
  return {
    grownBytes: grown.reduce((sum, bytes) => sum + bytes, 0),
    logicalBytes: isKnown ? now.reduce((sum, { bytes }) => sum + bytes!, 0) : null,
  }
}

/** Why it cannot be asked is the backup's own to say, in a moment. */
async function known(ask: () => Promise<number | undefined>): Promise<number | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (isFault(error) || (error as { code?: unknown } | null)?.code !== undefined) return undefined
    throw error
  }
}
