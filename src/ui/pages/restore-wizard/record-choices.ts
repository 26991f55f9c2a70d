import type { ChangedRow, RecordChoices, RecordPlan, RecordPolicy, RowChoice, RowValue } from '#contract/records.ts'
import { counted } from '#ui/words.ts'

export type PlannedTable = RecordPlan['tables'][number]
export type TableName = Pick<PlannedTable, 'schema' | 'table'>
export type TableChoice = RecordPolicy['tables'][number]
export type Take = RowChoice['take']
/** Everything that a choice for one table may say. */
export type TableFields = Omit<TableChoice, 'schema' | 'table'>

const isOf =
  ({ schema, table }: TableName) =>
  (one: TableName) =>
    one.schema === schema && one.table === table

export function printName({ schema, table }: TableName): string {
  return `${schema}.${table}`
}

export function tableChoice({ tables }: Pick<RecordPolicy, 'tables'>, name: TableName): TableFields {
  return tables.find(isOf(name)) ?? {}
}

/** The same choices with another one for a table; a field that is undefined goes back to what holds for all. */
export function withTable(choices: RecordChoices, { schema, table }: TableName, part: Partial<TableFields>): RecordChoices {
  const merged = { ...tableChoice(choices, { schema, table }), ...part, schema, table }
  const said = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined)) as TableChoice
  const others = choices.tables.filter((one) => !isOf({ schema, table })(one))
  return { ...choices, tables: Object.keys(said).length === 2 ? others : [...others, said] }
}

const isRow = (name: TableName, key: readonly string[]) => (one: RowChoice) =>
  isOf(name)(one) && one.key.length === key.length && one.key.every((part, at) => part === key[at])

export function rowChoice({ rows }: Pick<RecordChoices, 'rows'>, name: TableName, key: readonly string[]): Take | undefined {
  return rows.find(isRow(name, key))?.take
}

/** Undefined: what holds for the table holds for this row again. */
export function withRow(choices: RecordChoices, { schema, table, key }: Omit<RowChoice, 'take'>, take: Take | undefined): RecordChoices {
  const others = choices.rows.filter((one) => !isRow({ schema, table }, key)(one))
  return { ...choices, rows: take === undefined ? others : [...others, { schema, table, key, take }] }
}

/** The key by which a row is chosen; undefined when a part of it is too long to be shown, or is none. */
export function keyOfRow(key: readonly RowValue[]): string[] | undefined {
  const parts = key.filter((part) => typeof part === 'string')
  return parts.length === key.length && parts.length > 0 ? parts : undefined
}

/** Whatever the order in which they were made. */
export function isSameChoice(one: RecordChoices, other: RecordChoices): boolean {
  return JSON.stringify(inOrder(one)) === JSON.stringify(inOrder(other))
}

function inOrder({ asCopy, changed, added, conflicts, parents, triggers, tables, rows, copyValues }: RecordChoices) {
  const values = copyValues.map(({ schema, table, column, suffix }) => JSON.stringify([schema, table, column, suffix])).toSorted()
  return [
    [asCopy, changed, added, conflicts, parents, triggers, ...values],
    tables
      .map(({ schema, table, ...one }) => JSON.stringify([schema, table, one.changed, one.added, one.conflicts, one.parents]))
      .toSorted(),
    rows.map(({ schema, table, key, take }) => JSON.stringify([schema, table, key, take])).toSorted(),
  ]
}

export type SidedTable = Pick<PlannedTable, 'differ'>

/** What a choice for this table can be about: rows of that kind were found in it. */
export function asksOf({ differ }: SidedTable) {
  return {
    changed: differ.changed > 0,
    added: differ.added > 0,
    conflicts: differ.elsewhere + differ.movedHere > 0,
    parents: differ.parentMissing > 0,
  }
}

export function hasAsk(table: SidedTable): boolean {
  return Object.values(asksOf(table)).some(Boolean)
}

export type CopyColumn = TableName & { readonly column: string }

const isColumn = (of: CopyColumn) => (one: CopyColumn) => isOf(of)(one) && one.column === of.column

/** What stands behind the values of a column in copies; empty while nothing does. */
export function copySuffix({ copyValues }: Pick<RecordPolicy, 'copyValues'>, of: CopyColumn): string {
  return copyValues.find(isColumn(of))?.suffix ?? ''
}

export function withCopySuffix(choices: RecordChoices, of: CopyColumn, suffix: string): RecordChoices {
  const { schema, table, column } = of
  const others = choices.copyValues.filter((one) => !isColumn(of)(one))
  return { ...choices, copyValues: suffix === '' ? others : [...others, { schema, table, column, suffix }] }
}

