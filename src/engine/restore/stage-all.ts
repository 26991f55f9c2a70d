import { Fault } from '#base/fault.ts'
import { asksForSequences } from '#engine/sources/postgres/ready-assertions.ts'
import type { Instruments } from '#engine/backup/order.ts'
import { storedSource } from '#engine/backup/stored-source.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { stageFiles } from '#engine/sources/files/stage.ts'
import { stageDatabase } from '#engine/sources/postgres/stage.ts'
import type { VerifyReport } from '#engine/sources/postgres/verify.ts'
import { assertAll, assertionsOf } from './assert-all.ts'
import type { RestoreJournal } from './journal.ts'
import type { PlannedRestore } from './order.ts'
import type { PlannedDatabase, PlannedRoot } from './plan.ts'
import { unseen, type StageWitness } from './stage-witness.ts'

interface Staging extends PlannedRestore {
  readonly journal: RestoreJournal
  readonly instruments: Instruments
  /** Sees what each step took and found. */
  readonly witness?: StageWitness
  /** Where what is needed meanwhile is put; the system's place for temporary files otherwise. */
  readonly spoolIn?: string
}

/**
 * Builds every database and directory beside the live one and compares it with the backup. When it resolves, the journal
 * says `verified` and what was counted; when it rejects, what was made is named in the journal for `abandon`.
 */
export async function stageAll(repository: Repository, staging: Staging, signal: AbortSignal): Promise<void> {
  const { plan, journal } = staging
  await journal.change({ step: 'staging' })
  const verified = { tables: 0, rows: 0, files: 0, bytes: 0 }
  await repository.reading(async () => {
    for (const planned of plan.databases) {
      const report = await stageOneDatabase(repository, staging, planned, signal)
      verified.tables += report.tables
      verified.rows += report.rows
    }
    for (const planned of plan.roots) {
      const report = await stageOneRoot(repository, staging, planned, signal)
      verified.files += report.files
      verified.bytes += report.bytes
    }
  }, signal)
  await journal.change({ step: 'verified', verified })
}

async function stageOneDatabase(
  repository: Repository,
  { order, plan, journal, instruments, witness = unseen, spoolIn }: Staging,
  planned: PlannedDatabase,
  signal: AbortSignal,
) {
  const { name, record } = planned
  const wanted = order.databases.find(({ section }) => section.name === name)
  if (!wanted) throw new Fault('PLAN_INVALID', `the backup has no database ${name}`, { name })
  const stored = await storedSource(repository, order.opened.backup, order.opened.folderOf('database', name), signal)
  const stageOptions = {
    section: wanted.section,
    stored,
    target: record.live,
    stageName: record.stageName,
    roles: planned.roles,
    ...(planned.tables && { tables: planned.tables }),
    onCreated: (stageOid: number) => journal.changeDatabase({ ...record, stageOid }),
    onProgress: instruments.onProgress,
    spoolIn,
  }
  const staged = await witness.timed('stage', name, () => stageDatabase(stageOptions, signal))
  instruments.onProgress({ stage: 'verify', what: name })
  const verified = await witness.timed('verify', name, () => staged.verify(signal))
  witness.database(name, verified.report)
  const place = { target: { ...record.live, database: record.stageName }, name, instant: wanted.section.instant }
  const assertions = assertionsOf(plan.settings, order.opened.manifest, name)
  await assertAll({ place, assertions, withSequences: asksForSequences(plan.settings, name), witness }, signal)
  const now = journal.state.databases.find((current) => current.name === name) ?? record
  await journal.changeDatabase({ ...now, verifiedUnderStart: verified.postmasterStartTime })
  await journal.change({ notes: [...journal.state.notes, ...notesOf(verified.report).map((line) => `${name}: ${line}`)] })
  return verified.report
}

function notesOf({ notes, materializedViews }: VerifyReport): string[] {
  const fact = 'was made anew by REFRESH and no longer shows what it showed in the original'
  return [...notes, ...materializedViews.refreshed.map((view) => `materialized view ${view} ${fact}`)]
}

async function stageOneRoot(
  repository: Repository,
  { order, journal, instruments, witness = unseen }: Staging,
  planned: PlannedRoot,
  signal: AbortSignal,
) {
  const { name, record } = planned
  const wanted = order.roots.find(({ section }) => section.name === name)
  if (!wanted) throw new Fault('PLAN_INVALID', `the backup has no files ${name}`, { name })
  const stored = await storedSource(repository, order.opened.backup, order.opened.folderOf('files', name), signal)
  const stageOrder = {
    section: wanted.section,
    stored,
    root: record.path,
    stagePath: record.stagePath,
    onProgress: instruments.onProgress,
  }
  const staged = await witness.timed('stage', name, () => stageFiles(stageOrder, signal))
  await journal.changeRoot({ ...record, stage: staged.identity })
  instruments.onProgress({ stage: 'verify', what: name })
  const verified = await witness.timed('verify', name, () => staged.verify(signal))
  witness.root(name, verified)
  await journal.change({ notRestored: [...journal.state.notRestored, ...verified.notRestored.map((line) => `${name}: ${line}`)] })
  return verified.report
}
