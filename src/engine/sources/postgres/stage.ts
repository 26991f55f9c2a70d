import { availableParallelism } from 'node:os'
import { throwIfCancelled } from '#base/clock.ts'
import { concurrently } from '#base/concurrently.ts'
import { Fault } from '#base/fault.ts'
import type { Connection } from './connection.ts'
import { settingStatements } from './database-properties.ts'
import { connectMaintenance } from './maintenance.ts'
import { chooseRoles, createRoles, dropRoles, presentRoles, roleNames, type RoleChoice } from './roles.ts'
import { putChecksBack, setChecksAside, type SetAsideCheck } from './stage-checks.ts'
import { createStage, dropStage } from './stage-create.ts'
import { spoolDump } from './stage-dump.ts'
import { EarlyPostData, plainEntries, planEarly, type EarlyEntry } from './stage-early.ts'
import { analyzeStage, flushStage } from './stage-finish.ts'
import type { StageOptions, StageWork } from './stage-options.ts'
import { restorePostData } from './stage-post-data.ts'
import { restorePreData } from './stage-pre-data.ts'
import { loadBareRows, loadRows } from './stage-rows.ts'
import { connectStage } from './stage-session.ts'
import { watchServer } from './stage-watch.ts'
import { surveyServer } from './server-identity.ts'
import { verifyStage, type VerifyReport } from './verify.ts'

export type { StageOptions } from './stage-options.ts'
export { discardStage } from './stage-create.ts'

/** A database beside the live one, filled; not yet compared with the backup. */
export interface StagedDatabase {
  readonly oid: number
  readonly postmasterStartTime: string
  /** What came out otherwise than in the original, and why. */
  readonly notes: readonly string[]
  /** RESTORE_VERIFY naming the table and both numbers; RESTORE_STATE when the server was restarted meanwhile. */
  verify(signal: AbortSignal): Promise<VerifiedDatabase>
  discard(): Promise<void>
}

/** The same, proven: only this may be swapped. */
export interface VerifiedDatabase {
  readonly oid: number
  readonly report: VerifyReport
  /** Another one later means that unlogged tables may be empty: verify again (SAFETY rule 7). */
  readonly postmasterStartTime: string
  discard(): Promise<void>
}

/**
 * Builds the database of a backup beside the live one, under a name of ours, and leaves everything live untouched. An
 * abort or a failure drops what was made. Faults: RESTORE_ROLE_MISSING, RESTORE_VERSION, DATABASE_PRIVILEGE before
 * anything is made; RESTORE_SPACE, RESTORE_VERIFY, DATABASE_TOOL, DATABASE_QUERY after.
 */
export async function stageDatabase(options: StageOptions, signal: AbortSignal): Promise<StagedDatabase> {
  await using opened = new AsyncDisposableStack()
  const beside = opened.use(await connectMaintenance([options.target], signal))
  const { postmasterStartTime } = await assertAble(beside, options)
  const roles = chooseRoles(options.section.roles, await presentRoles(beside), options.roles)
  const chosen = chosenTables(options)
  const watch = opened.use(await watchServer(options, signal))
  const dump = opened.use(await spoolDump(options, watch.signal))

  await using undo = new AsyncDisposableStack()
  const made = { oid: undefined as number | undefined, roles: [] as string[] }
  const discard = () => discardMade(options, made)
  undo.defer(discard)
  try {
    made.roles = await createRoles(beside, roles)
    const work = await beginWork(beside, options, {
      chosen,
      roles,
      dumpFile: dump.file,
      onCreated: (oid) => (made.oid = oid),
    })
    let plain: readonly EarlyEntry[] = []
    await concurrently<void>(
      [(own) => restorePreData(work, own), async (own) => void (plain = await plainEntries(work, own))],
      watch.signal,
    )
    const checks = await setAside(work, watch.signal)
    const early = await planEarly(work, plain, watch.signal)
    await loadRows(work, early, watch.signal)
    await putBack(work, checks, watch.signal)
    await restorePostData(work, early, watch.signal)
    work.toAnalyze = await analyzeStage(work, early, watch.signal)
    for (const statement of settingStatements(options.stageName, options.section.properties, work.roleOf)) await beside.query(statement)
    await flushStage(work, watch.signal)
    undo.move()
    return staged(work, { postmasterStartTime, discard })
  } catch (error) {
    throwIfCancelled(signal)
    // What the watch saw is the reason; that statements were cut off is its consequence.
    throw watch.signal.aborted && watch.signal.reason instanceof Fault ? watch.signal.reason : error
  }
}

