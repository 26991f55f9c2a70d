import { Fault } from '#base/fault.ts'
import { randomHex, type Random } from '#host/random.ts'
import type { OpenedBackup } from '#engine/backup/backups.ts'
import type { Instruments } from '#engine/backup/order.ts'
import { storedSource } from '#engine/backup/stored-source.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { assertAssigned } from './assert-all.ts'
import { assertElsewhere, assertNotInPlace, isMaskedOrder, originalsOf } from './not-in-place.ts'
import { assertSpace, mergeSpace, type Findings } from './findings.ts'
import type { RestoreOrder } from './order.ts'
import { planDatabase } from './plan-database.ts'
import { planDigest, type PlannedDatabase, type PlannedRoot, type RestorePlan } from './plan.ts'
import { planRootRestore } from './plan-root.ts'

export interface PlanInstruments extends Pick<Instruments, 'clock' | 'random'> {
  readonly earlier?: RestorePlan | undefined
  /** As slow as reading the databases; without it the planner's estimates are told. */
  readonly countsRows?: boolean | undefined
}

/**
 * Reads the backup, the targets and the space, and says what would happen: added, changed, removed, lost. Nothing is
 * changed to learn it. Made again from an `earlier` plan it has the same digest
 * while the targets are the same.
 */
export async function makePlan(
  repository: Repository,
  order: RestoreOrder,
  { clock, random, earlier, countsRows = !earlier }: PlanInstruments,
  signal: AbortSignal,
): Promise<RestorePlan> {
  const { backup, manifest, checksum } = order.opened
  const settings = settingsFor(order)
  if (order.databases.length + order.roots.length === 0) throw new Fault('USAGE', 'the plan would restore nothing')
  assertAssigned(settings, manifest)
  assertNotInPlace(order)
  const originals = isMaskedOrder(order) ? originalsOf(manifest) : []
  const databases: Findings<PlannedDatabase>[] = []
  for (const database of order.databases) {
    databases.push(
      await planDatabase(
        database,
        { names: namesBefore(earlier, database.section.name) ?? newNames(random), countsRows, originals },
        signal,
      ),
    )
  }
  const roots: Findings<PlannedRoot>[] = []
  for (const { section, path } of order.roots) {
    const hex = hexBefore(earlier, section.name) ?? randomHex(random, 12)
    const stored = await storedSource(repository, backup, order.opened.folderOf('files', section.name), signal)
    const effect = earlier?.roots.find(({ name }) => name === section.name)?.effect
    roots.push(await planRootRestore({ section, path, hex, stored, settings, effect }, signal))
  }
  assertElsewhere(
    order.opened,
    [...databases, ...roots].map(({ planned }) => planned),
  )
  const plan = {
    format: 1 as const,
    restore: earlier?.restore ?? order.id ?? random.uuid(),
    createdAt: clock.now().toISOString(),
    system: manifest.system,
    backup: backup.id,
    snapshot: backup.snapshot.id,
    backupName: manifest.name,
    backupAt: manifest.startedAt,
    repositoryId: repository.id,
    manifestChecksum: checksum,
    settings,
    ...(order.masks && { masks: order.masks }),
    databases: databases.map(({ planned }) => planned),
    roots: roots.map(({ planned }) => planned),
    space: mergeSpace([...databases, ...roots].flatMap(({ space }) => space)),
    loss: [...databases, ...roots].flatMap(({ loss }) => loss),
    lossRowsMax: order.lossRowsMax,
    warnings: [
      ...gapWarnings(order.opened),
      ...(settings === order.settings ? [] : ['it holds a selection: what the settings assert of the whole system is not asked']),
      ...databases.flatMap(({ warnings }) => warnings),
      ...roots.flatMap(({ warnings }) => warnings),
    ],
  }
  assertSpace(plan.space)
  return { ...plan, digest: planDigest(plan) }
}

/** What is asserted of a whole system does not hold for some records of it. */
function settingsFor({ opened: { manifest }, settings }: RestoreOrder): RestoreOrder['settings'] {
  const { readyAssertions = [], assertions } = settings
  if (!manifest.selection || assertions.length + readyAssertions.length === 0) return settings
  return { ...settings, assertions: [], ...(settings.readyAssertions && { readyAssertions: [] }) }
}

function namesBefore(earlier: RestorePlan | undefined, database: string) {
  return earlier?.databases.find(({ name }) => name === database)?.record
}

/** SAFETY rule 1: never derived from the live name, which would be cut to 63 bytes. */
function newNames(random: Random) {
  const hex = randomHex(random, 12)
  return { stageName: `integrum_stage_${hex}`, keptName: `integrum_kept_${hex}` }
}

function hexBefore(earlier: RestorePlan | undefined, root: string): string | undefined {
  const record = earlier?.roots.find(({ name }) => name === root)?.record
  return record && /\.integrum-([0-9a-f]{12})-stage$/.exec(record.stagePath)?.[1]
}

function gapWarnings({ manifest }: OpenedBackup): string[] {
  if (manifest.gaps.count === 0) return []
  return [
    `the backup was completed with ${manifest.gaps.count} gaps`,
    ...manifest.gaps.first.slice(0, 100).map(({ source, kind, what, detail }) => `${source}: ${kind}: ${what}: ${detail}`),
  ]
}
