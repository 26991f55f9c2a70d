import { totalmem } from 'node:os'
import { limits } from '#base/limits.ts'
import { MiB } from '#base/units.ts'
import { connect, type Connection } from './connection.ts'
import type { DatabaseSection } from './database-section.ts'
import { applySessionSettings } from './session-settings.ts'
import type { DatabaseTarget } from './target.ts'

/**
 * Settings that make filling a database that nobody uses yet faster, or possible at all. They are of our sessions only:
 * nothing of the live server is changed. What is not flushed by a commit is flushed once, before verify (SAFETY rule 7).
 */
export function loadSettings(target: DatabaseTarget): Record<string, string> {
  // A socket means the server's memory is this machine's.
  const share = target.host.startsWith('/') ? Math.floor(totalmem() / 8) : 256 * MiB
  const memoryKib = Math.max(64 * 1024, Math.floor(Math.min(limits.maintenanceMemoryBytesMax, share) / 1024))
  return {
    synchronous_commit: 'off',
    maintenance_work_mem: `${memoryKib}kB`,
    max_parallel_maintenance_workers: '2',
    // The check of a foreign key is one long query, compiled anew for each.
    jit: 'off',
    check_function_bodies: 'off',
    default_transaction_read_only: 'off',
    row_security: 'off',
    statement_timeout: '0',
    lock_timeout: '0',
    idle_in_transaction_session_timeout: '0',
    client_min_messages: 'warning',
  }
}

/**
 * A session in the staging database, under the settings in which its rows were captured (SAFETY rule 17). An abort cuts
 * it off in the middle of whatever it does; the server ends the rest with DROP DATABASE.
 */
export async function connectStage(stage: DatabaseTarget, section: DatabaseSection, signal?: AbortSignal): Promise<Connection> {
  await using opening = new AsyncDisposableStack()
  const connection = opening.use(await connect(stage, signal))
  const settings = Object.entries(loadSettings(stage))
  await connection.query('select set_config(name, value, false) from unnest($1::text[], $2::text[]) as wanted (name, value)', [
    settings.map(([name]) => name),
    settings.map(([, value]) => value),
  ])
  await applySessionSettings(connection, section.sessionSettings)
  const cut = () => connection.client.connection.stream.destroy()
  signal?.addEventListener('abort', cut, { once: true })
  opening.defer(() => signal?.removeEventListener('abort', cut))
  const opened = opening.move()
  return { ...connection, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
