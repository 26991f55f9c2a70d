import { throwIfCancelled, type Clock } from '#base/clock.ts'
import { isFault, type Fault } from '#base/fault.ts'
import { readServerVersion, readSessionSettings } from './capture-session.ts'
import { fittingClientTools, type ClientTools } from './client-tools.ts'
import { connect, type Connection } from './connection.ts'
import { requireCoverage } from './coverage.ts'
import { requireReadableText } from './readable-text.ts'
import { applySessionSettings } from './session-settings.ts'
import type { DatabaseTarget } from './target.ts'

/** What a capture of a database asks before its first row, each part by itself: null stands for what is fine. */
export type DatabaseExamination =
  | { readonly kind: 'refused'; readonly fault: Fault }
  | {
      readonly kind: 'let in'
      readonly server: { readonly number: number; readonly text: string }
      readonly role: string
      readonly sizeBytes: number
      /** Of the server's clock before ours, as exactly as the way there and back allows. */
      readonly clockAheadMs: number
      readonly tools: ClientTools | Fault
      readonly coverage: Fault | null
      readonly names: Fault | null
    }

export interface ExaminationOptions {
  /** Undefined: none. PGPASSWORD and password files are not asked. */
  readonly password: string | undefined
  readonly clock: Clock
  readonly queryMsMax: number
}

/** Reads only, and the catalog alone. Rejects when it cannot look to the end: CANCELLED, DATABASE_QUERY. */
export async function examineDatabase(
  target: DatabaseTarget,
  { password, clock, queryMsMax }: ExaminationOptions,
  signal: AbortSignal,
): Promise<DatabaseExamination> {
  let opened: Connection
  try {
    opened = await connect(target, signal, { password })
  } catch (error) {
    return { kind: 'refused', fault: faultOf(error) }
  }
  await using session = opened
  using _listening = hangUpOn(signal, session)
  await session.query(`SET statement_timeout = ${Math.round(queryMsMax)}`)
  const server = await readServerVersion(session)
  const facts = await readFacts(session, clock)
  const tools = await toolsOrFault(server)
  await applySessionSettings(session, await readSessionSettings(session))
  const coverage = await faultIn(() => requireCoverage(session))
  throwIfCancelled(signal)
  return { kind: 'let in', server, ...facts, tools, coverage, names: await faultIn(() => requireReadableText(session)) }
}

/** A server that does not answer any more is not waited for. */
export function hangUpOn(signal: AbortSignal, session: Connection): Disposable {
  const hangUp = () => void session.client.end()
  signal.addEventListener('abort', hangUp, { once: true })
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', hangUp) }
}

async function readFacts(session: Connection, clock: Clock): Promise<{ role: string; sizeBytes: number; clockAheadMs: number }> {
  const before = clock.now().getTime()
  const [row] = await session.query<{ at: string; role: string; size: string }>(
    `SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::text AS at, current_user AS role,
       pg_catalog.pg_database_size(pg_catalog.current_database())::text AS size`,
  )
  const middle = (before + clock.now().getTime()) / 2
  return { role: row!.role, sizeBytes: Number(row!.size), clockAheadMs: Math.round(Number(row!.at) - middle) }
}

async function toolsOrFault(server: { readonly number: number; readonly text: string }): Promise<ClientTools | Fault> {
  try {
    return await fittingClientTools(server)
  } catch (error) {
    return faultOf(error)
  }
}

async function faultIn(work: () => Promise<void>): Promise<Fault | null> {
  try {
    await work()
    return null
  } catch (error) {
    // Of the server, not of what was looked for: then nothing is known.
    if (isFault(error, 'DATABASE_QUERY')) throw error
    return faultOf(error)
  }
}

function faultOf(error: unknown): Fault {
  if (isFault(error) && error.code !== 'CANCELLED') return error
  throw error
}