/** Whether the backup's row may come beside the live one: where there is one, and it differs or is somebody else's by now. */
export function mayBeCopied({ action, class: found }: ShownRow): boolean {
  return (found ?? action) === 'update' || found === 'elsewhere'
}

type ShownRow = Pick<ChangedRow, 'action' | 'class'>

/** What either side of a row is, in words: of a row that is written by what would be done, of another by what was found. */
export function rowWords({ action, class: found }: ShownRow): { readonly backup: string; readonly live: string; readonly fact?: string } {
  switch (found ?? action) {
    case 'insert':
    case 'copy':
      return { backup: 'Comes back', live: 'Left out' }
    case 'delete':
      return { backup: 'Taken away', live: 'Kept' }
    case 'elsewhere':
      return {
        backup: 'Back to this record; whoever has it now loses it',
        live: 'Left with whom it belongs to; this record comes back without it',
        fact: 'In the backup it belonged to this record. By now it belongs to another one.',
      }
    case 'moved-here':
      return {
        backup: 'Back to whom it belonged to, as in the backup',
        live: 'Left with this record, as it is',
        fact: 'By now it belongs to this record. In the backup it belonged to another one.',
      }
    case 'parent-missing':
      return {
        backup: 'Comes back as well, as in the backup',
        live: 'Stays gone; rows that name it have to be left out too, or nothing is written',
        fact: 'Rows of this record name it, so it has to exist. It is gone.',
      }
    default:
      return { backup: 'As in the backup', live: 'As it is' }
  }
}

/** Which side a row takes in the comparison as it is; undefined while nobody has chosen. */
export function takenSide({ action }: ShownRow): Take | undefined {
  return action === 'open' ? undefined : action === 'keep' ? 'live' : action === 'copy' ? 'copy' : 'backup'
}

const changedWords = (changed: NonNullable<TableFields['changed']>) =>
  changed === 'backup'
    ? 'rows that were changed since become as in the backup'
    : changed === 'live'
      ? 'rows that were changed since stay as they are'
      : changed === 'copy'
        ? 'rows that were changed since stay, and those of the backup come beside them, under new keys'
        : `of rows that were changed since, only ${changed.columns.join(', ')} become as in the backup`
const addedWords = { backup: 'rows that were written since are taken away', live: 'rows that were written since are kept' } as const
const conflictWords = {
  backup: 'rows that belong, or belonged, to somebody else become as in the backup',
  live: 'rows that belong, or belonged, to somebody else are left where they are',
  copy: 'rows that belong to somebody else are left where they are, and those of the backup come beside them, under new keys',
} as const
const parentWords = 'rows that have to exist and are gone come back as well'

/** What was chosen, line by line, as whoever approves it reads it; rows are counted, and not named. */
export function choiceLines({ policy, tables }: Pick<RecordPlan, 'policy' | 'tables'>): string[] {
  const partOf = ({ changed, added, conflicts, parents }: { readonly [Field in keyof TableFields]: TableFields[Field] | null }) => [
    ...(changed ? [changedWords(changed)] : []),
    ...(added ? [addedWords[added]] : []),
    ...(conflicts ? [conflictWords[conflicts]] : []),
    ...(parents ? [parentWords] : []),
  ]
  return [
    policy.asCopy
      ? 'Everywhere: all rows of the record in the backup come beside what is live, under new keys; nothing live is changed.'
      : `Everywhere: ${partOf(policy).join('; ')}.`,
    ...policy.copyValues.map((value) => `${printName(value)}: copies have ${value.suffix} behind ${value.column}.`),
    ...policy.tables.map((choice) => `${printName(choice)}: ${partOf(choice).join('; ')}.`),
    ...tables.flatMap((table) =>
      table.chosenRows > 0 ? [`${printName(table)}: chosen one by one, ${counted(table.chosenRows, 'row')}.`] : [],
    ),
  ]
}

/** How many choices differ between two. */
export function countChanges(one: RecordChoices, other: RecordChoices): number {
  const all = (choices: RecordChoices) => {
    const [general, tables, rows] = inOrder(choices)
    return [...general!.map((value, at) => `${at} ${String(value)}`), ...tables!, ...rows!].map(String)
  }
  const [before, after] = [new Set(all(one)), new Set(all(other))]
  const gone = [...before].filter((choice) => !after.has(choice)).length
  return Math.max(gone, [...after].filter((choice) => !before.has(choice)).length)
}
