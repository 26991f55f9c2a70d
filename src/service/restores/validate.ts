import { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { durations } from '#base/units.ts'
import { testLineSchema, type SystemTest, type TestLine } from '#contract/systems.ts'
import type { Scope } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import type { Prepared } from '#service/jobs/job-kind.ts'
import { answeredWork } from '#service/jobs/answered-work.ts'
import type { RestoreValidateInput } from '#service/jobs/work/restore-validate.work.ts'
import { knownBackup } from '#service/backups/backups.ts'
import type { StoredBackup } from '#service/backups/backups.store.ts'
import { assertUsable } from './restores.ts'
import { knownPlan, preparedBackup, preparedPlan } from './plans.ts'
import type { StoredPlan } from './restores.store.ts'

const validationMsMax = 3 * durations.minute
const workFile = new URL('../jobs/work/restore-validate.work.ts', import.meta.url)

export interface Validated {
  readonly test: SystemTest
  readonly backup: StoredBackup
}

/** In a process of its own, which has the passwords of the databases as a file that is there for it alone. */
export async function validateRestore(
  house: House,
  scope: Scope,
  {
    of,
    signal,
  }: { readonly of: { readonly planId?: string | undefined; readonly backupId?: string | undefined }; readonly signal: AbortSignal },
): Promise<Validated> {
  const { plan, backup, prepared } = await house.catalog.as(scope, async (tx) => {
    const known = of.planId === undefined ? undefined : await knownPlan(tx, of.planId)
    const row = await knownBackup(tx, known?.backup_id ?? of.backupId!)
    const made = known ? await preparedPlan(house, tx, known) : await preparedBackup(house, tx, row)
    return { plan: known, backup: row, prepared: { ...made, input: { ...made.input, document: known?.document ?? null } } }
  })
  const lines = [...(plan ? [planLine(plan, house.clock.now())] : []), standingLine(backup), ...(await looked(house, prepared, signal))]
  const has = (result: TestLine['result']) => lines.some((line) => line.result === result)
  const result = has('failed') ? 'failed' : has('warning') ? 'warning' : 'ok'
  return { backup, test: { at: house.clock.now().toISOString(), result, lines } }
}

function planLine(plan: StoredPlan, now: Date): TestLine {
  try {
    assertUsable(plan, now)
    return {
      subject: 'plan',
      result: 'ok',
      fact: `it may be carried out until ${plan.expires_at?.toISOString()}`,
      hint: '',
      statements: [],
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { subject: 'plan', result: 'failed', fact: error.message, hint: error.hint, statements: [] }
  }
}

/** What earlier looks at this backup have shown. */
function standingLine({ name, standing, standing_at }: StoredBackup): TestLine {
  const since = standing_at === null ? '' : ` since ${standing_at.toISOString()}`
  const said = { subject: 'proofs', fact: `${name} is ${standing}${since}`, statements: [] }
  if (standing === 'failed') return { ...said, result: 'failed', hint: 'Choose another backup.' }
  if (standing === 'unverified') return { ...said, result: 'warning', hint: 'Verify it first: nobody has read it yet.' }
  return { ...said, result: 'ok', hint: '' }
}

async function looked(house: House, prepared: Prepared<RestoreValidateInput>, signal: AbortSignal): Promise<TestLine[]> {
  const { end, isLate } = await answeredWork(house, { work: workFile, prepared, msMax: validationMsMax }, signal)
  if (end.kind === 'done') return z.array(testLineSchema).parse(end.output)
  if (isLate) return [late]
  if (end.kind === 'fault')
    return [{ subject: 'repository', result: 'failed', fact: end.fault.message, hint: end.fault.hint, statements: [] }]
  throw new Error(end.kind === 'gone' ? `the validation ended without a word: ${end.how}` : end.stack)
}

const late: TestLine = {
  subject: 'target',
  result: 'failed',
  fact: 'looking at all of it took too long',
  hint: 'Plan the restore instead: a plan takes the time that it needs.',
  statements: [],
}
