import type { SystemSettings } from '#base/settings.ts'
import type { OpenedBackup } from '#engine/backup/backups.ts'
import type { DrillPlace } from './drill-place.ts'
import type { RestoreOrder } from './order.ts'

/** Everything the backup has, under names that nobody else uses. Roles that it names are created without login. */
export function orderWithin(place: DrillPlace, opened: OpenedBackup, settings: SystemSettings): RestoreOrder {
  const { databases, roots } = opened.manifest
  return {
    opened,
    // Nothing live is stopped or paused, and nothing is swapped.
    settings: { ...settings, hooks: {}, containerisedRoots: [], fileReferences: [] },
    databases: databases.map((section, at) => ({
      section,
      target: place.target(at + 1),
      roles: section.roles.map((role) => ({ kind: 'create', role })),
      tables: null,
      freeBytes: null,
    })),
    roots: roots.map((section) => ({ section, path: place.root(section.name) })),
    lossRowsMax: null,
  }
}
