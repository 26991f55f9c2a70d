import path from 'node:path'
import { withCatalog } from './catalog/catalog.ts'
import { migrate } from './catalog/migrate.store.ts'
import { openCatalogPlace } from './catalog/place.ts'
import type { Config } from './config.ts'
import { claimDataDirectory } from './data-directory.ts'
import { openHouse, type Instruments, type OpenHouse } from './open-house.ts'
import { sealingKey } from './seal.ts'

/** The data directory of a service, made when it is not there: its catalog up to date, its key, and what works on them. */
export async function openInstallation(config: Config, instruments: Instruments, stopping: AbortSignal): Promise<OpenHouse> {
  await using parts = new AsyncDisposableStack()
  parts.use(await claimDataDirectory(config.dataDirectory))
  const place = parts.use(await openCatalogPlace(config, instruments.clock))
  await withCatalog(place.connection, (client) => migrate(client, instruments.clock.now()))
  const key = await sealingKey(path.join(config.dataDirectory, 'sealing.key'))
  const opened = parts.use(await openHouse({ ...instruments, config, connection: place.connection, sealingKey: key, stopping }))
  const kept = parts.move()
  return { house: opened.house, work: () => opened.work(), [Symbol.asyncDispose]: () => kept.disposeAsync() }
}
