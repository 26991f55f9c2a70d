import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { systemClock } from '#base/clock.ts'
import { errnoOf } from '#base/fault.ts'
import { everything, within } from '#service/catalog/scope.ts'
import { jobKind, type AnyJobKind } from '#service/jobs/job-kind.ts'
import { jobOf, findRun } from '#service/jobs/runs.store.ts'
import type { Job } from '#contract/jobs.ts'
import type { House } from '#service/house.ts'
import type { work } from './job-work/steps.work.ts'

const orderSchema = z.object({
  trace: z.string(),
  act: z.enum(['steps', 'unreachable', 'damage', 'mistake', 'crash', 'deaf', 'swap']),
  steps: z.number(),
  badAttempts: z.number(),
})
export type StepsOrder = z.infer<typeof orderSchema>

/** A kind that does nothing but what its order says; its end is noted in the settings of the catalog. */
export const stepsKind: AnyJobKind = jobKind<StepsOrder, typeof work>({
  name: 'test-steps',
  order: orderSchema,
  output: z.object({ steps: z.number(), previousTrail: z.record(z.string(), z.unknown()) }),
  work: new URL('./job-work/steps.work.ts', import.meta.url),
  prepare: async (_house, run) => ({ input: run.order }),
  statusOf: ({ steps }) => (steps === 7 ? 'completed_with_gaps' : 'completed'),
  settle: async (house, tx, run, outcome) => {
    await tx
      .insertInto('settings')
      .values({ name: `end of ${run.id}`, value: JSON.stringify(outcome), changed_at: house.clock.now() })
      .execute()
  },
})

export interface AddedJob {
  readonly id: string
}

export async function addSteps(
  house: House,
  tenantId: string,
  order: Partial<StepsOrder> & { readonly trace: string; readonly lane?: string },
): Promise<string> {
  const { lane = house.random.uuid(), trace, act = 'steps', steps = 5, badAttempts = act === 'steps' ? 0 : 99 } = order
  return await house.catalog.as(within(tenantId), (tx) =>
    house.queue.add(tx, {
      kind: 'test-steps',
      tenantId,
      systemId: null,
      repositoryId: null,
      subjectId: null,
      title: `${act} of ${steps}`,
      order: { trace, act, steps, badAttempts } satisfies StepsOrder,
      createdBy: { id: null, name: 'a test' },
      lane,
    }),
  )
}

export async function jobNow(house: House, id: string): Promise<Job> {
  return jobOf((await house.catalog.as(everything, (tx) => findRun(tx, id)))!)
}

/** Looks until it is as wanted; fails with what it is after the time given. */
export async function jobWhen(house: House, id: string, isWanted: (job: Job) => boolean, patienceMs = 30_000): Promise<Job> {
  const untilMs = systemClock.monotonicMs() + patienceMs
  for (;;) {
    const job = await jobNow(house, id)
    if (isWanted(job)) return job
    if (systemClock.monotonicMs() > untilMs) throw new Error(`still waiting: ${JSON.stringify(job)}`)
    await systemClock.sleep(50)
  }
}

export const isOver = ({ status }: Job) => status !== 'pending' && status !== 'in_progress'
export const isGoing = ({ status, progressAt, stage }: Job) => status === 'in_progress' && progressAt !== null && stage !== null

/** How the kind settled it; undefined when it did not. */
export async function settledEnd(house: House, id: string): Promise<{ readonly kind: string } | undefined> {
  const row = await house.catalog.as(everything, (tx) =>
    tx.selectFrom('settings').select('value').where('name', '=', `end of ${id}`).executeTakeFirst(),
  )
  return row?.value as { readonly kind: string } | undefined
}

export interface TraceLine {
  readonly what: string
  readonly attempt: number
  readonly pid: number
}

export async function readTrace(file: string): Promise<TraceLine[]> {
  try {
    // Made empty first, and written to afterwards: only a line with its end is whole.
    const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1)
    return lines.map((line) => {
      const [what, attempt, pid] = line.split(' ')
      return { what: what!, attempt: Number(attempt), pid: Number(pid) }
    })
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}
