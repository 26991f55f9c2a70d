import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import pg from 'pg'
import { Fault, errnoOf, messageOf } from '#base/fault.ts'
import { beginnings } from './beginnings.ts'
import { migrate } from './catalog/migrate.store.ts'
import { openCatalogPlace } from './catalog/place.ts'
import type { Config } from './config.ts'
import type { House } from './house.ts'
import { makeServer } from './http/server.ts'
import { openHouse, type Instruments } from './open-house.ts'
import { newSetUpLink } from './people/set-up.ts'
import { sealingKey } from './seal.ts'
import { slices } from './slices.ts'

export interface Service extends AsyncDisposable {
  readonly house: House
  /** Where it answers. */
  readonly url: string
  /** Of an installation that nobody has set up: where it is done, once. */
  readonly setUpLink: string | undefined
}

/** The whole service on one page: the catalog, what works on it, and the doors last. Ends in the reverse order. */
export async function startService(config: Config, instruments: Instruments): Promise<Service> {
  await using parts = new AsyncDisposableStack()
  await mkdir(config.dataDirectory, { recursive: true, mode: 0o755 })
  const place = parts.use(await openCatalogPlace(config))
  await bringUpToDate(place.connection, instruments.clock.now())
  const stopping = new AbortController()
  const key = await sealingKey(path.join(config.dataDirectory, 'sealing.key'))
  const opened = parts.use(
    await openHouse({ ...instruments, config, connection: place.connection, sealingKey: key, stopping: stopping.signal }),
  )
  const { house } = opened
  for (const begin of beginnings) await begin(house)
  if (config.isWorker) parts.use(await opened.work())
  const app = await makeServer(house)
  for (const addRoutes of slices) addRoutes(app, house)
  parts.defer(() => app.close())
  parts.defer(() => stopping.abort(new Fault('SHUTTING_DOWN', 'the service is stopping')))
  const url = await listen(app, config)
  const setUpLink = await newSetUpLink(house, url)
  const kept = parts.move()
  return { house, url, setUpLink, [Symbol.asyncDispose]: () => kept.disposeAsync() }
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

async function listen(app: Awaited<ReturnType<typeof makeServer>>, { address, port }: Config): Promise<string> {
  try {
    return await app.listen({ host: address, port })
  } catch (cause) {
    if (errnoOf(cause) !== 'EADDRINUSE') throw cause
    throw new Fault('PORT_IN_USE', `port ${port} of ${address} is taken`, { port }, { cause })
  }
}
