import { isFault } from '#base/fault.ts'
import { columnMaskSchema, masksSchema, type ColumnMask } from '#base/settings.ts'
import type { MaskCatalog, MaskableTable } from '#engine/sources/postgres/mask-catalog.ts'
import { wordsOfName } from './identifiers.ts'
import { textFormOf } from './mask-forms.ts'
import { planMasks, type AskedDatabase } from './mask-plan.ts'
import type { Finding } from './scan.ts'

/** What to write into the settings for a finding; without a rule, why none fits. */
export interface Proposal {
  readonly finding: Finding
  readonly rule: ColumnMask | undefined
  /** Of the masks that were tried. */
  readonly refused: string | undefined
}

/** For each finding the first mask that its column may have, as the plan of the masks itself judges. */
export async function proposeMasks(catalog: MaskCatalog, findings: readonly Finding[], database: AskedDatabase): Promise<Proposal[]> {
  const proposals: Proposal[] = []
  for (const finding of findings) {
    let refused: string | undefined
    let fitting: ColumnMask | undefined
    for (const rule of candidatesFor(finding, catalog)) {
      try {
        await planMasks(catalog, { masks: masksSchema.parse({ columns: [rule] }) }, database)
        fitting = rule
        break
      } catch (error) {
        if (!isFault(error, 'MASK_REFUSED')) throw error
        refused ??= error.message
      }
    }
    proposals.push({ finding, rule: fitting, refused: fitting ? undefined : whyNone(finding, refused) })
  }
  return proposals
}

function whyNone({ kind, column }: Finding, refused: string | undefined): string | undefined {
  if (kind !== 'dates') return refused
  return `no foreign keys lead from its table to a subject to shift ${column.name} by; where it is of nobody, it may stay`
}

function candidatesFor(finding: Finding, catalog: MaskCatalog): ColumnMask[] {
  const { table, column } = finding
  const rule = (mask: object) => columnMaskSchema.parse({ schema: table.schema, table: table.name, column: column.name, ...mask })
  const subject = finding.kind === 'dates' ? subjectOf(table, catalog) : undefined
  return [...masksFor(finding), ...(subject ? [{ mask: 'shift', subject }] : []), { mask: 'text' }, { mask: 'exclude' }].map(rule)
}

function masksFor({ kind, column }: Finding): object[] {
  const hash = [{ mask: 'hash' }, { mask: 'hash', keepsFormat: true }]
  const words = wordsOfName(column.name)
  switch (kind) {
    case 'names':
      return [
        {
          mask: 'name',
          part: /given|first|fore|middle|nick/.test(words) ? 'given' : /family|last|sur|maiden|birth/.test(words) ? 'family' : 'full',
        },
        ...hash,
      ]
    case 'e-mail':
      return [{ mask: 'email' }, ...hash]
    case 'telephone':
      return [{ mask: 'phone' }, ...hash.toReversed()]
    case 'places':
      return /zip|post/.test(words) ? hash.toReversed() : [{ mask: 'address' }, ...hash.toReversed()]
    case 'dates':
      return textFormOf(column) ? [{ mask: 'text' }] : []
    case 'free text':
    case 'biometrics':
    case 'pictures':
      return [{ mask: 'text' }, ...hash]
    case 'record numbers':
    case 'social security':
      return hash.toReversed()
    default:
      return hash
  }
}

const subjectTable = /^(patient|subject|participant|person|member|customer)s?$/i

/** The shortest way of single-column foreign keys from a table to the one whose rows are people. */
function subjectOf(from: MaskableTable, { tables, references }: MaskCatalog): string[] | undefined {
  const waiting: { table: MaskableTable; path: string[] }[] = [{ table: from, path: [] }]
  const seen = new Set<number>()
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { table, path } = next
    if (seen.has(table.oid) || path.length > 4) continue
    seen.add(table.oid)
    const own = references.filter(({ child, columns, parent }) => child === table.oid && parent !== table.oid && columns.length === 1)
    // The column that refers to a subject holds its key already: no step further is needed.
    const direct = own.find(({ parent }) => subjectTable.test(tables.find(({ oid }) => oid === parent)?.name ?? ''))
    if (direct) return [...path, direct.columns[0]!]
    const key = subjectTable.test(table.name)
      ? references.find(({ parent, parentColumns }) => parent === table.oid && parentColumns.length === 1)
      : undefined
    if (key) return [...path, key.parentColumns[0]!]
    for (const { columns, parent } of own) {
      const above = tables.find(({ oid }) => oid === parent)
      if (above) waiting.push({ table: above, path: [...path, columns[0]!] })
    }
  }
  return undefined
}
