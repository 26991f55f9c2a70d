import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { Fault, messageOf } from '#base/fault.ts'
import { migrate } from './catalog/migrate.store.ts'
import { openCatalogPlace } from './catalog/place.ts'
import type { Config } from './config.ts'
import { openHouse, type Instruments, type OpenHouse } from './open-house.ts'
import { sealingKey } from './seal.ts'

/** The data directory of a service, made when it is not there: its catalog up to date, its key, and what works on them. */
export async function openInstallation(config: Config, instruments: Instruments, stopping: AbortSignal): Promise<OpenHouse> {
  await using parts = new AsyncDisposableStack()
  await mkdir(config.dataDirectory, { recursive: true, mode: 0o755 })
  const place = parts.use(await openCatalogPlace(config))
  await bringUpToDate(place.connection, instruments.clock.now())
  const key = await sealingKey(path.join(config.dataDirectory, 'sealing.key'))
  const opened = parts.use(await openHouse({ ...instruments, config, connection: place.connection, sealingKey: key, stopping }))
  const kept = parts.move()
  return { house: opened.house, work: () => opened.work(), [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

async function bringUpToDate(connection: pg.ClientConfig, now: Date): Promise<void> {
  const client = new pg.Client(connection)
  try {
    await client.connect()
  } catch (cause) {
    throw new Fault('CATALOG_UNREACHABLE', `the catalog does not answer: ${messageOf(cause)}`, {}, { cause })
  }
  try {
    await migrate(client, now)
  } finally {
    await client.end()
  }
}
