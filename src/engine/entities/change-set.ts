import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { Fault, messageOf } from '#base/fault.ts'
import { parse } from '#base/parse.ts'
import { ownerships, systemSettingsSchema } from '#base/settings.ts'
import { rowClasses } from '#engine/sources/postgres/compare-rows.ts'
import { changedRootSchema } from './changed-files.ts'
import { databaseTargetSchema } from '#engine/sources/postgres/target.ts'

const count = z.number().int().min(0)
const tableFields = { schema: z.string(), table: z.string() }
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** What is done with rows that are not as in the backup. For all tables, for one, for one row. */
export const rowPolicySchema = z.strictObject({
  changed: z.union([z.enum(['backup', 'live', 'copy']), z.strictObject({ columns: z.array(z.string()).min(1) })]).optional(),
  added: z.enum(['backup', 'live']).optional(),
  conflicts: z.enum(['backup', 'live', 'copy']).optional(),
  parents: z.literal('backup').optional(),
})

const copyValueSchema = z.union([
  z.strictObject({ ...tableFields, column: z.string(), suffix: z.string().min(1) }),
  z.strictObject({ ...tableFields, column: z.string(), key: z.array(z.string()).min(1), value: z.string() }),
])

/**
 * `changed`: rows that differ. `added`: rows written since, gone or kept. `conflicts`: rows that belong, or belonged, to somebody else;
 * `parents`: rows that have to exist and do not: both have no default, somebody has to choose. Files follow `changed` and `added`.
 * `copy` puts the backup's row beside the live one, under a key of its own; `asCopy` does so with the whole record.
 */
export const changePolicySchema = z
  .strictObject({
    asCopy: z.boolean().optional(),
    changed: z.enum(['backup', 'live', 'copy']).default('backup'),
    added: z.enum(['backup', 'live']).default('backup'),
    conflicts: z.enum(['backup', 'live', 'copy']).nullable().default(null),
    parents: z.literal('backup').nullable().default(null),
    tables: z.array(rowPolicySchema.extend(tableFields)).default([]),
    rows: z
      .array(z.strictObject({ ...tableFields, key: z.array(z.string()).min(1), take: z.enum(['backup', 'live', 'copy']) }))
      .default([]),
    /** What columns of copies hold that cannot hold the same twice: that with something behind it, or of one row a value of its own. */
    copyValues: z.array(copyValueSchema).optional(),
    /** Triggers that somebody made: quiet, or fire as ever. Foreign keys are checked either way. */
    triggers: z.enum(['fire', 'quiet']).default('quiet'),
  })
  .refine(({ asCopy, rows, tables }) => !asCopy || (rows.every(({ take }) => take !== 'backup') && tables.length === 0), {
    message: 'a record as a copy leaves live rows alone: of "rows" say "live" to leave one out, and nothing of "tables"',
    path: ['asCopy'],
  })
export type ChangePolicy = z.infer<typeof changePolicySchema>

const openRowsSchema = z.object({ class: z.enum(rowClasses), count, first: z.array(z.array(z.string())) })
const clashSchema = z.object({
  index: z.string(),
  /** As they are called in the table where they are plain columns; change sets from before that was told have none. */
  columns: z.array(z.string()).optional(),
  count,
  first: z.array(z.object({ row: z.array(z.string()), live: z.array(z.string()) })),
})

export const changedTableSchema = z.object({
  ...tableFields,
  /** Empty where there is none: rows are told apart by all that stands in them, and equal ones by their number (ADR 0066). */
  key: z.array(z.string()),
  /** As the rows' file has them. `isInBackup`: the backup has a value for it. */
  columns: z.array(z.object({ name: z.string(), type: z.string(), isInBackup: z.boolean() })),
  /** By what the comparison found, before any policy. */
  found: z.record(z.enum(rowClasses), count),
  inserts: count,
  /** Of the inserts; and of these, those of rows that are live as in the backup. Change sets from before there were copies have none. */
  copies: count.optional(),
  beside: count.optional(),
  updates: count,
  deletes: count,
  open: z.array(openRowsSchema),
  clashes: z.array(clashSchema),
  /** Below the change set's folder; null when nothing is written. */
  file: z.string().nullable(),
  sha256: sha256.nullable(),
  /** Rows that differ and are not written, because somebody chose so or has to: a file of its own, for whoever looks. */
  left: z.object({ file: z.string(), sha256, rows: count }).optional(),
  /** How many rows a choice of their own was made for. */
  chosenRows: count.optional(),
})
export type ChangedTable = z.infer<typeof changedTableSchema>

