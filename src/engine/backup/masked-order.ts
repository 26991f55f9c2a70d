import { Fault } from '#base/fault.ts'
import type { Masking } from '#engine/masking/masking.ts'
import { keyMarkOf, printSanitization, type Original } from '#engine/masking/sanitization.ts'
import type { DatabaseSection } from '#engine/sources/postgres/database-section.ts'
import type { Manifest } from './manifest.ts'
import type { BackupOrder } from './order.ts'

/** What is captured when masks are asked for: no file root that the masks do not let pass, and no look for files that rows name. */
export async function maskedOrder(order: BackupOrder): Promise<{ readonly order: BackupOrder; readonly masking: Masking | undefined }> {
  if (!order.masking) return { order, masking: undefined }
  const { masks, entities } = order.settings
  if (!masks) throw new Fault('MASK_SETTINGS', 'the settings have no masks, so nothing would be masked', { field: 'masks' })
  const unknown = masks.keptRoots.find((name) => !order.roots.some((root) => root.name === name))
  // A copy is of a backup, which need not have all of them.
  if (unknown !== undefined && !order.masking.copyOf)
    throw new Fault('MASK_SETTINGS', `masks.keptRoots: there is no file root ${unknown}`, { field: 'masks.keptRoots' })
  // Most backups do without.
  const { Masking: Masks } = await import('#engine/masking/masking.ts')
  return {
    order: {
      ...order,
      roots: order.roots.filter(({ name }) => masks.keptRoots.includes(name)),
      settings: { ...order.settings, fileReferences: [] },
    },
    masking: new Masks({ masks, entities }, order.masking.key),
  }
}

/** Once everything is captured. */
export function sanitizationOf(
  order: BackupOrder,
  masking: Masking | undefined,
  sections: readonly DatabaseSection[],
): Pick<Manifest, 'sanitization'> {
  const { masking: keyed, roots, settings } = order
  if (!masking || !keyed || !settings.masks) return {}
  const { keepsLargeObjects } = settings.masks
  const { key, keyedBy, copyOf } = keyed
  const keptRoots = settings.masks.keptRoots.filter((name) => roots.some((root) => root.name === name))
  return {
    sanitization: {
      keyedBy,
      key: keyMarkOf(key),
      ...(copyOf && { copyOf: { backup: copyOf.backup, startedAt: copyOf.startedAt } }),
      originals: copyOf ? [...copyOf.originals] : sections.map(originalOf),
      databases: [...masking.planned].map(([name, plan]) => printSanitization(name, plan)),
      keepsLargeObjects,
      rootsLeftOut: (copyOf?.roots ?? roots.map(({ name }) => name)).filter((name) => !keptRoots.includes(name)),
      rootsKept: keptRoots,
    },
  }
}

export function originalOf({ name, systemIdentifier, oid, source }: DatabaseSection): Original {
  return { name, systemIdentifier, oid, host: source.host, port: source.port, database: source.database }
}
