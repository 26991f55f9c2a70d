import { Fault } from '#base/fault.ts'
import { Masking } from '#engine/masking/masking.ts'
import { keyMarkOf, printSanitization } from '#engine/masking/sanitization.ts'
import type { Manifest } from './manifest.ts'
import type { BackupOrder } from './order.ts'

/** What is captured when masks are asked for: no file root that the masks do not let pass, and no look for files that rows name. */
export function maskedOrder(order: BackupOrder): { readonly order: BackupOrder; readonly masking: Masking | undefined } {
  if (!order.masking) return { order, masking: undefined }
  const { masks, entities } = order.settings
  if (!masks) throw new Fault('MASK_SETTINGS', 'the settings have no masks, so nothing would be masked', { field: 'masks' })
  const unknown = masks.keptRoots.find((name) => !order.roots.some((root) => root.name === name))
  if (unknown !== undefined)
    throw new Fault('MASK_SETTINGS', `masks.keptRoots: there is no file root ${unknown}`, { field: 'masks.keptRoots' })
  return {
    order: {
      ...order,
      roots: order.roots.filter(({ name }) => masks.keptRoots.includes(name)),
      settings: { ...order.settings, fileReferences: [] },
    },
    masking: new Masking({ masks, entities }, order.masking.key),
  }
}

/** Once everything is captured. */
export function sanitizationOf(
  { masking: keyed, roots, settings }: BackupOrder,
  masking: Masking | undefined,
): Pick<Manifest, 'sanitization'> {
  if (!masking || !keyed || !settings.masks) return {}
  const { keptRoots, keepsLargeObjects } = settings.masks
  return {
    sanitization: {
      keyedBy: keyed.keyedBy,
      key: keyMarkOf(keyed.key),
      databases: [...masking.planned].map(([name, plan]) => printSanitization(name, plan)),
      keepsLargeObjects,
      rootsLeftOut: roots.map(({ name }) => name).filter((name) => !keptRoots.includes(name)),
      rootsKept: keptRoots,
    },
  }
}