/**
 * The tables of a backup with their rows and nothing else: no index, no constraint, no trigger. Enough for whoever only looks, in a private
 * server that is thrown away, and much sooner there. Every piece of a row's text is authenticated when it is opened, and each table must
 * take as many rows as the backup has. Faults of `stageDatabase`.
 */
export async function stageBareRows(options: StageOptions, signal: AbortSignal): Promise<{ readonly oid: number }> {
  return await stagePart(options, loadBareRows, signal)
}

/**
 * The tables of a backup with their keys and constraints, and not one row: for whoever asks what they are like. In a private server that is
 * thrown away. Faults of `stageDatabase`.
 */
export async function stageDefinitions(options: StageOptions, signal: AbortSignal): Promise<{ readonly oid: number }> {
  const keys = async (work: StageWork, own: AbortSignal) => await restorePostData(work, new EarlyPostData([], new Map()), own)
  return await stagePart({ ...options, tables: [] }, keys, signal)
}

type StagePart = (work: StageWork, signal: AbortSignal) => Promise<void>

async function stagePart(options: StageOptions, part: StagePart, signal: AbortSignal): Promise<{ readonly oid: number }> {
  await using opened = new AsyncDisposableStack()
  const beside = opened.use(await connectMaintenance([options.target], signal))
  await assertAble(beside, options)
  const roles = chooseRoles(options.section.roles, await presentRoles(beside), options.roles)
  const watch = opened.use(await watchServer(options, signal))
  const dump = opened.use(await spoolDump(options, watch.signal))
  try {
    await createRoles(beside, roles)
    const work = await beginWork(beside, options, { chosen: chosenTables(options), roles, dumpFile: dump.file, onCreated: () => {} })
    await restorePreData(work, watch.signal)
    // They may call functions that look into tables which are not there.
    await setAside(work, watch.signal)
    await part(work, watch.signal)
    return { oid: work.oid }
  } catch (error) {
    throwIfCancelled(signal)
    throw watch.signal.aborted && watch.signal.reason instanceof Fault ? watch.signal.reason : error
  }
}

function staged(
  work: StageWork,
  { postmasterStartTime, discard }: { postmasterStartTime: string; discard: () => Promise<void> },
): StagedDatabase {
  const { oid, notes } = work
  return {
    oid,
    notes,
    postmasterStartTime,
    verify: async (signal) => {
      const report = await verifyStage({ ...work, postmasterStartTime }, signal)
      return { oid, report, postmasterStartTime, discard }
    },
    discard,
  }
}

