import { Fault, errnoOf } from '#base/fault.ts'
import { beginnings } from './beginnings.ts'
import type { Config } from './config.ts'
import type { House } from './house.ts'
import { makeServer } from './http/server.ts'
import type { Instruments } from './open-house.ts'
import { openInstallation } from './open-installation.ts'
import { newSetUpLink } from './people/set-up.ts'
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
  const stopping = new AbortController()
  const opened = parts.use(await openInstallation(config, instruments, stopping.signal))
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

async function listen(app: Awaited<ReturnType<typeof makeServer>>, { address, port }: Config): Promise<string> {
  try {
    return await app.listen({ host: address, port })
  } catch (cause) {
    if (errnoOf(cause) !== 'EADDRINUSE') throw cause
    throw new Fault('PORT_IN_USE', `port ${port} of ${address} is taken`, { port }, { cause })
  }
}
