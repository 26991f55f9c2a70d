import type { Connection } from '#engine/sources/postgres/connection.ts'
import type { MaskCatalog, MaskableColumn } from '#engine/sources/postgres/mask-catalog.ts'
import { sampleColumns } from '#engine/sources/postgres/sample-columns.ts'
import { keyOf, printPlace, type ColumnPlace } from './column-links.ts'
import { identifiers, wordsOfName, type IdentifierKind } from './identifiers.ts'
import { hasDates, textFormOf } from './mask-forms.ts'

/** A column that looks like an identifier, and why. No value is among it. */
export interface Finding extends ColumnPlace {
  readonly kind: IdentifierKind
  /** Of 45 CFR 164.514(b)(2)(i). */
  readonly paragraph: string
  readonly because: readonly string[]
}

export interface Scan {
  readonly findings: readonly Finding[]
  /** Columns whose values nobody looked into, and why. */
  readonly unread: readonly (ColumnPlace & { readonly why: string })[]
}

/** What of the sampled values must fit for the column to be told by them. */
const shareMin = 0.5
/** Average length from which text is taken for sentences rather than codes. */
const freeTextCharactersMin = 40

/** Looks at the names and types of all columns, and at some rows of each table. Reads alone. */
export async function scanDatabase(connection: Connection, catalog: MaskCatalog): Promise<Scan> {
  const findings: Finding[] = []
  const seen: Seen[] = []
  const unread: (ColumnPlace & { why: string })[] = []
  for (const table of catalog.tables) {
    const columns = table.columns.filter(({ isGenerated }) => !isGenerated)
    const read = columns.filter(isRead)
    const samples = await sampleColumns(
      connection,
      table,
      read.map(({ name }) => name),
    )
    for (const column of columns) {
      const values = samples.get(column.name)
      seen.push({ table, column, values: values ?? [] })
      const found = judge(column, values ?? [])
      if (found) findings.push({ table, column, ...found })
      if (!values && !isPlain(column)) unread.push({ table, column, why: `values of ${column.type} are not looked into` })
      else if (values?.length === 0) unread.push({ table, column, why: 'no value was found to look at' })
    }
  }
  return { findings: [...findings, ...carriers(seen, findings)], unread }
}

interface Seen extends ColumnPlace {
  readonly values: readonly string[]
}

/** Kinds of which one value is one person's, so that it tells wherever it turns up, such as in the name of a file. */
const telling: readonly IdentifierKind[] = ['record numbers', 'social security', 'e-mail', 'telephone']
const tellingLengthMin = 6
const tellingValuesMax = 500

/** Columns that look like nothing, and hold values of those that were found. */
function carriers(seen: readonly Seen[], findings: readonly Finding[]): Finding[] {
  const found = new Set(findings.map(keyOf))
  const known = new Map<string, string>()
  for (const finding of findings.filter(({ kind }) => telling.includes(kind)))
    for (const value of seen.find((one) => keyOf(one) === keyOf(finding))!.values)
      if (value.length >= tellingLengthMin && known.size < tellingValuesMax) known.set(value, printPlace(finding))
  return seen.flatMap(({ table, column, values }) => {
    if (found.has(keyOf({ table, column }))) return []
    const carried = values.flatMap((value) => [...known].find(([one]) => value.includes(one))?.[1] ?? [])
    if (carried.length === 0) return []
    const because = [`${carried.length} of ${values.length} sampled values hold a value of ${[...new Set(carried)].join(', ')}`]
    return [{ table, column, kind: 'other codes', paragraph: 'R', because }]
  })
}

type Judged = Pick<Finding, 'kind' | 'paragraph' | 'because'>

