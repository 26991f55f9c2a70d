import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '#base/fault.ts'
import type { SystemSettings } from '#base/settings.ts'
import { replaceDurably, hostFault } from '#host/durable.ts'
import type { OpenedBackup } from '#engine/backup/backups.ts'
import type { Instruments } from '#engine/backup/order.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { connect, type Connection } from '#engine/sources/postgres/connection.ts'
import { findClosure, rootKeys, type Closure } from '#engine/sources/postgres/closure.ts'
import type { DatabaseSection } from '#engine/sources/postgres/database-section.ts'
import { inOneView, searchPathOf, withNamesOf } from '#engine/sources/postgres/reading-session.ts'
import { assertSeesEveryRow } from '#engine/sources/postgres/row-privileges.ts'
import { whichDatabase } from '#engine/sources/postgres/server-identity.ts'
import { applySessionSettings } from '#engine/sources/postgres/session-settings.ts'
import { connectStage } from '#engine/sources/postgres/stage-session.ts'
import { graphIn, type StoredGraph } from '#engine/sources/postgres/stored-graph.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'
import { assertChoices } from './assert-choices.ts'
import { changeSetDigest, changeSetFile, changeSetSchema, printChangeSet, type ChangePolicy, type ChangeSet } from './change-set.ts'
import { closureOf, rootsOf, type EntityWish } from './closure.ts'
import { compareTables, type Compared } from './compare-tables.ts'
import { discover, discoverIn, type Discovered } from './discover.ts'
import { noModel, waysOf } from './entity-model.ts'
import { filesOfEntity } from './entity-files.ts'
import { assertHoldsRecords } from './holds-records.ts'
import { printTable } from './ownership.ts'
import { lossOfFiles, planRecordFiles } from './plan-files.ts'
import { stageBackup } from './staged-backup.ts'

export interface ChangeSetOrder {
  readonly id?: string | undefined
  readonly opened: OpenedBackup
  readonly settings: SystemSettings
  readonly entities: readonly EntityWish[]
  readonly database: { readonly section: DatabaseSection; readonly target: DatabaseTarget }
  /** Live directories of the backup's file roots; the files of the record below others are left alone. */
  readonly roots: readonly { readonly name: string; readonly path: string }[]
  readonly policy: ChangePolicy
  /** Where the change set is written; made, and must not exist. */
  readonly folder: string
  /** Folder in which the backup's rows are staged, in a private PostgreSQL. */
  readonly place: string
  readonly stateDirectory: string
}

/**
 * What it would take to bring some records back from a backup, row by row, written into a folder of its own. Nothing is changed to learn
 * it: the backup's rows are staged in a private place, and both sides are looked at in one view each. Faults: ENTITY_UNKNOWN when the
 * backup has no such record, RESTORE_NOT_WHOLE when it may hold a part of it, ENTITY_CHOICE, those of the closure, of a drill, ENTITY_DRIFT, HOST_IO.
 */
export async function planChangeSet(
  repository: Repository,
  order: ChangeSetOrder,
  instruments: Instruments,
  signal: AbortSignal,
): Promise<ChangeSet> {
  const { opened, folder, database, stateDirectory, place } = order
  assertHoldsRecords(opened, order.entities)
  const restore = order.id ?? instruments.random.uuid()
  await makeFolder(folder)
  await using unfinished = new AsyncDisposableStack()
  unfinished.defer(() => rm(folder, { recursive: true }))
  await using live = await connect(database.target, signal)
  await assertSeesEveryRow(live)
  await assertMeant(live, order)
  const names = await searchPathOf(live)
  await applySessionSettings(live, database.section.sessionSettings)
  await using staged = await stageBackup(
    repository,
    { id: restore, opened, section: database.section, place, stateDirectory },
    instruments,
    signal,
  )
  await using backup = await connectStage(staged.target, database.section, signal)
  instruments.onProgress({ stage: 'compare' })
  const seen = await inOneView(backup, () =>
    inOneView(live, () => look(repository, { live, backup, order, restore, graph: staged.graph, names }, signal)),
  )
  const { manifest, backup: kept, checksum } = opened
  const draft = changeSetSchema.omit({ digest: true }).parse({
    format: 1,
    kind: 'change-set',
    restore,
    createdAt: instruments.clock.now().toISOString(),
    system: manifest.system,
    backup: { id: kept.id, name: manifest.name, at: manifest.startedAt, snapshot: kept.snapshot.id, manifestChecksum: checksum },
    repositoryId: repository.id,
    entities: order.entities,
    settings: order.settings,
    policy: order.policy,
    ...seen,
  })
  const changeSet = { ...draft, digest: changeSetDigest(draft) }
  await replaceDurably(path.join(folder, changeSetFile), printChangeSet(changeSet), 0o600)
  unfinished.move()
  return changeSet
}

