import { isFault } from '#base/fault.ts'
import { durations } from '#base/units.ts'
import type { NotCovered, NotSeen } from '#contract/health.ts'
import { lookAround, type Surroundings } from '#engine/sources/postgres/look-around.ts'
import type { DatabaseTarget } from '#engine/sources/postgres/target.ts'
import { raiseAlert, settleAlert } from '#service/alerts/alerts.ts'
import { everything, within } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { passwordsOf, targetOf } from '#service/systems/systems.ts'
import type { StoredSystem } from '#service/systems/systems.store.ts'
import { activeSystems, keepLook, tablesInNewest } from './coverage.store.ts'

/** So often the sources of each system are compared with its newest backups. */
export const coverageEveryMs = 15 * durations.minute
/** Of one database: a server that hangs holds up no other system for longer. */
const lookMsMax = 30 * durations.second
const namedMax = 200

/** Compares what there is with what backups have: a table that no backup has is flagged within one look. */
export async function lookAtCoverage(house: House): Promise<void> {
  const systems = await house.catalog.as(everything, activeSystems)
  const known = new Set(systems.flatMap(({ databases }) => databases.map((one, index) => databaseKey(targetOf(one, index)))))
  for (const system of systems) {
    house.stopping.throwIfAborted()
    try {
      await lookAtSystem(house, system, known)
    } catch (error) {
      // One whose secrets do not open hides no other.
      if (!isFault(error)) throw error
      house.log.warn({ system: system.id, code: error.code, fact: error.message }, 'the coverage of a system cannot be looked at')
    }
  }
}

/** Two names of one server are two servers to us: then its databases are listed although they are covered. */
function databaseKey({ host, port, database }: DatabaseTarget): string {
  return `${host}:${port}/${database}`
}

async function lookAtSystem(house: House, system: StoredSystem, known: ReadonlySet<string>): Promise<void> {
  const found: { source: string; missing: NotCovered[] }[] = []
  const unseen: NotSeen[] = []
  for (const seen of await surroundingsOf(house, system)) {
    if ('fact' in seen) unseen.push({ source: seen.source, fact: seen.fact })
    else found.push({ source: seen.source, missing: [...(await newTables(house, system, seen)), ...otherDatabases(seen, known)] })
  }
  const missing = found.flatMap((one) => one.missing)
  await house.catalog.as(within(system.tenant_id), async (tx) => {
    await keepLook(tx, {
      system_id: system.id,
      tenant_id: system.tenant_id,
      at: house.clock.now(),
      missing: missing.slice(0, namedMax),
      unseen,
    })
    const tables = missing.filter(({ kind }) => kind === 'table')
    const about = { kind: 'not-covered', concerns: system.id } as const
    // What could not be seen is no reason to say that all is well.
    if (tables.length > 0)
      await raiseAlert(house, tx, {
        ...about,
        tenantId: system.tenant_id,
        systemId: system.id,
        subject: { kind: 'system', id: system.id, name: system.name },
        fact: `system ${system.name}: ${tables.length} ${tables.length === 1 ? 'table is' : 'tables are'} in no backup, such as ${tables[0]!.name}`,
        hint: 'The next backup of the database takes what is new; make one now.',
        facts: { tables: tables.length },
      })
    else if (unseen.length === 0)
      await settleAlert(house, tx, { ...about, because: `every table of system ${system.name} is in its newest backup` })
  })
}

type Seen =
  (Surroundings & { readonly source: string; readonly target: DatabaseTarget }) | { readonly source: string; readonly fact: string }

/** Of each database of the system, one after the other; one that cannot be looked at says why. */
export async function surroundingsOf(house: House, system: StoredSystem, signal: AbortSignal = house.stopping): Promise<Seen[]> {
  const passwords = await house.catalog.as(within(system.tenant_id), (tx) => passwordsOf(house, tx, system.id))
  const all: Seen[] = []
  for (const [index, database] of system.databases.entries()) {
    const source = database.name
    try {
      const target = targetOf(database, index)
      const until = AbortSignal.any([signal, AbortSignal.timeout(lookMsMax)])
      all.push({ source, target, ...(await lookAround(target, passwords.get(source), until)) })
    } catch (error) {
      if (!isFault(error) || signal.aborted) throw error
      all.push({ source, fact: error.message })
    }
  }
  return all
}

/** A database without any backup is said as such, not table by table. */
async function newTables(
  house: House,
  { id, tenant_id: tenantId }: StoredSystem,
  { source, tables }: Extract<Seen, Surroundings>,
): Promise<NotCovered[]> {
  const backed = await house.catalog.as(within(tenantId), (tx) => tablesInNewest(tx, { systemId: id, database: source }))
  if (!backed) return []
  return tables
    .map(({ schema, table }) => `${schema}.${table}`)
    .filter((name) => !backed.has(name))
    .map((name) => ({ kind: 'table', source, name }))
}

function otherDatabases({ source, target, databases }: Extract<Seen, Surroundings>, known: ReadonlySet<string>): NotCovered[] {
  return databases
    .filter((name) => !known.has(databaseKey({ ...target, database: name })))
    .map((name) => ({ kind: 'database', source, name }))
}
