import { PgBoss } from 'pg-boss'
import type { Catalog } from '#service/catalog/catalog.ts'
import type { Log } from '#service/log.ts'

/** The one queue. A lane (`singletonKey`) has one job at a time, whoever works on it (policy `singleton`). */
export const jobsQueue = 'jobs'

/**
 * pg-boss in the catalog's PostgreSQL, in a schema of its own. A worker that stops telling that it lives is replaced: its
 * job is handed out again after at most `heartbeatSeconds` and the interval of supervision.
 */
export async function startBoss(catalog: Catalog, log: Log): Promise<PgBoss> {
  const boss = new PgBoss({
    db: { executeSql: async (text, values) => await catalog.pool.query(text, values as unknown[]) },
    schema: 'jobs',
    // Schedules are ours (DECISIONS "Behaviour").
    schedule: false,
    superviseIntervalSeconds: 5,
    monitorIntervalSeconds: 5,
  })
  boss.on('error', (error) => log.error({ err: error }, 'job queue'))
  await boss.start()
  const options = { retryLimit: 3, retryDelay: 5, retryBackoff: true, expireInSeconds: 23 * 3600, heartbeatSeconds: 10 }
  if (await boss.getQueue(jobsQueue)) await boss.updateQueue(jobsQueue, options)
  else await boss.createQueue(jobsQueue, { ...options, policy: 'singleton' })
  return boss
}
