import type { FastifyInstance } from 'fastify'
import { Fault } from '#base/fault.ts'
import { jobs } from '#contract/jobs.ts'
import type { Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { serve } from '#service/http/gate.ts'
import { findRun, jobOf, lastLines, listRuns, readLog, type StoredRun } from './runs.store.ts'

const lastLinesCount = 50

export function addJobs(app: FastifyInstance, house: House): void {
  serve(app, house, jobs.list, async ({ query, read }) => {
    const { page, pageSize, order, isOpen, ...filter } = query
    const wanted = { ...filter, ...(isOpen !== undefined && { isOpen: isOpen === 'true' }) }
    const { rows, total } = await read((tx) => listRuns(tx, wanted, { page, pageSize, order }))
    return { rows: rows.map(jobOf), total, page, pageSize }
  })
  serve(app, house, jobs.read, async ({ params, read }) =>
    read(async (tx) => ({ ...jobOf(await knownRunIn(tx, params.id)), log: await lastLines(tx, params.id, lastLinesCount) })),
  )
  serve(app, house, jobs.log, async ({ params, query, read }) =>
    read(async (tx) => {
      await knownRunIn(tx, params.id)
      return { ...(await readLog(tx, params.id, query)), ...query }
    }),
  )
  serve(app, house, jobs.cancel, async ({ params, body, caller, act }) =>
    act(async (tx) => {
      const before = await knownRunIn(tx, params.id)
      const run = await house.queue.cancel(tx, params.id, caller.name)
      return {
        reply: jobOf(run),
        tenantId: run.tenant_id,
        subject: { kind: 'job', id: run.id, name: run.title },
        ...(body.reason !== undefined && { reason: body.reason }),
        before: { status: before.status },
        after: { status: run.status, cancelRequestedBy: run.cancel_requested_by },
      }
    }),
  )
}

async function knownRunIn(tx: Tx, id: string): Promise<StoredRun> {
  const run = await findRun(tx, id)
  if (!run) throw new Fault('NOT_FOUND', `there is no job ${id}`)
  return run
}
