import { Fault } from '#base/fault.ts'
import { randomHex } from '#host/random.ts'
import type { Instruments } from '#engine/backup/order.ts'
import { storedSource } from '#engine/backup/stored-source.ts'
import type { MaskWishes } from '#engine/masking/mask-plan.ts'
import { planOfDatabase } from '#engine/masking/plan-of-database.ts'
import { keyMarkOf, printSanitization, type PlannedMasks } from '#engine/masking/sanitization.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { connect } from '#engine/sources/postgres/connection.ts'
import { inOneView } from '#engine/sources/postgres/reading-session.ts'
import { stageDefinitions } from '#engine/sources/postgres/stage.ts'
import { drillParent, makeDrillPlace } from './drill-place.ts'
import { databasesOf, type MaskedCopyOrder } from './masked-copy.ts'
import type { DatabaseOrder } from './order.ts'
import { orderWithin } from './order-within.ts'

/**
 * What a masked copy of a stored backup would mask. Asked of its tables and keys in a private PostgreSQL, without any row, which is
 * gone when it resolves or rejects. Faults of `maskedCopy`, before anything is stored.
 */
export async function planMasksOf(
  repository: Repository,
  { opened, settings, masking, place, stateDirectory }: Omit<MaskedCopyOrder, 'compressionLevel' | 'name'>,
  instruments: Instruments,
  signal: AbortSignal,
): Promise<PlannedMasks> {
  const { masks, entities } = settings
  if (!masks) throw new Fault('MASK_SETTINGS', 'the settings have no masks, so nothing would be masked', { field: 'masks' })
  const manifest = databasesOf(opened)
  await using private_ = await makeDrillPlace(
    { drill: instruments.random.uuid(), manifest, parent: await drillParent(place), stateDirectory },
    instruments,
  )
  const databases: PlannedMasks['databases'] = []
  await repository.reading(async () => {
    for (const { section, target, roles } of orderWithin(private_, opened, settings).databases) {
      const stageName = `integrum_stage_${randomHex(instruments.random, 12)}`
      const stored = await storedSource(repository, opened.backup, opened.folderOf('database', section.name), signal)
      const spoolIn = `${private_.directory}/spool`
      await stageDefinitions({ section, stored, target, stageName, roles, spoolIn, onCreated: async () => {} }, signal)
      databases.push(await plannedIn({ section, target: { ...target, database: stageName } }, { masks, entities }, signal))
    }
  }, signal)
  return {
    keyedBy: masking.keyedBy,
    key: keyMarkOf(masking.key),
    databases,
    keepsLargeObjects: masks.keepsLargeObjects,
    rootsKept: masks.keptRoots.filter((name) => manifest.roots.some((root) => root.name === name)),
  }
}

async function plannedIn(
  { section, target }: Pick<DatabaseOrder, 'section' | 'target'>,
  wishes: MaskWishes,
  signal: AbortSignal,
): Promise<PlannedMasks['databases'][number]> {
  await using connection = await connect(target, signal)
  return await inOneView(connection, async () => {
    const { plan } = await planOfDatabase(connection, wishes, section.name)
    return printSanitization(section.name, plan)
  })
}
