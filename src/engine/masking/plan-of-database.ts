import type { Connection } from '#engine/sources/postgres/connection.ts'
import { canonicalText, constantText, readMaskCatalog, type MaskCatalog } from '#engine/sources/postgres/mask-catalog.ts'
import { planMasks, type AskedDatabase, type MaskWishes } from './mask-plan.ts'
import type { MaskPlan } from './planned-mask.ts'

/** What the settings would mask in a database as it is now. Reads the catalog alone; `name` is what the system calls it. Faults of `planMasks`. */
export async function planOfDatabase(
  connection: Connection,
  wishes: MaskWishes,
  name: string,
): Promise<{ readonly plan: MaskPlan; readonly catalog: MaskCatalog }> {
  const catalog = await readMaskCatalog(connection)
  return { plan: await planMasks(catalog, wishes, askedOf(connection, name)), catalog }
}

/** What a plan asks of a database beside its catalog. */
export function askedOf(connection: Connection, name: string): AskedDatabase {
  return {
    name,
    constant: (expression) => constantText(connection, expression),
    canonical: (type, value) => canonicalText(connection, type, value),
  }
}
