import { Socket } from 'node:net'
import type pg from 'pg'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault, isFault, messageOf, errnoOf } from '#base/fault.ts'
import { environment } from '#host/environment.ts'
import { passwordFor } from './password-file.ts'
import { SessionSocket } from './session-socket.ts'
import { tlsOf } from './session-tls.ts'
import { printDatabaseUrl, type DatabaseTarget } from './target.ts'

/** A connection that its scope closes. One query at a time (`pg` would queue them silently). */
export interface Connection extends AsyncDisposable {
  readonly client: pg.Client
  readonly target: DatabaseTarget
  query<Row extends pg.QueryResultRow>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>
}

/**
 * Opens one session. The password is the one given, else it comes from PGPASSWORD or PGPASSFILE, by libpq's rules; `bigint`
 * columns arrive as strings. Faults: DATABASE_UNREACHABLE, _AUTHENTICATION, _NOT_FOUND; queries fail with DATABASE_QUERY and `sqlState`.
 */
export async function connect(
  target: DatabaseTarget,
  signal?: AbortSignal,
  given?: { readonly password: string | undefined },
): Promise<Connection> {
  throwIfCancelled(signal)
  const password = given ? given.password : await passwordFor(target)
  // Ours, so that it can be closed: a server that waits for a password keeps a refused session open for a minute.
  const ssl = await tlsOf(target)
  const socket = ssl === false ? new SessionSocket() : new Socket()
  // Loaded by whoever connects: what deals with files alone starts without it.
  const { Client } = (await import('pg')).default
  const client = new Client({
    stream: () => socket,
    password: password ?? '',
    host: target.host,
    port: target.port,
    user: target.user,
    database: target.database,
    application_name: 'integrum',
    connectionTimeoutMillis: 15_000,
    keepAlive: true,
    ssl,
  })
  // A session ended by the server rejects the running query; without a listener the event alone would end us.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (cause) {
    socket.destroy()
    throw connectionFault(target, cause, { hasPassword: password !== undefined, isGiven: given !== undefined })
  }
  return {
    client,
    target,
    query: async <Row extends pg.QueryResultRow>(sql: string, parameters: readonly unknown[] = []) => {
      try {
        return (await client.query<Row>(sql, [...parameters])).rows
      } catch (cause) {
        throw queryFault(cause)
      }
    },
    [Symbol.asyncDispose]: () => client.end(),
  }
}

export function queryFault(cause: unknown): Fault {
  if (isFault(cause)) return cause
  return new Fault('DATABASE_QUERY', `the server refused: ${messageOf(cause)}`, { sqlState: sqlStateOf(cause) ?? null }, { cause })
}

/** SQLSTATE of a server error (PostgreSQL "Appendix A"), also when it is wrapped in a Fault. */
export function sqlStateOf(error: unknown): string | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    const code = (current as { code?: unknown }).code
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^E[A-Z]{4}$/.test(code)) return code
  }
  return undefined
}

/** Environment for libpq programs: where to connect stands here, never in arguments; passwords are passed through. */
export function toolEnvironment(target: DatabaseTarget, options: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const passed = ['PATH', 'HOME', 'PGPASSFILE', 'PGPASSWORD', 'PGSSLROOTCERT', 'PGSSLCERT', 'PGSSLKEY', 'TMPDIR']
  const tool: NodeJS.ProcessEnv = { LC_ALL: 'C', PGCONNECT_TIMEOUT: '15', PGAPPNAME: 'integrum', ...environment(passed) }
  tool['PGHOST'] = target.host
  tool['PGPORT'] = String(target.port)
  tool['PGUSER'] = target.user
  tool['PGDATABASE'] = target.database
  if (target.sslMode !== undefined) tool['PGSSLMODE'] = target.sslMode
  if (target.sslRootCertificate !== undefined) tool['PGSSLROOTCERT'] = target.sslRootCertificate
  const settings = Object.entries(options).map(([name, value]) => `-c ${name}=${value.replace(/([\\ ])/g, '\\$1')}`)
  if (settings.length > 0) tool['PGOPTIONS'] = settings.join(' ')
  return tool
}

/** `"schema"."name"`, quoted so that any name PostgreSQL allows is taken literally. */
export function quoteName(...parts: readonly string[]): string {
  return parts.map((part) => `"${part.replaceAll('"', '""')}"`).join('.')
}

/** A string literal that means the same whatever `standard_conforming_strings` says. */
export function quoteLiteral(text: string): string {
  const doubled = text.replaceAll("'", "''")
  return text.includes('\\') ? ` E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`
}

function connectionFault(
  target: DatabaseTarget,
  cause: unknown,
  { hasPassword, isGiven }: { readonly hasPassword: boolean; readonly isGiven: boolean },
): Fault {
  const where = printDatabaseUrl(target)
  const state = sqlStateOf(cause)
  if (!hasPassword && (state?.startsWith('28') || /password/i.test(messageOf(cause)))) {
    const why = isGiven ? 'none is given' : 'neither PGPASSWORD nor the password file has one'
    const fact = `${where} wants a password, and ${why} for role ${target.user}`
    return new Fault('DATABASE_AUTHENTICATION', fact, { where }, { cause })
  }
  const fact = `cannot connect to ${where}: ${messageOf(cause) || errnoOf(cause) || 'no answer'}`
  if (state === '3D000') return new Fault('DATABASE_NOT_FOUND', fact, { where }, { cause })
  if (state?.startsWith('28')) return new Fault('DATABASE_AUTHENTICATION', fact, { where }, { cause })
  if (/password|SASL|SCRAM/i.test(messageOf(cause))) return new Fault('DATABASE_AUTHENTICATION', fact, { where }, { cause })
  return new Fault('DATABASE_UNREACHABLE', fact, { where, sqlState: state ?? null }, { cause })
}