/** The first kind that the name tells, else the one that the values tell; dates by their type. */
function judge(column: MaskableColumn, values: readonly string[]): Judged | undefined {
  const words = wordsOfName(column.name)
  const isText = textFormOf(column) !== undefined
  const byName = identifiers.find(({ kind, name }) => name?.test(words) && isOfKind(column, kind))
  const byValue = isRead(column) ? tellingValues(column, values) : undefined
  const because = byName ? [`its name is one for ${byName.kind}`] : []
  if (byValue && (!byName || byName.kind === byValue.kind || byName.kind === 'free text'))
    return { kind: isText || !byName ? byValue.kind : byName.kind, paragraph: byValue.paragraph, because: [...because, ...byValue.because] }
  if (byName) return { kind: byName.kind, paragraph: byName.paragraph, because }
  if (hasDates(column)) return { kind: 'dates', paragraph: 'C', because: [`${column.type} tells more than a year`] }
  const length = values.reduce((sum, value) => sum + value.length, 0) / values.length
  if (isText && length >= freeTextCharactersMin && values.some((value) => /\s\S+\s/.test(value)))
    return { kind: 'free text', paragraph: 'A-R', because: [`${Math.round(length)} characters on average, with words among them`] }
  return undefined
}

function tellingValues(column: MaskableColumn, values: readonly string[]): Judged | undefined {
  for (const { kind, paragraph, value, within } of identifiers) {
    if (!isOfKind(column, kind)) continue
    const whole = value ? values.filter((one) => value.test(one)).length : 0
    if (whole > 0 && whole >= values.length * shareMin)
      return { kind, paragraph, because: [`${whole} of ${values.length} sampled values have the form of ${kind}`] }
    const partly = within ? values.filter((one) => within.test(one)).length : 0
    const where = isDocument(column) ? 'a document' : 'a text'
    if (partly > 0)
      return { kind: 'free text', paragraph, because: [`${partly} of ${values.length} sampled values are ${where} with ${kind} in it`] }
  }
  return isDocument(column) ? tellingKeys(values) : undefined
}

/** Names within documents, at any depth, are judged as names of columns are. */
function tellingKeys(values: readonly string[]): Judged | undefined {
  const keys = new Set(values.flatMap((value) => [...value.matchAll(/"([^"\\]{1,60})"\s*:/g)].map(([, key]) => wordsOfName(key!))))
  const telling = [...keys].flatMap((key) => identifiers.filter(({ name }) => name?.test(key)).map(({ kind }) => `${key} (${kind})`))
  if (telling.length === 0) return undefined
  return { kind: 'free text', paragraph: 'A-R', because: [`keys within it: ${[...new Set(telling)].slice(0, 5).join(', ')}`] }
}

/** Numbers are no names and pictures no dates: what a type cannot hold is not looked for in it. */
function isOfKind(column: MaskableColumn, kind: IdentifierKind): boolean {
  if (kind === 'dates') return hasDates(column) || textFormOf(column) !== undefined
  if (kind === 'biometrics' || kind === 'pictures')
    return column.base === 'bytea' || column.base === 'oid' || textFormOf(column) !== undefined
  if (hasDates(column) || column.isEnum || column.base === 'bool') return false
  if (isNumber(column))
    return ['record numbers', 'social security', 'telephone', 'accounts and policies', 'other codes', 'devices'].includes(kind)
  return column.base !== 'bytea' && column.base !== 'oid'
}

function isNumber({ base }: MaskableColumn): boolean {
  return ['int2', 'int4', 'int8', 'numeric', 'float4', 'float8'].includes(base)
}

function isDocument({ base }: MaskableColumn): boolean {
  return ['json', 'jsonb', 'xml', '_text', '_varchar', 'hstore'].includes(base)
}

function isRead(column: MaskableColumn): boolean {
  return textFormOf(column) !== undefined || isDocument(column) || ['inet', 'cidr', 'macaddr'].includes(column.base)
}

/** What tells nothing beyond its name and type. */
function isPlain(column: MaskableColumn): boolean {
  return (
    isNumber(column) ||
    hasDates(column) ||
    column.isEnum ||
    ['bool', 'uuid', 'time', 'timetz', 'interval', 'int4range', 'numrange', '_time'].includes(column.base)
  )
}
