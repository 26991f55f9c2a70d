import type { SystemView } from '#contract/systems.ts'
import { counted } from '#ui/words.ts'

/** What the settings of a system say of masks, in one sentence. */
export function maskedWords(masks: SystemView['settings']['masks']): string {
  if (!masks) return 'No masks are set: a copy for research, tests or training would hold every name, so none can be made.'
  const { columns, excludedTables } = masks
  const left = excludedTables.length === 0 ? '' : `, rows of ${counted(excludedTables.length, 'table')} left out`
  return `${counted(columns.length, 'column')} of ${counted(tablesOf(columns), 'table')} masked${left}, and whatever refers to them.`
}

function tablesOf(columns: readonly { readonly database?: string | undefined; readonly schema: string; readonly table: string }[]): number {
  return new Set(columns.map(({ database, schema, table }) => JSON.stringify([database, schema, table]))).size
}