/** What was chosen is looked at before minutes go into staging. ENTITY_CHOICE. */
async function assertMeant(live: Connection, { policy, settings, database }: ChangeSetOrder): Promise<void> {
  if (policy.tables.length + policy.rows.length === 0) return
  const { tables } = await discover(live, settings.entities ?? noModel, database.section.name)
  assertChoices(policy, tables)
}

/** Rows of people stand in it: nobody else looks in. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 })
    for (const part of ['rows', 'files']) await mkdir(path.join(folder, part), { mode: 0o700 })
  } catch (error) {
    throw hostFault(error, `cannot make the folder ${folder} for the change set`)
  }
}

interface Looking {
  readonly live: Connection
  readonly backup: Connection
  readonly order: ChangeSetOrder
  readonly restore: string
  readonly graph: StoredGraph | undefined
  /** The `search_path` of the application. */
  readonly names: string
}

type Seen = Pick<ChangeSet, 'database' | 'files' | 'tables' | 'ownership' | 'drift' | 'triggers' | 'loss' | 'warnings'>

async function look(repository: Repository, looking: Looking, signal: AbortSignal): Promise<Seen> {
  const { live, backup, order, restore, graph, names } = looking
  const { settings, entities, database, opened } = order
  const { section, target } = database
  const model = settings.entities ?? noModel
  const past = graph ? discoverIn(await graphIn(backup, graph), model, section.name) : await discover(backup, model, section.name)
  const present = await discover(live, model, section.name)
  // Not before: the catalog writes the names of types by what the path holds, and the backup has them whole.
  await withNamesOf(live, names)
  const backupClosure = await closureOf(backup, past.model, entities)
  const liveClosure = await closureNow({ live, backup }, { past, present, backupClosure }, entities)
  const compared = await compareTables({ live, backup, liveClosure, backupClosure, past, present }, order, signal)
  const asked = { fileReferences: settings.fileReferences, source: section.name }
  const files = await planRecordFiles(
    repository,
    {
      past: await filesOfEntity(backup, backupClosure, { model: past.model, ...asked }),
      present: await filesOfEntity(live, liveClosure, { model: present.model, ...asked }),
      order,
      restore,
    },
    signal,
  )
  const { notes, ...rows } = compared
  return {
    database: { name: section.name, target, ...(await whichDatabase(live)), sessionSettings: section.sessionSettings },
    ...rows,
    files: files.roots,
    loss: [...compared.loss, ...files.roots.flatMap(lossOfFiles)],
    ownership: ownershipOf(present, compared),
    warnings: [
      ...warningsOf(present, compared),
      ...vainChoices(order.policy, compared),
      ...notes,
      ...patternNotes(past, rows),
      ...files.warnings,
      ...gapsOf(opened),
    ],
  }
}

/** The same record as it is now, which may be not at all: found by what people know it by, and by the key that it had in the backup. */
async function closureNow(
  { live, backup }: Pick<Looking, 'live' | 'backup'>,
  { past, present, backupClosure }: { readonly past: Discovered; readonly present: Discovered; readonly backupClosure: Closure },
  entities: readonly EntityWish[],
): Promise<Closure> {
  const roots = rootsOf(present.model, entities)
  for (const kind of new Set(entities.map((entity) => entity.kind))) {
    const before = past.model.kinds.find(({ name }) => name === kind)!
    const after = present.model.kinds.find(({ name }) => name === kind)!
    const place = backupClosure.placeOf(before.table)
    const [column, second] = after.table.key ?? []
    if (place === undefined || column === undefined || second !== undefined || before.table.key?.[0]?.name !== column.name) continue
    const keys = await rootKeys(backup, place)
    roots.push(...keys.map((value) => ({ table: after.table, column: column.name, value })))
  }
  return await findClosure(
    live,
    roots.map((root) => ({ ...root, mayBeAbsent: true })),
    waysOf(present.model),
  )
}

