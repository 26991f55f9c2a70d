import path from 'node:path'
import { Fault, isFault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { withCatalog } from './catalog/catalog.ts'
import { assertKnownVersion } from './catalog/migrate.store.ts'
import { findCatalogPlace } from './catalog/place.ts'
import { everything } from './catalog/scope.ts'
import type { Config } from './config.ts'
import { assertCatalogAnswers } from './http/service.store.ts'
import { openHouse, type Instruments, type OpenHouse } from './open-house.ts'
import { readSealingKey } from './seal.ts'

/** A worker in a process of its own, on the machine of the service or on another one. */
export interface LoneWorker extends AsyncDisposable {
  /** Rejects with CATALOG_UNREACHABLE when that has not answered for too long: whoever started the worker may start it again. */
  readonly lost: Promise<never>
}

export interface LoneWorkerOptions {
  /** `sealing.key` of the data directory, unless this names another file: a worker elsewhere has a copy of it. */
  readonly sealingKeyFile?: string | undefined
}

/** Joins the jobs of a service that runs. SERVICE_ABSENT, CATALOG_UNREACHABLE, CATALOG_VERSION, SECRET_KEY, SECRET_UNREADABLE. */
export async function startLoneWorker(config: Config, instruments: Instruments, options: LoneWorkerOptions = {}): Promise<LoneWorker> {
  await using parts = new AsyncDisposableStack()
  const connection = await findCatalogPlace(config)
  await withCatalog(connection, assertKnownVersion)
  const sealingKey = await readSealingKey(options.sealingKeyFile ?? path.join(config.dataDirectory, 'sealing.key'))
  const stopping = new AbortController()
  const opened = parts.use(await openHouse({ ...instruments, config, connection, sealingKey, stopping: stopping.signal }))
  parts.use(await opened.work())
  const watch = watchCatalog(opened)
  parts.use(watch)
  parts.defer(() => stopping.abort(new Fault('SHUTTING_DOWN', 'the worker is stopping')))
  const kept = parts.move()
  return { lost: watch.lost, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

function watchCatalog({ house }: OpenHouse): Disposable & { readonly lost: Promise<never> } {
  const { catalog, clock, log } = house
  const { promise: lost, reject } = Promise.withResolvers<never>()
  // Whoever waits for it hears of it; nobody has to.
  lost.catch(() => undefined)
  let answeredMs = clock.monotonicMs()
  const look = async () => {
    try {
      await catalog.as(everything, assertCatalogAnswers)
      answeredMs = clock.monotonicMs()
    } catch (error) {
      log.warn({ err: error }, 'the catalog does not answer')
      if (clock.monotonicMs() - answeredMs > limits.catalogSilenceMsMax)
        reject(isFault(error) ? error : new Fault('CATALOG_UNREACHABLE', 'the catalog does not answer', {}, { cause: error }))
    }
  }
  const timer = clock.every(limits.catalogLookEveryMs, () => void look())
  return { lost, [Symbol.dispose]: () => timer[Symbol.dispose]() }
}
