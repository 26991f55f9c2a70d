import { systemClock } from '#base/clock.ts'
import { Fault, isFault } from '#base/fault.ts'
import { printBytes, printCount } from '#base/units.ts'
import { systemRandom } from '#host/random.ts'
import type { TestLine } from '#contract/systems.ts'
import { findBackup, openBackup, type OpenedBackup } from '#engine/backup/backups.ts'
import { verifyBackup } from '#engine/backup/verify-backup.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { makePlan } from '#engine/restore/make-plan.ts'
import { orderOfPlan } from '#engine/restore/order-of-plan.ts'
import { parsePlan, type RestorePlan } from '#engine/restore/plan.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { jobRepository } from './job-repository.ts'
import { orderFor, type RestorePreviewInput } from './restore-preview.work.ts'
import { restoreInstruments } from './restored.ts'

export interface RestoreValidateInput extends RestorePreviewInput {
  /** Of a plan that was made before; null: what a plan would say now. */
  readonly document: string | null
}

/** Looks at the backup and at its target as a restore would, counts no rows, and changes nothing. */
export async function work(input: RestoreValidateInput, tools: WorkTools): Promise<TestLine[]> {
  const { signal } = tools
  await using repository = await jobRepository(input.repository, tools, { onDamagedIndex: () => undefined })
  let opened: OpenedBackup
  try {
    const found = await findBackup(repository, input.backupId, { now: systemClock.now() }, signal)
    opened = await openBackup(repository, found, signal)
  } catch (error) {
    return [lineOf('backup', error)]
  }
  const { manifest, checksum } = opened
  const gaps = manifest.gaps.count
  return [
    line('backup', gaps > 0 ? 'warning' : 'ok', `${manifest.name} is in its repository, with ${printCount(gaps)} gaps`),
    await checksums(repository, opened, tools),
    ...(input.document === null ? [] : [sameManifest(parsePlan(input.document, 'of the catalog'), checksum)]),
    ...(await targetLines(repository, opened, { input, tools })),
  ]
}

type Said = Pick<TestLine, 'fact'> & Partial<TestLine>

function line(subject: string, result: TestLine['result'], said: string | Said): TestLine {
  return { subject, result, hint: '', statements: [], ...(typeof said === 'string' ? { fact: said } : said) }
}

/** What is no fault is a mistake of ours, and told as one. */
function lineOf(subject: string, error: unknown): TestLine {
  if (!isFault(error) || error.code === 'CANCELLED') throw error
  return line(subject, 'failed', { fact: error.message, hint: error.hint })
}

async function checksums(repository: Repository, opened: OpenedBackup, tools: WorkTools): Promise<TestLine> {
  try {
    const found = await verifyBackup(repository, opened, { isQuick: true, instruments: restoreInstruments(tools) }, tools.signal)
    if (found.isIntact) return line('checksums', 'ok', 'everything that the manifest names is in the repository, in its size')
    const first = found.findings.slice(0, 3).map(({ fact }) => fact)
    return line('checksums', 'failed', {
      fact: `the backup is damaged in ${found.findings.length} places: ${first.join('; ')}`,
      hint: damageHint,
    })
  } catch (error) {
    return lineOf('checksums', error)
  }
}

const damageHint = 'Choose another backup, and let the repository be checked.'

function sameManifest(plan: RestorePlan, checksum: string): TestLine {
  if (plan.manifestChecksum === checksum) return line('plan', 'ok', 'the backup is the one that the plan was made from')
  const { message, hint } = new Fault('PLAN_STALE', 'the manifest of the backup is not the one that the plan was made from')
  return line('plan', 'failed', { fact: message, hint })
}

interface Looking {
  readonly input: RestoreValidateInput
  readonly tools: WorkTools
}

/** Version, extensions, roles, rights and room: a plan is refused for each of them, so one is made. */
async function targetLines(repository: Repository, opened: OpenedBackup, { input, tools }: Looking): Promise<TestLine[]> {
  const { signal } = tools
  const parts = { clock: systemClock, random: systemRandom, countsRows: false }
  try {
    const earlier = input.document === null ? undefined : parsePlan(input.document, 'of the catalog')
    const order = earlier ? await orderOfPlan(repository, earlier, { now: systemClock.now(), signal }) : orderFor(opened, input)
    const plan = await makePlan(repository, order, { ...parts, ...(earlier && { earlier }) }, signal)
    return [
      line('target', 'ok', `version, extensions, roles and rights of ${namesOf(plan)} fit`),
      ...plan.space.map(({ place, neededBytes, freeBytes }) => spaceLine(place, neededBytes, freeBytes)),
      ...(earlier && earlier.digest !== plan.digest ? [staleLine(earlier)] : []),
      ...plan.warnings.slice(0, 20).map((warning) => line('note', 'warning', warning)),
    ]
  } catch (error) {
    return [lineOf('target', error)]
  }
}

function namesOf({ databases, roots }: RestorePlan): string {
  return [...databases, ...roots].map(({ name }) => name).join(', ')
}

function spaceLine(place: string, neededBytes: number, freeBytes: number | null): TestLine {
  const free = freeBytes === null ? 'how much is free is not known' : `${printBytes(freeBytes)} are free`
  return line('space', 'ok', `${place}: ${printBytes(neededBytes)} are needed, ${free}`)
}

function staleLine({ createdAt }: RestorePlan): TestLine {
  const { message, hint } = new Fault('PLAN_STALE', `the target changed since the plan of ${createdAt}`)
  return line('plan', 'failed', { fact: message, hint })
}