/** Every reference between the tables that are part of it, with what it was taken to mean. */
function ownershipOf({ model }: Discovered, { tables }: Pick<Compared, 'tables'>): Seen['ownership'] {
  const known = new Set(tables.map(({ schema, table }) => `${schema}.${table}`))
  return model.edges.flatMap(({ child, parent, columns, ownership, because }) =>
    known.has(printTable(child)) || known.has(printTable(parent))
      ? [{ child: printTable(child), columns: [...columns], parent: printTable(parent), ownership, because }]
      : [],
  )
}

function warningsOf({ warnings }: Discovered, { tables, drift }: Compared): string[] {
  const differing = tables.flatMap(({ schema, table, found }) =>
    found['present-different'] > 0
      ? [`${found['present-different']} rows of ${schema}.${table} that only have to exist are not as in the backup, and stay as they are`]
      : [],
  )
  const keyless = tables.flatMap(({ schema, table, key, inserts, deletes }) => {
    const told = 'its rows are told apart by all that stands in them, and one that somebody edited is one to insert and one to delete'
    return key.length === 0 && inserts + deletes > 0 ? [`${schema}.${table} has no key: ${told}`] : []
  })
  const notCovered = warnings.flatMap(({ kind, table, fact }) => (kind === 'polymorphic' ? [`${table}: ${fact}`] : []))
  const gone = drift.removedTables.map(({ table, rows }) => `table ${table} is gone: ${rows} rows of the backup are not restored`)
  return [...differing, ...keyless, ...notCovered, ...gone]
}

/** A choice for a row that does not differ decides nothing: whoever made it may have meant another one. */
function vainChoices({ rows, asCopy }: ChangePolicy, { tables }: Pick<Compared, 'tables'>): string[] {
  // A row that does not differ can be left out of a copy.
  if (asCopy) return []
  const vain = rows.length - tables.reduce((sum, { chosenRows = 0 }) => sum + chosenRows, 0)
  return vain === 0 ? [] : [`${vain} choices for single rows name no row that differs`]
}

/** Files of a row by its key: the copy has another one, and no files under it. */
function patternNotes({ model }: Discovered, { tables }: Pick<Compared, 'tables'>): string[] {
  return model.files.flatMap(({ table, root, pattern }) => {
    const copied = tables.find((one) => one.schema === table.schema && one.table === table.name && (one.copies ?? 0) > 0)
    return copied ? [`files of ${printTable(table)} below ${root} by ${pattern} are not made for its copies`] : []
  })
}

function gapsOf({ manifest }: OpenedBackup): string[] {
  if (manifest.gaps.count === 0) return []
  return [`the backup was completed with ${manifest.gaps.count} gaps`]
}

/** What keeps a change set from being carried out, for whoever has to choose. ENTITY_POLICY. */
export function assertDecided({ tables }: ChangeSet): void {
  for (const { schema, table, key, copies = 0, open, clashes } of tables) {
    // Of a table without a key it would be all that stands in the row.
    const printed = (what: string, row: readonly string[] | undefined) => (key.length === 0 || !row ? '' : `${what} ${row.join(', ')}`)
    const [first] = open
    if (first) {
      const fact = `${first.count} rows of ${schema}.${table} need a choice (${words[first.class] ?? first.class}${printed('; first key', first.first[0])})`
      throw new Fault('ENTITY_POLICY', fact, { table: `${schema}.${table}`, rows: first.count, class: first.class })
    }
    const [clash] = clashes
    if (clash) {
      const rows = `${clash.count} rows of ${schema}.${table} cannot stand beside live ones`
      const advice = copies > 0 ? `; copies need copyValues for a column of (${(clash.columns ?? []).join(', ')})` : ''
      const fact = `${rows}: ${clash.index} lets each value in once${printed('; live key', clash.first[0]?.live)}${advice}`
      throw new Fault('ENTITY_POLICY', fact, { table: `${schema}.${table}`, rows: clash.count, index: clash.index })
    }
  }
}

const words: Readonly<Record<string, string>> = {
  elsewhere: 'they belong to somebody else by now',
  'moved-here': 'they belonged to somebody else in the backup',
  'parent-missing': 'they have to exist, and are gone',
}
