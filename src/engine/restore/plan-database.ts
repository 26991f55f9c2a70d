import { Fault } from '#base/fault.ts'
import { printCount, printCounted } from '#base/units.ts'
import type { Original } from '#engine/masking/sanitization.ts'
import { stagePropertiesOf } from '#engine/sources/postgres/database-properties.ts'
import type { DatabaseRecord } from '#engine/sources/postgres/database-record.ts'
import type { DatabaseSection } from '#engine/sources/postgres/database-section.ts'
import { chooseRoles, roleNames } from '#engine/sources/postgres/roles.ts'
import { standbysOf } from '#engine/sources/postgres/swap-checks.ts'
import { surveyDatabase, type DatabaseSurvey, type SurveyedDatabase } from '#engine/sources/postgres/survey.ts'
import { assertOtherDatabase } from './not-in-place.ts'
import { withMargin, type Findings, type NeededSpace } from './findings.ts'
import type { DatabaseOrder } from './order.ts'
import type { PlannedDatabase } from './plan.ts'

export type DatabaseNames = Pick<DatabaseRecord, 'stageName' | 'keptName'>

interface Planning {
  readonly names: DatabaseNames
  readonly countsRows: boolean
  /** What it must not replace. */
  readonly originals: readonly Original[]
}

/** Looks at one target database and says what a restore would do to it. Reads only; counting every row reads all of it. */
export async function planDatabase(
  order: DatabaseOrder,
  { names, countsRows, originals }: Planning,
  signal: AbortSignal,
): Promise<Findings<PlannedDatabase>> {
  const { section, target } = order
  const survey = await surveyDatabase(target, signal, { countsRows })
  const { systemIdentifier, database: found } = survey
  assertOtherDatabase(originals, { name: section.name, systemIdentifier, oid: found?.oid ?? null, database: target.database })
  assertFits(section, survey, order)
  const standbys = await standbysOf(target, signal)
  const roles = chooseRoles(section.roles, survey.roles, order.roles)
  const live = survey.database
  const record: DatabaseRecord = {
    kind: 'database',
    name: section.name,
    live: target,
    systemIdentifier: survey.systemIdentifier,
    liveOid: live?.oid ?? null,
    stageName: names.stageName,
    stageOid: null,
    keptName: names.keptName,
    verifiedUnderStart: null,
    liveProperties: live ? stagePropertiesOf(live.properties, (role) => role) : null,
    stageProperties: stagePropertiesOf(section.properties, roleNames(roles)),
    isFenced: false,
    xid: null,
  }
  const effect = effectOf(section, live)
  const sessions = (live?.sessions ?? []).map(
    ({ pid, application, user, address }) => `${pid} ${user ?? '?'} ${application ?? '?'} ${address ?? 'local'}`,
  )
  return {
    planned: {
      name: section.name,
      record,
      schemaFingerprint: live?.schemaFingerprint ?? null,
      roles,
      tables: order.tables && [...order.tables],
      effect,
      sessions,
      standbys,
      statedFreeBytes: order.freeBytes,
    },
    space: spaceOf(order, survey),
    loss: lossOf(section, live, effect),
    warnings: warningsOf(section, survey),
  }
}

function assertFits(section: DatabaseSection, survey: DatabaseSurvey, order: DatabaseOrder): void {
  const { name } = section
  const major = (version: number) => Math.floor(version / 10_000)
  if (major(survey.serverVersion.number) < major(section.serverVersion.number)) {
    throw new Fault(
      'RESTORE_VERSION',
      `database ${name} is of PostgreSQL ${section.serverVersion.text}, the target server is ${survey.serverVersion.text}`,
      { name },
    )
  }
  if (survey.isInRecovery)
    throw new Fault('DATABASE_PRIVILEGE', `the target server of database ${name} is a standby and takes no writes`, { name })
  const { ability, database } = survey
  if (!ability.isSuperuser && !(ability.createsDatabases && ability.terminatesSessions && ability.ownsDatabase)) {
    throw new Fault(
      'DATABASE_PRIVILEGE',
      `role ${ability.user} may not create and rename databases or end sessions on the target of ${name}`,
      { name, role: ability.user },
    )
  }
  if (!ability.isSuperuser && !ability.bypassesRowSecurity) {
    throw new Fault(
      'DATABASE_ROW_SECURITY',
      `role ${ability.user} has no BYPASSRLS, so the restored rows of ${name} could not all be verified`,
      { name },
    )
  }
  assertExtensions(section, survey)
  const missingTablespace = section.tablespaces.find((tablespace) => !survey.tablespaces.includes(tablespace))
  if (missingTablespace !== undefined) {
    throw new Fault('RESTORE_TABLESPACE_MISSING', `the target server of database ${name} has no tablespace ${missingTablespace}`, {
      name,
      missingTablespace,
    })
  }
  if (order.tables !== null && database !== undefined) {
    throw new Fault('USAGE', `chosen tables of ${name} go into a new database, and ${order.target.database} exists`, { name })
  }
  assertSwappable(name, database)
}

