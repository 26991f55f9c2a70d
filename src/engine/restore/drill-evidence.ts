import { allAssertions } from '#engine/sources/postgres/ready-assertions.ts'
import type { SystemSettings } from '#base/settings.ts'
import type { OpenedBackup } from '#engine/backup/backups.ts'
import type { DrillLog } from './drill-log.ts'
import type { AssertionReport, DatabaseReport, DrillReport, RootReport } from './drill-report.ts'

/** The parts of a drill's report, from what its log saw. What it did not see is said to be not verified. */
export function reportDatabases(log: DrillLog, opened: OpenedBackup | undefined): DatabaseReport[] {
  return (opened?.manifest.databases ?? []).map((section) => {
    const seen = log.databases.get(section.name)
    return {
      name: section.name,
      instant: section.instant,
      serverVersion: section.serverVersion.text,
      isVerified: seen !== undefined,
      tables: section.tables.map(({ schema, table, hash }) => ({ schema, table, rows: hash.rows, hash: hash.sum })),
      rows: section.rows,
      compared: seen
        ? {
            hashes: seen.hashes,
            objects: seen.objects,
            sequences: seen.sequences,
            constraints: seen.constraints,
            indexes: seen.indexes,
            extensionTables: seen.extensionTables,
            materializedViews: seen.materializedViews.compared,
            largeObjects: seen.largeObjects.count,
            largeObjectBytes: seen.largeObjects.bytes,
          }
        : null,
      notes: [
        ...(seen?.notes ?? []),
        ...(seen?.materializedViews.refreshed ?? []).map((view) => `materialized view ${view} is newer than it was in the original`),
      ],
    }
  })
}

export function reportRoots(log: DrillLog, opened: OpenedBackup | undefined): RootReport[] {
  return (opened?.manifest.roots ?? []).map((section) => {
    const seen = log.roots.get(section.name)
    const { files, directories, specials, bytes } = seen?.report ?? section
    const counted = { files, directories, specials, bytes }
    return {
      name: section.name,
      instant: section.instant,
      isVerified: seen !== undefined,
      ...counted,
      notRestored: [...(seen?.notRestored ?? [])],
    }
  })
}

export function reportAssertions(log: DrillLog, settings: SystemSettings, opened: OpenedBackup | undefined): AssertionReport[] {
  const hasDatabase = (opened?.manifest.databases.length ?? 0) > 0
  const asked = allAssertions(settings)
  const reported = asked.map(({ name, database, expect }): AssertionReport => {
    const seen = log.assertions.find((result) => result.name === name && (database === undefined || result.database === database))
    if (seen) return { ...seen }
    const fact = opened?.manifest.selection
      ? 'it is asserted of the whole system, and the backup holds a selection'
      : hasDatabase
        ? 'the drill ended before it'
        : 'the backup has no database'
    return { name, database: database ?? null, expect, outcome: 'skipped', found: null, fact }
  })
  // What the restored database told of its sequences.
  const found = log.assertions.filter(({ name }) => !asked.some((one) => one.name === name))
  return [...reported, ...found.map((one) => ({ ...one }))]
}

export function reportExactness(opened: OpenedBackup | undefined): DrillReport['exactness'] {
  const sections = [...(opened?.manifest.databases ?? []), ...(opened?.manifest.roots ?? [])]
  return sections.flatMap(({ name, exactness }) => exactness.map(({ what, why }) => ({ source: name, what, why })))
}
