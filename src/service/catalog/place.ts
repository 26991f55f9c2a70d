import path from 'node:path'
import { readFile } from 'node:fs/promises'
import type pg from 'pg'
import { z } from 'zod'
import type { Clock } from '#base/clock.ts'
import { Fault, errnoOf } from '#base/fault.ts'
import { parse } from '#base/parse.ts'
import { removeDurably, replaceDurably } from '#host/durable.ts'
import { endLeftServer } from '#host/left-server.ts'
import { startCluster, type PrivateCluster } from '#host/postgres-cluster.ts'
import { parseDatabaseUrl } from '#engine/sources/postgres/target.ts'
import { environment } from '#host/environment.ts'
import { madeCatalogDatabase } from './place.store.ts'

/** Where the catalog is, and what to end when the service ends. */
export interface CatalogPlace extends AsyncDisposable {
  readonly connection: pg.ClientConfig
}

export interface WantedPlace {
  readonly dataDirectory: string
  readonly databaseUrl?: string | undefined
}

/** A PostgreSQL of its own in the data directory, behind a unix socket; or the one that `INTEGRUM_DATABASE_URL` names. */
export async function openCatalogPlace({ dataDirectory, databaseUrl }: WantedPlace, clock: Clock): Promise<CatalogPlace> {
  if (databaseUrl !== undefined) return { connection: connectionOf(databaseUrl), [Symbol.asyncDispose]: async () => undefined }
  const folder = path.join(dataDirectory, 'catalog')
  const note = path.join(dataDirectory, noteName)
  // Its service was killed, and it goes on alone: whoever claimed the data directory may end it.
  await endLeftServer(folder, clock)
  const cluster = await startCluster(folder, {
    isDurable: true,
    settings: { max_connections: '200' },
    socketDirectory: (await readNote(note))?.host,
  })
  try {
    await madeCatalogDatabase(superuserOf(cluster))
    const connection = { host: cluster.socketDirectory, user: 'integrum', database: 'integrum' }
    await replaceDurably(note, `${JSON.stringify(connection)}\n`, 0o600)
    return {
      connection,
      [Symbol.asyncDispose]: async () => {
        await removeDurably(note)
        await cluster.stop()
      },
    }
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

/** The catalog of a service that runs: on this machine by its data directory, elsewhere by its URL. */
export async function findCatalogPlace({ dataDirectory, databaseUrl }: WantedPlace): Promise<pg.ClientConfig> {
  if (databaseUrl !== undefined) return connectionOf(databaseUrl)
  const connection = await readNote(path.join(dataDirectory, noteName))
  if (!connection)
    throw new Fault('SERVICE_ABSENT', `no service runs with the data directory ${dataDirectory}`, { directory: dataDirectory })
  return connection
}

/** Where the catalog of a running service is, for its workers. */
const noteName = 'catalog.json'
const noteSchema = z.strictObject({ host: z.string(), user: z.string(), database: z.string() })

async function readNote(file: string): Promise<z.infer<typeof noteSchema> | undefined> {
  try {
    return parse(noteSchema, await readFile(file, 'utf8'), file, 'CATALOG_UNREACHABLE')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function superuserOf(cluster: PrivateCluster): pg.ClientConfig {
  return { host: cluster.socketDirectory, user: cluster.user, database: 'postgres' }
}

/** SAFETY rule 21 holds for the catalog too: no password in the URL, libpq's own file has it. */
function connectionOf(url: string): pg.ClientConfig {
  const target = parseDatabaseUrl('catalog', url, environment(['PGHOST', 'PGPORT', 'PGUSER', 'USER']))
  const { host, port, user, database, sslMode } = target
  return {
    host,
    port,
    user,
    database,
    ...(sslMode !== undefined && sslMode !== 'disable' && { ssl: { rejectUnauthorized: sslMode.startsWith('verify') } }),
  }
}
