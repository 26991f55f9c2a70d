import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import { Fault, errnoOf, messageOf } from '#base/fault.ts'
import type { Config } from '#service/config.ts'
import { claimDataDirectory } from '#service/data-directory.ts'
import { assertKnownVersion } from './migrate.store.ts'
import { openCatalog, withCatalog, type Catalog } from './catalog.ts'
import { openCatalogPlace, type CatalogPlace } from './place.ts'

/** The catalog of an installation for a command that only reads, whether the service runs or not. Nothing is made or brought up to date. */
export async function visitCatalog(config: Pick<Config, 'dataDirectory' | 'databaseUrl'>, clock: Clock): Promise<Catalog> {
  await using parts = new AsyncDisposableStack()
  const place = parts.use(await visitedPlace(config, clock))
  await withCatalog(place.connection, assertKnownVersion)
  const catalog = parts.use(openCatalog(place.connection))
  const kept = parts.move()
  return { ...catalog, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

async function visitedPlace(config: Pick<Config, 'dataDirectory' | 'databaseUrl'>, clock: Clock): Promise<CatalogPlace> {
  if (config.databaseUrl !== undefined) return await openCatalogPlace(config, clock)
  const data = path.join(config.dataDirectory, 'catalog', 'data')
  if ((await textIn(path.join(data, 'PG_VERSION'))) === undefined)
    throw new Fault('CATALOG_UNREACHABLE', `there is no catalog in ${config.dataDirectory}`, { dataDirectory: config.dataDirectory })
  // The fifth line of postmaster.pid is the directory of the socket.
  const [pid, , , , socketDirectory] = ((await textIn(path.join(data, 'postmaster.pid'))) ?? '').split('\n')
  if (!socketDirectory || !isAlive(Number(pid))) return await openedAlone(config, clock)
  return {
    connection: { host: socketDirectory, user: 'integrum', database: 'integrum' },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** No service starts meanwhile: it would take ours for one that a killed service has left. */
async function openedAlone(config: Pick<Config, 'dataDirectory'>, clock: Clock): Promise<CatalogPlace> {
  await using parts = new AsyncDisposableStack()
  parts.use(await claimDataDirectory(config.dataDirectory))
  const { connection } = parts.use(await openCatalogPlace(config, clock))
  const kept = parts.move()
  return { connection, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

async function textIn(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw new Fault('HOST_IO', `${file} cannot be read: ${messageOf(error)}`, { file }, { cause: error })
  }
}

/** A killed server leaves its file behind. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return errnoOf(error) === 'EPERM'
  }
}