function assertExtensions(section: DatabaseSection, survey: DatabaseSurvey): void {
  for (const { name, version } of section.extensions) {
    const available = survey.extensions.find((extension) => extension.name === name)
    if (!available)
      throw new Fault('RESTORE_EXTENSION_MISSING', `the target server has no extension ${name} ${version}`, { extension: name, version })
  }
}

function assertSwappable(name: string, database: SurveyedDatabase | undefined): void {
  const [prepared] = database?.preparedTransactions ?? []
  if (prepared)
    throw new Fault('DATABASE_PREPARED_TRANSACTIONS', `database ${name} has the prepared transaction ${prepared.gid}`, {
      name,
      gid: prepared.gid,
    })
  const [slot] = database?.logicalSlots ?? []
  if (slot)
    throw new Fault('DATABASE_REPLICATION_SLOTS', `database ${name} has the logical replication slot ${slot.name}`, {
      name,
      slot: slot.name,
    })
}

/** SAFETY rule 22: 1 × database for the data and 1 × for its WAL, and a fifth more. */
function spaceOf({ section, freeBytes, target }: DatabaseOrder, { space }: DatabaseSurvey): NeededSpace[] {
  const needs = [
    { what: 'data', found: space.data },
    { what: 'WAL', found: space.wal },
  ]
  return needs.map(({ what, found }) => ({
    place: `${what} of ${found.path ?? `${target.host}:${target.port}`}`,
    deviceId: found.deviceId === undefined ? `server ${target.host}:${target.port}` : String(found.deviceId),
    neededBytes: withMargin(section.sizeBytes),
    freeBytes: found.freeBytes ?? freeBytes,
  }))
}

function effectOf(section: DatabaseSection, live: SurveyedDatabase | undefined): PlannedDatabase['effect'] {
  const now = new Map((live?.tables ?? []).map(({ schema, table, rows }) => [`${schema}.${table}`, rows ?? 0]))
  const inBackup = new Map(section.tables.map(({ schema, table, hash }) => [`${schema}.${table}`, hash.rows]))
  const changed = [...inBackup]
    .map(([table, rowsInBackup]) => ({ table, rowsNow: now.get(table), rowsInBackup }))
    .filter(
      (row): row is { table: string; rowsNow: number; rowsInBackup: number } =>
        row.rowsNow !== undefined && row.rowsNow !== row.rowsInBackup,
    )
  const added = [...inBackup.keys()].filter((table) => !now.has(table))
  return {
    added,
    removed: [...now.keys()].filter((table) => !inBackup.has(table)),
    changed,
    unchangedCounts: inBackup.size - added.length - changed.length,
    rowsInBackup: section.rows,
    rowsNow: live ? [...now.values()].reduce((sum, rows) => sum + rows, 0) : null,
  }
}

function lossOf(section: DatabaseSection, live: SurveyedDatabase | undefined, effect: PlannedDatabase['effect']): string[] {
  if (!live) return []
  const rowsOf = (name: string) => live.tables.find(({ schema, table }) => `${schema}.${table}` === name)?.rows ?? 0
  return [
    ...effect.removed.map((table) => `${section.name}: table ${table} with ${printCounted(rowsOf(table), 'row')} is not in the backup`),
    ...effect.changed
      .filter(({ rowsNow, rowsInBackup }) => rowsNow > rowsInBackup)
      .map(
        ({ table, rowsNow, rowsInBackup }) =>
          `${section.name}: table ${table} has ${printCounted(rowsNow, 'row')} now, the backup ${printCount(rowsInBackup)}`,
      ),
    `${section.name}: every change to rows since ${section.instant}; how many rows were changed in place is not known`,
  ]
}

function warningsOf(section: DatabaseSection, survey: DatabaseSurvey): string[] {
  const live = survey.database
  const others = survey.replicas.length
  return [
    ...section.exactness.map(({ what, why }) => `${section.name}: ${what}: ${why}`),
    ...section.extensions
      .filter(({ name, version }) => !survey.extensions.find((extension) => extension.name === name)?.versions.includes(version))
      .map(
        ({ name, version }) => `${section.name}: extension ${name} ${version} is not available, the server's default version is installed`,
      ),
    ...(others > 0 ? [`${section.name}: ${others} standby servers follow; their sessions keep the old database until they reconnect`] : []),
    ...(live?.subscriptions ?? []).map(
      ({ name }) => `${section.name}: subscription ${name} stays with the replaced database and goes on applying there`,
    ),
  ]
}
