import { Fault } from '#base/fault.ts'
import type { Instruments } from '#engine/backup/order.ts'
import { storedSource } from '#engine/backup/stored-source.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { stageFiles } from '#engine/sources/files/stage.ts'
import { assertHolds } from '#engine/sources/postgres/assertions.ts'
import { stageDatabase } from '#engine/sources/postgres/stage.ts'
import type { RestoreJournal } from './journal.ts'
import type { PlannedRestore } from './order.ts'
import type { PlannedDatabase, PlannedRoot } from './plan.ts'

interface Staging extends PlannedRestore {
  readonly journal: RestoreJournal
  readonly instruments: Instruments
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
  { order, plan, journal, instruments }: Staging,
  planned: PlannedDatabase,
  signal: AbortSignal,
) {
  const { name, record } = planned
  const wanted = order.databases.find(({ section }) => section.name === name)
  if (!wanted) throw new Fault('PLAN_INVALID', `the backup has no database ${name}`, { name })
  const stored = await storedSource(repository, order.opened.backup, order.opened.folderOf('database', name), signal)
  const staged = await stageDatabase(
    {
      section: wanted.section,
      stored,
      target: record.live,
      stageName: record.stageName,
      roles: planned.roles,
      ...(planned.tables && { tables: planned.tables }),
      onCreated: (stageOid) => journal.changeDatabase({ ...record, stageOid }),
      onProgress: instruments.onProgress,
    },
    signal,
  )
  instruments.onProgress({ stage: 'verify', what: name })
  const verified = await staged.verify(signal)
  for (const assertion of plan.settings.assertions.filter(({ database }) => database === name)) {
    await assertHolds({ ...record.live, database: record.stageName }, assertion, signal)
  }
  const now = journal.state.databases.find((current) => current.name === name) ?? record
  await journal.changeDatabase({ ...now, verifiedUnderStart: verified.postmasterStartTime })
  return verified.report
}

async function stageOneRoot(repository: Repository, { order, journal, instruments }: Staging, planned: PlannedRoot, signal: AbortSignal) {
  const { name, record } = planned
  const wanted = order.roots.find(({ section }) => section.name === name)
  if (!wanted) throw new Fault('PLAN_INVALID', `the backup has no files ${name}`, { name })
  const stored = await storedSource(repository, order.opened.backup, order.opened.folderOf('files', name), signal)
  const staged = await stageFiles(
    { section: wanted.section, stored, root: record.path, stagePath: record.stagePath, onProgress: instruments.onProgress },
    signal,
  )
  await journal.changeRoot({ ...record, stage: staged.identity })
  instruments.onProgress({ stage: 'verify', what: name })
  const verified = await staged.verify(signal)
  await journal.change({ notRestored: [...journal.state.notRestored, ...verified.notRestored.map((line) => `${name}: ${line}`)] })
  return verified.report
}
