import type { z } from 'zod'
import { isFault } from '#base/fault.ts'
import type { SystemSettings } from '#base/settings.ts'
import { records, type RecordWish } from '#contract/records.ts'
import { closureOf } from '#engine/entities/closure.ts'
import { countFiles } from '#engine/entities/count-files.ts'
import { discover, type Discovered } from '#engine/entities/discover.ts'
import { filesOfEntity } from '#engine/entities/entity-files.ts'
import { noModel } from '#engine/entities/entity-model.ts'
import { printTable } from '#engine/entities/ownership.ts'
import { connect, type Connection } from '#engine/sources/postgres/connection.ts'
import { inOneView } from '#engine/sources/postgres/reading-session.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'

export interface RecordFindInput {
  readonly database: { readonly name: string; readonly target: DatabaseTarget }
  readonly wish: RecordWish
  readonly roots: readonly { readonly name: string; readonly path: string }[]
  readonly settings: SystemSettings
}

export const recordFoundSchema = records.find.reply
type Found = z.infer<typeof recordFoundSchema>

/** One record as it is now, in one view of its database; nothing is changed. ENTITY_UNKNOWN for a kind that is not there, ENTITY_KEY. */
export async function work(input: RecordFindInput, { signal }: WorkTools): Promise<Found> {
  const { database, settings } = input
  await using connection = await connect(database.target, signal)
  return await inOneView(connection, async () => {
    const found = await discover(connection, settings.entities ?? noModel, database.name)
    return await look(connection, { input, found }, signal)
  })
}

interface Looking {
  readonly input: RecordFindInput
  readonly found: Discovered
}

async function look(connection: Connection, { input, found }: Looking, signal: AbortSignal): Promise<Found> {
  const { database, wish, roots, settings } = input
  const { model, warnings } = found
  const notCovered = warnings.filter(({ kind }) => kind === 'polymorphic').map(({ table }) => table)
  const none = { database: database.name, isThere: false, own: 0, needed: 0, tables: [], files: [], notCovered }
  const closure = await closureOrNone(connection, model, wish)
  if (!closure) return none
  const { counts } = closure
  const { roots: selections } = await filesOfEntity(connection, closure, {
    model,
    fileReferences: settings.fileReferences,
    source: database.name,
  })
  const files: Found['files'] = []
  for (const { name, path } of roots) {
    const selection = selections.get(name)
    if (selection) files.push({ root: name, ...(await countFiles({ path, exclude: settings.exclude[name] ?? [] }, selection, signal)) })
  }
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
  return {
    ...none,
    isThere: true,
    own: sum(counts.map((one) => one.own)),
    needed: sum(counts.map((one) => one.needed)),
    tables: counts.map(({ table, own, needed }) => ({ table: printTable(table), own, needed })),
    files,
  }
}

/** Undefined when no row has that key; a kind that is not there is a mistake of whoever asks. */
async function closureOrNone(connection: Connection, model: Discovered['model'], wish: RecordWish) {
  try {
    return await closureOf(connection, model, [wish])
  } catch (error) {
    if (isFault(error, 'ENTITY_UNKNOWN') && 'column' in error.facts) return undefined
    throw error
  }
}
