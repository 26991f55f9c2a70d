import { quoteLiteral, quoteName, type Connection } from './connection.ts'
import { listDump, restoreSection, type DumpEntry } from './stage-dump.ts'
import { restoreMapped } from './stage-mapped.ts'
import { restoreEntry } from './stage-refused.ts'
import type { StageWork } from './stage-options.ts'
import { connectStage } from './stage-session.ts'

/** Schemas, extensions, types, functions, tables, views, large objects without their content, owners and grants. */
export async function restorePreData(work: StageWork, signal: AbortSignal): Promise<void> {
  work.options.onProgress?.({ stage: 'pre-data' })
  const entries = await listDump(work, 'pre-data', signal)
  const schemas = entries.filter(isSchema)
  const rest = entries.filter((entry) => !isSchema(entry))
  await restorePart(work, schemas, signal)
  await createExtensions(work, entries, signal)
  await restorePart(work, rest, signal)
  await restoreCatalog(work, signal)
}

async function restorePart(work: StageWork, entries: readonly DumpEntry[], signal: AbortSignal): Promise<void> {
  if (work.hasMappedRoles) await restoreMapped(work, entries, signal)
  else {
    const refused = await restoreSection(work, 'pre-data', { entries, isLenient: true }, signal)
    for (const entry of refused) await restoreEntry(work, entry, { signal })
  }
}

/** A schema and what hangs on it: pg_restore leaves grants and comments out of a list without the schema itself. */
function isSchema({ text }: DumpEntry): boolean {
  return text.startsWith('SCHEMA - ') || /^(ACL|COMMENT|SECURITY LABEL) - SCHEMA /.test(text)
}

/**
 * pg_dump says IF NOT EXISTS and no version, so a server with a newer package would silently change what is installed.
 * Made here first, in the dump's order, each in the version of the backup where the server offers it.
 */
async function createExtensions(work: StageWork, entries: readonly DumpEntry[], signal: AbortSignal): Promise<void> {
  const { extensions } = work.options.section
  await using connection = await connectStage(work.stage, work.options.section, signal)
  const order = entries.filter(({ text }) => text.startsWith('EXTENSION - ')).map(({ text }) => text.slice('EXTENSION - '.length).trim())
  for (const listed of order) {
    // The list shows the owner behind the name, which for extensions is empty; line breaks in names become spaces.
    const extension = extensions.find(({ name }) => listed === name)
    if (extension !== undefined) await createExtension(connection, extension, work.notes)
  }
  // Every database begins with it; one whose owner dropped it does not have it.
  if (!extensions.some(({ name }) => name === 'plpgsql')) await connection.query('drop extension if exists plpgsql')
}

async function createExtension(connection: Connection, extension: { name: string; version: string; schema: string }, notes: string[]) {
  const { name, version, schema } = extension
  const [offered] = await connection.query<{ found: boolean; standard: string }>(
    `select exists (select from pg_catalog.pg_available_extension_versions v where v.name = e.name and v.version = $2) as found,
       e.default_version as standard from pg_catalog.pg_available_extensions e where e.name = $1`,
    [name, version],
  )
  if (offered?.standard === version) return
  if (offered?.found !== true) {
    notes.push(`extension ${name} was ${version} and is now ${offered?.standard}: the server does not offer the older version`)
    return
  }
  await connection.query(`create extension ${quoteName(name)} with schema ${quoteName(schema)} version ${quoteLiteral(version)} cascade`)
}

/** What pg_dump does not carry, as the capture wrote it down. What the server refuses comes as a warning, and is noted. */
async function restoreCatalog(work: StageWork, signal: AbortSignal): Promise<void> {
  const sql = await readText(work, 'catalog.sql', signal)
  await using connection = await connectStage(work.stage, work.options.section, signal)
  connection.client.on('notice', ({ severity, message }) => {
    if (severity === 'WARNING' && message !== undefined) work.notes.push(message)
  })
  await connection.query(work.hasMappedRoles ? mapCatalog(sql, work.roleOf) : sql)
}

/** Written by us in one form: names always quoted, `rolname = '…'` and `OWNER TO "…"`. */
function mapCatalog(sql: string, roleOf: (role: string) => string): string {
  return sql
    .replace(
      /(rolname = *)'((?:[^'\\]|'')*)'/g,
      (_, before: string, name: string) => before + quoteLiteral(roleOf(name.replaceAll("''", "'"))),
    )
    .replace(/(OWNER TO )"((?:[^"]|"")*)"/g, (_, before: string, name: string) => before + quoteName(roleOf(name.replaceAll('""', '"'))))
}

async function readText(work: StageWork, name: string, signal: AbortSignal): Promise<string> {
  const content = await work.options.stored.file(name, signal)
  const parts: Uint8Array[] = []
  for await (const bytes of content.read(signal)) parts.push(bytes)
  return Buffer.concat(parts).toString('utf8')
}
