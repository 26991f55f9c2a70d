import { PgBoss } from 'pg-boss'
import type { Catalog } from '#service/catalog/catalog.ts'
import type { Log } from '#service/log.ts'

/** The one queue. A lane (`singletonKey`) has one job at a time, in the order they came, whoever works on it. */
export const jobsQueue = 'jobs'

/** A job of which its worker has said nothing for so long is handed to another. */
export const heartbeatSeconds = 10

/**
 * What the queue does by itself is to hand a job out again when its worker was lost, at once and as often as it takes:
 * how often a run may fail, and after which pause it is tried again, is counted in the run (`attempt.ts`), where a job
 * that was handed over does not count.
 *
 * `key_strict_fifo` and not `singleton`: the latter knows the busy lanes from a count made now and then, so that a waiting
 * job of a busy lane holds up those of all others, and a lane that has become free is passed by.
 */
const queueOptions = {
  heartbeatSeconds,
  retryLimit: 1_000,
  retryDelay: 0,
  retryBackoff: false,
  expireInSeconds: 23 * 3600,
  retentionSeconds: 365 * 24 * 3600,
}

export async function startBoss(catalog: Catalog, log: Log): Promise<PgBoss> {
  const boss = new PgBoss({
    db: { executeSql: async (text, values) => await catalog.pool.query(text, values as unknown[]) },
    schema: 'jobs',
    // Schedules are ours (DECISIONS "Behaviour").
    schedule: false,
    superviseIntervalSeconds: 2,
    monitorIntervalSeconds: 2,
  })
  boss.on('error', (error) => log.error({ err: error }, 'job queue'))
  await boss.start()
  if (await boss.getQueue(jobsQueue)) await boss.updateQueue(jobsQueue, queueOptions)
  else await boss.createQueue(jobsQueue, { ...queueOptions, policy: 'key_strict_fifo' })
  return boss
}