/** What the schema has become since the backup, as far as it touches what is restored. */
export const driftSchema = z.object({
  /** `table.column`: added since, takes its default; gone, its values are not restored; of another type, values are cast. */
  addedColumns: z.array(z.string()),
  removedColumns: z.array(z.string()),
  retypedColumns: z.array(z.object({ column: z.string(), was: z.string(), is: z.string() })),
  /** Tables of the backup's rows that are gone, with how many rows are not restored; tables made since, whose rows are left alone. */
  removedTables: z.array(z.object({ table: z.string(), rows: count })),
  addedTables: z.array(z.string()),
})

/** What would be written to bring some records back, as data: made by reading only, reviewed, carried out once, and taken back by itself. */
export const changeSetSchema = z.object({
  format: z.literal(1),
  kind: z.literal('change-set'),
  restore: z.uuid(),
  createdAt: z.iso.datetime(),
  system: z.string(),
  backup: z.object({ id: z.uuid(), name: z.string(), at: z.iso.datetime(), snapshot: z.string(), manifestChecksum: z.string() }),
  repositoryId: z.string(),
  entities: z.array(z.object({ kind: z.string(), key: z.string() })),
  settings: systemSettingsSchema,
  policy: changePolicySchema,
  database: z.object({
    name: z.string(),
    target: databaseTargetSchema,
    systemIdentifier: z.string(),
    oid: count,
    /** Under which rows were read and are to be written. */
    sessionSettings: z.object({ id: z.string(), values: z.record(z.string(), z.string()) }),
  }),
  tables: z.array(changedTableSchema),
  /** Files of the record, root by root. */
  files: z.array(changedRootSchema),
  ownership: z.array(
    z.object({ child: z.string(), columns: z.array(z.string()), parent: z.string(), ownership: z.enum(ownerships), because: z.string() }),
  ),
  drift: driftSchema,
  /** `schema.table.trigger`. */
  triggers: z.array(z.string()),
  /** What exists now and would be gone, in words. */
  loss: z.array(z.string()),
  warnings: z.array(z.string()),
  digest: sha256,
})
export type ChangeSet = z.infer<typeof changeSetSchema>

export const changeSetFile = 'change-set.json'

/** Over everything that it says, and through the hashes of its rows' files over every row that it touches (DECISIONS "Stale plan"). */
export function changeSetDigest(changeSet: Omit<ChangeSet, 'digest'>): string {
  const { digest: _digest, ...rest } = changeSet as ChangeSet
  return createHash('sha256').update(JSON.stringify(rest)).digest('hex')
}

export function printChangeSet(changeSet: ChangeSet): string {
  return `${JSON.stringify(changeSet, null, 2)}\n`
}

/** A change set from its folder. PLAN_INVALID when its document, or a file of rows, is not as it was written. */
export async function readChangeSet(folder: string): Promise<ChangeSet> {
  const changeSet = await readDocument(folder)
  const left = changeSet.tables.flatMap((table) => (table.left ? [table.left] : []))
  for (const part of [...changeSet.tables, ...left, ...changeSet.files]) await assertPart(folder, part)
  return changeSet
}

/** The document alone, for whoever looks at it. PLAN_INVALID. */
export async function readDocument(folder: string): Promise<ChangeSet> {
  const file = path.join(folder, changeSetFile)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new Fault('PLAN_INVALID', `the change set cannot be read: ${messageOf(cause)}`, { file }, { cause })
  }
  // In the order in which it was written, which the digest is taken of.
  const changeSet = parse(changeSetSchema, text, `change set ${file}`, 'PLAN_INVALID')
  if (changeSetDigest(changeSet) !== changeSet.digest)
    throw new Fault('PLAN_INVALID', `change set ${file} is not as it was written`, { file })
  return changeSet
}

async function assertPart(folder: string, { file, sha256: expected }: Pick<ChangedTable, 'file' | 'sha256'>): Promise<void> {
  if (file === null) return
  const hash = createHash('sha256')
  try {
    for await (const bytes of rowsOf(folder, file)) hash.update(bytes)
  } catch (cause) {
    throw new Fault('PLAN_INVALID', `a part of the change set cannot be read: ${messageOf(cause)}`, { file }, { cause })
  }
  if (hash.digest('hex') !== expected) throw new Fault('PLAN_INVALID', `${file} is not as it was written`, { file })
}

/** COPY text of one table's changes, from a byte on. */
export function rowsOf(folder: string, file: string, start = 0): AsyncIterable<Uint8Array> {
  return createReadStream(path.join(folder, file), { start })
}