/** Everything that can be refused by looking is refused before anything is made. */
async function assertAble(beside: Connection, { section }: StageOptions) {
  const server = await surveyServer(beside)
  if (server.isInRecovery) throw new Fault('DATABASE_PRIVILEGE', 'the server is a standby, on which nothing can be restored')
  if (Math.floor(server.serverVersion.number / 10_000) < Math.floor(section.serverVersion.number / 10_000)) {
    const fact = `the backup is of PostgreSQL ${section.serverVersion.text}, the server is ${server.serverVersion.text}`
    throw new Fault('RESTORE_VERSION', fact, { backup: section.serverVersion.text, server: server.serverVersion.text })
  }
  const offered = new Set(
    (await beside.query<{ name: string }>('select name::text from pg_catalog.pg_available_extensions')).map(({ name }) => name),
  )
  const missing = section.extensions.filter(({ name }) => !offered.has(name)).map(({ name }) => name)
  if (missing.length > 0) {
    throw new Fault('RESTORE_EXTENSION_MISSING', `the server does not offer extension ${missing.join(', ')}`, {
      extensions: missing.join(', '),
    })
  }
  const [may] = await beside.query<{ reads: boolean; creates: boolean }>(
    `select rolsuper or rolbypassrls as reads, rolsuper or rolcreatedb as creates from pg_catalog.pg_roles where rolname = current_user`,
  )
  if (!may!.creates) throw new Fault('DATABASE_PRIVILEGE', 'the role may not create databases')
  // SAFETY rule 8: a role that row security binds would compare what it is shown.
  if (!may!.reads)
    throw new Fault('DATABASE_PRIVILEGE', 'the role is neither a superuser nor has BYPASSRLS, so it could not verify every row')
  return server
}

function chosenTables({ section, tables }: StageOptions) {
  if (tables === undefined || tables === null) return section.tables
  const wanted = new Set(tables)
  const chosen = section.tables.filter(({ schema, table }) => wanted.has(`${schema}.${table}`))
  const unknown = tables.find((name) => !chosen.some(({ schema, table }) => `${schema}.${table}` === name))
  if (unknown !== undefined) throw new Fault('INPUT_INVALID', `the backup has no table ${unknown}`, { table: unknown })
  return chosen
}

interface BeginWork {
  readonly chosen: StageWork['chosen']
  readonly roles: readonly RoleChoice[]
  readonly dumpFile: string
  readonly onCreated: (oid: number) => void
}

async function beginWork(beside: Connection, options: StageOptions, { chosen, roles, dumpFile, onCreated }: BeginWork): Promise<StageWork> {
  const roleOf = roleNames(roles)
  const { section, stageName } = options
  const notes: string[] = []
  const present = await beside.query<{ name: string }>('select spcname as name from pg_catalog.pg_tablespace')
  const missing = [section.properties.tablespace, ...section.tablespaces].filter((wanted) => !present.some(({ name }) => name === wanted))
  if (missing.length > 0)
    notes.push(`the server has no tablespace ${[...new Set(missing)].join(', ')}: everything stands in the default one`)
  const oid = await createStage(beside, {
    stageName,
    properties: section.properties,
    owner: roleOf(section.properties.owner),
    tablespace: missing.includes(section.properties.tablespace) ? 'pg_default' : section.properties.tablespace,
    onCreated: async (created) => {
      onCreated(created)
      await options.onCreated(created)
    },
  })
  return {
    options,
    chosen,
    connections: options.connections ?? Math.min(4, Math.max(2, availableParallelism())),
    stage: { ...options.target, database: stageName },
    oid,
    beside,
    roleOf,
    hasMappedRoles: roles.some((role) => role.kind === 'map' && role.to !== role.role),
    dumpFile,
    restoreArguments: missing.length > 0 ? ['--no-tablespaces'] : [],
    notes,
    refused: [],
    toAnalyze: [],
    notValid: 0,
  }
}

async function setAside(work: StageWork, signal: AbortSignal): Promise<SetAsideCheck[]> {
  await using connection = await connectStage(work.stage, work.options.section, signal)
  return await setChecksAside(connection)
}

async function putBack(work: StageWork, checks: readonly SetAsideCheck[], signal: AbortSignal): Promise<void> {
  await using connection = await connectStage(work.stage, work.options.section, signal)
  await putChecksBack(connection, { checks, section: work.options.section, notes: work.notes })
}

async function discardMade(options: StageOptions, made: { oid: number | undefined; roles: readonly string[] }): Promise<void> {
  // Without the caller's signal: an abort is exactly when this must run.
  await using beside = await connectMaintenance([options.target])
  if (made.oid !== undefined) await dropStage(beside, options.target, { stageName: options.stageName, oid: made.oid })
  // One that others use by now stays.
  await dropRoles(beside, made.roles)
}
