import type { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { durations } from '#base/units.ts'
import { unreachable } from '#base/unreachable.ts'
import { records, type RecordWish } from '#contract/records.ts'
import type { Scope } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { answeredWork } from '#service/jobs/answered-work.ts'
import type { JobEnd } from '#service/jobs/job-process.ts'
import type { RecordFindInput } from '#service/jobs/work/record-find.work.ts'
import type { RecordKindsInput } from '#service/jobs/work/record-kinds.work.ts'
import type { RecordTablesInput } from '#service/jobs/work/record-tables.work.ts'
import { activeSystem, systemSources } from '#service/systems/systems.ts'
import type { StoredSystem } from '#service/systems/systems.store.ts'

const answerMsMax = 3 * durations.minute
const kindsFile = new URL('../jobs/work/record-kinds.work.ts', import.meta.url)
const tablesFile = new URL('../jobs/work/record-tables.work.ts', import.meta.url)
const findFile = new URL('../jobs/work/record-find.work.ts', import.meta.url)

type Kinds = z.output<typeof records.kinds.reply>
type Tables = z.output<typeof records.tables.reply>['rows']
type Found = z.output<typeof records.find.reply>

/** The kinds of records that a system has, as its live databases say now. */
export async function kindsOf(
  house: House,
  scope: Scope,
  { id, signal }: { readonly id: string; readonly signal: AbortSignal },
): Promise<Kinds> {
  const { sources } = await systemOf(house, scope, id)
  const input: RecordKindsInput = { databases: sources.databases, settings: sources.settings }
  const prepared = { input, databasePasswords: sources.databasePasswords }
  const { end, isLate } = await answeredWork(house, { work: kindsFile, prepared, msMax: answerMsMax }, signal)
  return records.kinds.reply.parse(answerOf(end, isLate))
}

/** The tables of its live databases, in the order of their names. */
export async function tablesOf(
  house: House,
  scope: Scope,
  { id, signal }: { readonly id: string; readonly signal: AbortSignal },
): Promise<Tables> {
  const { sources } = await systemOf(house, scope, id)
  const input: RecordTablesInput = { databases: sources.databases }
  const prepared = { input, databasePasswords: sources.databasePasswords }
  const { end, isLate } = await answeredWork(house, { work: tablesFile, prepared, msMax: answerMsMax }, signal)
  return records.tables.reply.shape.rows.parse(answerOf(end, isLate))
}

export interface FindWish {
  readonly id: string
  readonly wish: RecordWish
  /** Of the system; undefined: the only one that it has. */
  readonly database: string | undefined
  readonly signal: AbortSignal
}

/** Whether a record is live, and how much belongs to it. ENTITY_UNKNOWN for a kind that no database of the system has, ENTITY_KEY. */
export async function findRecord(
  house: House,
  scope: Scope,
  { id, wish, database, signal }: FindWish,
): Promise<{ readonly system: StoredSystem; readonly found: Found }> {
  const { system, sources } = await systemOf(house, scope, id)
  const [only, other] = sources.databases
  const chosen = database === undefined ? (other ? undefined : only) : sources.databases.find(({ name }) => name === database)
  const known = sources.databases.map(({ name }) => name).join(', ') || 'none'
  if (!chosen) throw new Fault('INPUT_INVALID', `say in which database of the system; it has ${known}`, { field: 'database' })
  const input: RecordFindInput = { database: chosen, wish, roots: sources.roots, settings: sources.settings }
  const prepared = { input, databasePasswords: sources.databasePasswords }
  const { end, isLate } = await answeredWork(house, { work: findFile, prepared, msMax: answerMsMax }, signal)
  return { system, found: records.find.reply.parse(answerOf(end, isLate)) }
}

async function systemOf(house: House, scope: Scope, id: string) {
  return await house.catalog.as(scope, async (tx) => {
    const system = await activeSystem(tx, id)
    return { system, sources: await systemSources(house, tx, system) }
  })
}

export function answerOf(end: JobEnd, isLate: boolean): unknown {
  switch (end.kind) {
    case 'done':
      return end.output
    case 'fault':
      throw isLate ? new Fault('DATABASE_UNREACHABLE', 'the database took too long to answer') : end.fault
    case 'mistake':
      throw new Error(end.stack)
    case 'gone':
      throw new Error(`the look at the database ended without a word: ${end.how}`)
    default:
      return unreachable(end)
  }
}
