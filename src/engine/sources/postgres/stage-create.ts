import { strict as assert } from 'node:assert'
import { Fault } from '#base/fault.ts'
import { connect, quoteLiteral, quoteName, type Connection } from './connection.ts'
import type { DatabaseProperties } from './database-properties.ts'
import type { DatabaseRecord } from './database-record.ts'
import { connectMaintenance } from './maintenance.ts'
import { surveyServer } from './server-identity.ts'
import type { DatabaseTarget } from './target.ts'

/** SAFETY rule 1: never derived from the live name, which PostgreSQL would cut at 63 bytes with a mere NOTICE. */
const stagePattern = /^integrum_stage_[0-9a-f]{12}$/

export interface CreateStage {
  readonly stageName: string
  readonly properties: DatabaseProperties
  /** Already mapped. */
  readonly owner: string
  readonly tablespace: string
  readonly onCreated: (oid: number) => Promise<void>
}

/**
 * Makes an empty database that nobody but us may enter (SAFETY rule 8), superusers apart. It accepts no connections until
 * its OID is journaled and CONNECT is taken from everybody, so a crash in between leaves one that surely holds nothing.
 */
export async function createStage(beside: Connection, options: CreateStage): Promise<number> {
  assert.match(options.stageName, stagePattern)
  const [server] = await beside.query<{ number: number; user: string }>(
    `select current_setting('server_version_num')::int as number, current_user as "user"`,
  )
  await beside.query(createStatement(options, server!.number))
  const oid = await oidOf(beside, options.stageName)
  assert(oid !== undefined)
  await options.onCreated(oid)
  const database = quoteName(options.stageName)
  const [user, owner] = [quoteName(server!.user), quoteName(options.owner)]
  await beside.query(`revoke all on database ${database} from public`)
  await beside.query(`alter database ${database} owner to ${owner}`)
  // The owner needs CREATE for the schemas it is going to own; without CONNECT it stays outside.
  await beside.query(`revoke all on database ${database} from ${owner}`)
  await beside.query(`grant create on database ${database} to ${owner}`)
  await beside.query(`grant connect, create, temporary on database ${database} to ${user}`)
  await beside.query(`alter database ${database} with allow_connections true`)
  return oid
}

function createStatement({ stageName, properties, tablespace }: CreateStage, serverVersion: number): string {
  const text = (value: string | null) => quoteLiteral(value ?? '')
  const parts = [
    `create database ${quoteName(stageName)} template template0 allow_connections false is_template false`,
    `encoding ${text(properties.encoding)} lc_collate ${text(properties.collate)} lc_ctype ${text(properties.ctype)}`,
    // Named only when it is another one: naming it wants a privilege on it, which owners of databases seldom have.
    ...(tablespace === 'pg_default' ? [] : [`tablespace ${quoteName(tablespace)}`]),
  ]
  if (serverVersion >= 150_000) parts.push(`locale_provider ${quoteName(properties.localeProvider)}`)
  if (properties.localeProvider === 'icu') parts.push(`icu_locale ${text(properties.icuLocale)}`)
  if (properties.localeProvider === 'builtin') parts.push(`builtin_locale ${text(properties.icuLocale)}`)
  if (properties.icuRules !== null) parts.push(`icu_rules ${text(properties.icuRules)}`)
  return parts.join(' ')
}

/**
 * Drops the staging database of a record, and nothing else: its name must be one of ours, the server the record's, and
 * its OID the journaled one. None there is fine. RESTORE_TARGET_CHANGED when the name belongs to another database.
 */
export async function discardStage(record: DatabaseRecord, signal?: AbortSignal): Promise<void> {
  await using beside = await connectMaintenance([record.live], signal)
  const { systemIdentifier } = await surveyServer(beside)
  if (systemIdentifier !== record.systemIdentifier) {
    throw changed(`the server is ${systemIdentifier}, the restore staged on ${record.systemIdentifier}`, record.stageName)
  }
  await dropStage(beside, record.live, { stageName: record.stageName, oid: record.stageOid })
}

/** `oid` null: the journal ends before the database was made known to it. */
export async function dropStage(beside: Connection, live: DatabaseTarget, { stageName, oid }: { stageName: string; oid: number | null }) {
  if (!stagePattern.test(stageName)) throw changed(`${stageName} is not the name of a staging database`, stageName)
  const found = await oidOf(beside, stageName)
  if (found === undefined) return
  if (oid === null) await assertUntouched(beside, stageName)
  else if (found !== oid) throw changed(`${stageName} has the OID ${found}, the staging database had ${oid}`, stageName)
  if (oid !== null) await dropSubscriptions({ ...live, database: stageName })
  await beside.query(`drop database ${quoteName(stageName)} with (force)`)
}

/** Only as CREATE DATABASE left it: never open to anybody, so nothing can be in it. */
async function assertUntouched(beside: Connection, stageName: string): Promise<void> {
  const [row] = await beside.query<{ untouched: boolean }>(
    `select not datallowconn and datacl is null and datdba = (select oid from pg_catalog.pg_roles where rolname = current_user) as untouched
     from pg_catalog.pg_database where datname = $1`,
    [stageName],
  )
  if (row?.untouched !== true)
    throw changed(`${stageName} is not in the state in which staging is created, and its OID is not known`, stageName)
}

/** A database with a subscription cannot be dropped; its slot on the publisher belongs to the original and is left alone. */
async function dropSubscriptions(stage: DatabaseTarget): Promise<void> {
  await using beside = await connectMaintenance([stage])
  const [any] = await beside.query(
    `select 1 as found from pg_catalog.pg_subscription s join pg_catalog.pg_database d on d.oid = s.subdbid where d.datname = $1 limit 1`,
    [stage.database],
  )
  if (any === undefined) return
  await using inside = await connect(stage)
  await inside.query('set default_transaction_read_only = off')
  // They may forbid even this, and go with the database a moment later.
  const triggers = await inside.query<{ name: string }>('select evtname::text as name from pg_catalog.pg_event_trigger')
  for (const { name } of triggers) await inside.query(`alter event trigger ${quoteName(name)} disable`)
  const subscriptions = await inside.query<{ name: string }>(
    `select subname::text as name from pg_catalog.pg_subscription
     where subdbid = (select oid from pg_catalog.pg_database where datname = current_database())`,
  )
  for (const { name } of subscriptions) {
    await inside.query(`alter subscription ${quoteName(name)} disable`)
    await inside.query(`alter subscription ${quoteName(name)} set (slot_name = none)`)
    await inside.query(`drop subscription ${quoteName(name)}`)
  }
}

async function oidOf(beside: Connection, name: string): Promise<number | undefined> {
  const [row] = await beside.query<{ oid: number }>('select oid from pg_catalog.pg_database where datname = $1', [name])
  return row?.oid
}

function changed(fact: string, stageName: string): Fault {
  return new Fault('RESTORE_TARGET_CHANGED', `${fact}; nothing was dropped`, { stageName })
}
