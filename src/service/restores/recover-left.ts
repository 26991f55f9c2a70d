import { z } from 'zod'
import { isUnfinishedChange, listChangeStates } from '#engine/entities/change-journal.ts'
import { isUnfinished, listJournals } from '#engine/restore/journal.ts'
import { everything, within, type Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import type { DatabasePassword } from '#service/jobs/job-kind.ts'
import { startJobProcess } from '#service/jobs/job-process.ts'
import { databasePasswordsOf, knownPlan } from './plans.ts'
import { changeState, journalState, noteRecovered, noteRecoveredRecords } from './restore-end.ts'
import { stateDirectoryOf } from './restores.ts'
import { restoresByIds, restoresUnderWay, type StoredRestore } from './restores.store.ts'

const workFile = new URL('../jobs/work/recover.work.ts', import.meta.url)

/**
 * Before jobs are taken: restores that a crash left half-way and that no job looks after any more are finished or taken
 * back, so that no fence stays and no staging. One whose job goes on is recovered by its successor.
 */
export async function recoverLeft(house: House): Promise<void> {
  const stateDirectory = stateDirectoryOf(house)
  const unfinished = [
    ...(await listJournals(stateDirectory)).filter(({ state }) => isUnfinished(state)).map(({ state }) => state.restore),
    ...(await listChangeStates(stateDirectory)).filter(isUnfinishedChange).map(({ restore }) => restore),
  ]
  if (unfinished.length === 0) return
  const { rows, underWay } = await house.catalog.as(everything, async (tx) => ({
    rows: await restoresByIds(tx, unfinished),
    underWay: await restoresUnderWay(tx),
  }))
  const ids = unfinished.filter((id) => !underWay.has(id))
  if (ids.length === 0) return
  const recovered = await recover(house, { stateDirectory, ids }, await passwordsOf(house, rows))
  for (const row of rows.filter(({ id }) => recovered.includes(id)))
    await house.catalog.as(within(row.tenant_id), (tx) => note(house, tx, row))
}

async function note(house: House, tx: Tx, row: StoredRestore): Promise<void> {
  if (row.extent === 'records') {
    const state = await changeState(house, row.id)
    if (state) await noteRecoveredRecords(house, tx, { row, state })
    return
  }
  const state = await journalState(house, row.id)
  if (state) await noteRecovered(house, tx, { row, state })
}

async function passwordsOf(house: House, rows: readonly StoredRestore[]): Promise<DatabasePassword[]> {
  const passwords: DatabasePassword[] = []
  for (const { tenant_id, plan_id } of rows) {
    if (plan_id === null) continue
    passwords.push(
      ...(await house.catalog.as(within(tenant_id), async (tx) => databasePasswordsOf(house, tx, await knownPlan(tx, plan_id)))),
    )
  }
  return passwords
}

async function recover(
  { clock, log }: House,
  input: { readonly stateDirectory: string; readonly ids: readonly string[] },
  databasePasswords: readonly DatabasePassword[],
): Promise<string[]> {
  const process = await startJobProcess({
    work: workFile,
    prepared: { input, databasePasswords },
    attempt: 1,
    previousTrail: {},
    clock,
    onProgress: () => undefined,
    onLog: (line, level) => log[level === 'warning' ? 'warn' : level]({}, line),
    onTrail: async () => true,
  })
  const end = await process.ended
  if (end.kind === 'done') return z.array(z.string()).parse(end.output)
  // The service is of more use with a restore left half-way than not at all: the next start tries again.
  log.error({ end }, 'restores that were interrupted could not be recovered')
  return []
}
