import path from 'node:path'
import { mkdir } from 'node:fs/promises'
import type pg from 'pg'
import { startCluster, type PrivateCluster } from '#host/postgres-cluster.ts'
import { parseDatabaseUrl } from '#engine/sources/postgres/target.ts'
import { environment } from '#host/environment.ts'
import { madeCatalogDatabase } from './place.store.ts'

/** Where the catalog is, and what to end when the service ends. */
export interface CatalogPlace extends AsyncDisposable {
  readonly connection: pg.ClientConfig
}

/** A PostgreSQL of its own in the data directory, behind a unix socket; or the one that `INTEGRUM_DATABASE_URL` names. */
export async function openCatalogPlace({
  dataDirectory,
  databaseUrl,
}: {
  readonly dataDirectory: string
  readonly databaseUrl?: string | undefined
}): Promise<CatalogPlace> {
  if (databaseUrl !== undefined) return { connection: connectionOf(databaseUrl), [Symbol.asyncDispose]: async () => undefined }
  await mkdir(dataDirectory, { recursive: true, mode: 0o755 })
  const cluster = await startCluster(path.join(dataDirectory, 'catalog'), { isDurable: true, settings: { max_connections: '200' } })
  try {
    await madeCatalogDatabase(superuserOf(cluster))
    return {
      connection: { host: cluster.socketDirectory, user: 'integrum', database: 'integrum' },
      [Symbol.asyncDispose]: () => cluster.stop(),
    }
  } catch (error) {
    await cluster.stop()
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
