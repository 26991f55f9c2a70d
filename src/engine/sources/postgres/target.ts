import { z } from 'zod'
import { Fault } from '#base/fault.ts'

/** Where a database is. Never a password: those come from PGPASSFILE, PGPASSWORD or the server's own trust. */
export const databaseTargetSchema = z.object({
  /** Host name, address, or the absolute directory of a unix socket. */
  host: z.string().min(1),
  port: z.number().int().min(1).max(65_535),
  user: z.string().min(1),
  database: z.string().min(1),
  sslMode: z.enum(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']).optional(),
  /** File with the certificates of authorities that the server's own must come from. */
  sslRootCertificate: z.string().min(1).optional(),
})
export type DatabaseTarget = z.infer<typeof databaseTargetSchema>

/**
 * Reads `postgresql://user@host:port/database[?host=/socket/dir&sslmode=…&sslrootcert=…]` (libpq "Connection URIs"), percent-encoded.
 * What is absent comes from PGHOST, PGPORT, PGUSER as libpq would take it. A password inside is refused (SAFETY rule 21).
 */
export function parseDatabaseUrl(name: string, url: string, environment: Readonly<Record<string, string | undefined>>): DatabaseTarget {
  const match = /^postgres(?:ql)?:\/\/(?:([^@/?]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(url)
  if (!match) throw new Fault('DATABASE_URL', `the URL of database ${name} is not a PostgreSQL URL`, { name })
  const [, userInfo = '', hostPart = '', databasePart = '', query = ''] = match
  const parameters = new URLSearchParams(query)
  if (userInfo.includes(':') || parameters.has('password')) {
    throw new Fault('DATABASE_URL_PASSWORD', `the URL of database ${name} holds a password`, { name })
  }
  const known = new Set(['host', 'port', 'user', 'dbname', 'sslmode', 'sslrootcert'])
  const unknown = [...parameters.keys()].find((key) => !known.has(key))
  if (unknown !== undefined)
    throw new Fault('DATABASE_URL', `the URL of database ${name} has an unknown parameter ${unknown}`, { name, unknown })

  const [, hostText = '', portText = ''] = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(hostPart) ?? []
  const host = decode(name, parameters.get('host') ?? (hostText.replace(/^\[|\]$/g, '') || environment['PGHOST'] || '/var/run/postgresql'))
  const port = Number(parameters.get('port') ?? (portText || environment['PGPORT'] || '5432'))
  const user = decode(name, parameters.get('user') ?? (userInfo || environment['PGUSER'] || environment['USER'] || 'postgres'))
  const database = decode(name, parameters.get('dbname') ?? (databasePart || user))
  const parsed = databaseTargetSchema.safeParse({
    host,
    port,
    user,
    database,
    ...(parameters.has('sslmode') && { sslMode: parameters.get('sslmode') }),
    ...(parameters.has('sslrootcert') && { sslRootCertificate: parameters.get('sslrootcert') }),
  })
  if (!parsed.success)
    throw new Fault('DATABASE_URL', `the URL of database ${name} has an invalid ${parsed.error.issues[0]?.path.join('.')}`, { name })
  return parsed.data
}

/** The same place as a URL, for reports and for the manifest. */
export function printDatabaseUrl(target: DatabaseTarget): string {
  const user = encodeURIComponent(target.user)
  const database = encodeURIComponent(target.database)
  const parameters = [
    ...(target.sslMode === undefined ? [] : [`sslmode=${target.sslMode}`]),
    ...(target.sslRootCertificate === undefined ? [] : [`sslrootcert=${encodeURIComponent(target.sslRootCertificate)}`]),
  ].join('&')
  if (target.host.startsWith('/')) {
    const port = target.port === 5432 ? '' : `&port=${target.port}`
    return `postgresql://${user}@/${database}?host=${encodeURIComponent(target.host)}${port}${parameters && `&${parameters}`}`
  }
  const host = target.host.includes(':') ? `[${target.host}]` : target.host
  return `postgresql://${user}@${host}:${target.port}/${database}${parameters && `?${parameters}`}`
}

function decode(name: string, text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new Fault('DATABASE_URL', `the URL of database ${name} is not percent-encoded correctly`, { name }, { cause })
  }
}
