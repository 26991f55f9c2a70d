import type { CapturedCatalog } from './captured-catalog.ts'
import type { Connection } from './connection.ts'
import type { ListedTable } from './list-tables.ts'
import { canonicalText, constantText, readMaskCatalog } from './mask-catalog.ts'
import type { CaptureMasking } from './row-masks.ts'

/** The catalog as a masked capture goes by it: each table with what becomes of its rows. In the control session's snapshot. */
export async function maskedCatalog(
  control: Connection,
  catalog: CapturedCatalog,
  { name, masking }: { readonly name: string; readonly masking: CaptureMasking },
): Promise<CapturedCatalog> {
  const masks = await masking.decide(await readMaskCatalog(control), {
    name,
    encoding: catalog.properties.encoding,
    connection: control,
    constant: (expression) => constantText(control, expression),
    canonical: (type, value) => canonicalText(control, type, value),
  })
  const withMasks = (table: ListedTable): ListedTable => {
    const own = masks.of(table)
    if (own?.kind !== 'masked' || !own.through) return { ...table, masks: own }
    const { schema, table: root, columns } = own.through
    return { ...table, masks: own, columns, loadVia: { schema, table: root } }
  }
  return {
    ...catalog,
    tables: catalog.tables.map(withMasks),
    largeObjects: masks.keepsLargeObjects ? catalog.largeObjects : { count: 0, bytes: 0 },
    exactness: [...catalog.exactness, ...masks.exactness],
    isMasked: true,
  }
}
