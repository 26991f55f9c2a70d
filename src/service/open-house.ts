import type pg from 'pg'
import type { PgBoss } from 'pg-boss'
import type { Clock } from '#base/clock.ts'
import { bootClockOf, type BootClock } from '#host/boot-clock.ts'
import type { Random } from '#host/random.ts'
import { trailKeysFrom } from './audit/trail-keys.ts'
import { openCatalog } from './catalog/catalog.ts'
import type { Config } from './config.ts'
import { openEventStream } from './events/event-stream.ts'
import type { House } from './house.ts'
import { startBoss } from './jobs/boss.ts'
import { knownRun, type AnyJobKind } from './jobs/job-kind.ts'
import { jobKinds } from './jobs/job-kinds.ts'
import { queueOf } from './jobs/boss-queue.ts'
import { startWorker } from './jobs/worker.ts'
import { openLog } from './log.ts'
import { authenticatorOf } from './people/authenticate.ts'
import { openRepositories } from './repositories/open-repositories.ts'
import { assertSealingFits } from './seal-check.store.ts'
import { sealingWith } from './seal.ts'

export interface Instruments {
  readonly clock: Clock
  readonly random: Random
  /** The machine's, unless a test has another. */
  readonly boot?: BootClock
  readonly logLevel?: string
  /** Those of `job-kinds.ts`, unless a test has others. */
  readonly kinds?: readonly AnyJobKind[]
}

export interface HouseParts extends Instruments {
  readonly config: Config
  readonly connection: pg.ClientConfig
  readonly sealingKey: Buffer
  readonly stopping: AbortSignal
}

export interface OpenHouse extends AsyncDisposable {
  readonly house: House
  /** Takes jobs until it is disposed. */
  work(): Promise<AsyncDisposable>
}

/** What the service and a worker of its own have in common: a catalog that is up to date, and what works on it. */
export async function openHouse(given: HouseParts): Promise<OpenHouse> {
  const { config, connection, sealingKey, stopping, clock, random, logLevel = 'info', kinds = jobKinds } = given
  await using parts = new AsyncDisposableStack()
  const log = openLog(logLevel)
  const catalog = parts.use(openCatalog(connection))
  const sealing = sealingWith(sealingKey)
  await assertSealingFits(catalog, sealing, clock.now())
  const boss: PgBoss = parts.adopt(await startBoss(catalog, log), (one) => one.stop({ graceful: true }))
  const repositories = parts.use(openRepositories({ clock, random, log }))
  const house: House = {
    config,
    catalog,
    clock,
    boot: given.boot ?? bootClockOf(clock),
    random,
    log,
    sealing,
    trail: trailKeysFrom(sealingKey),
    queue: queueOf({
      boss,
      clock,
      random,
      settleTakenBack: async (tx, run, by) => {
        const kind = kinds.find(({ name }) => name === run.kind)
        if (kind) await kind.settle(house, tx, knownRun(kind, run), { kind: 'cancelled', by })
      },
    }),
    events: parts.use(openEventStream({ catalog, clock, log })),
    repositories,
    authenticate: authenticatorOf(catalog, clock),
    stopping,
  }
  const kept = parts.move()
  return {
    house,
    work: () => startWorker({ house, boss, kinds, jobsAtOnce: config.jobsAtOnce }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
