import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { recordPlanSchema, type RecordChoices, type RecordPlan, type RecordWish } from '#contract/records.ts'
import type { OpenedBackup } from '#engine/backup/backups.ts'
import { changePolicySchema, type ChangedTable, type ChangeSet } from '#engine/entities/change-set.ts'
import { planChangeSet } from '#engine/entities/plan-change-set.ts'
import { defaultDrillParent, removeLeftDrills } from '#engine/restore/drill-place.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { jobInstruments, openedById } from './job-backup.ts'
import { jobRepository, type RepositoryPlace } from './job-repository.ts'
import { withoutKeys } from './records-fault.ts'
import type { OwnPlaces } from './restore-preview.work.ts'

export interface RecordsPreviewInput {
  readonly planId: string
  readonly backupId: string
  readonly repository: RepositoryPlace
  readonly records: readonly RecordWish[]
  readonly policy: RecordChoices
  /** Of the backup; null: the only one that it has. */
  readonly database: string | null
  /** Of the system, as they are now. */
  readonly own: OwnPlaces
  /** Where the change set is written. */
  readonly folder: string
  readonly stateDirectory: string
}

export const recordsPreviewOutputSchema = z.object({ digest: z.string(), plan: recordPlanSchema })

/** What it would take to bring single records back: rows of people go into the folder, numbers alone come out of here. */
export async function work(input: RecordsPreviewInput, tools: WorkTools): Promise<z.infer<typeof recordsPreviewOutputSchema>> {
  const { folder, stateDirectory, records, own } = input
  const { signal, log } = tools
  const instruments = jobInstruments(tools)
  for (const { directory } of await removeLeftDrills(stateDirectory, instruments.clock))
    log(`removed what was left in ${directory}`, 'warning')
  // Of an attempt that was cut off.
  await rm(folder, { recursive: true, force: true })
  await mkdir(path.dirname(folder), { recursive: true, mode: 0o700 })
  await using repository = await jobRepository(input.repository, tools, {
    onDamagedIndex: (fault) => log(`${fault.message}: what only it names cannot be read`, 'warning'),
  })
  const opened = await openedById(repository, input.backupId, signal)
  const order = {
    id: input.planId,
    opened,
    settings: own.settings,
    entities: records,
    database: placeOf(opened, input),
    roots: own.roots,
    policy: changePolicySchema.parse(input.policy),
    folder,
    place: defaultDrillParent(),
    stateDirectory,
  }
  try {
    const changeSet = await planChangeSet(repository, order, instruments, signal)
    return { digest: changeSet.digest, plan: recordPlanOf(changeSet) }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw withoutKeys(error)
  }
}

/** Never where the backup says, always where the system has it now. INPUT_INVALID. */
function placeOf({ manifest }: OpenedBackup, { database, own }: RecordsPreviewInput) {
  const [only, other] = manifest.databases
  const section = database === null ? (other ? undefined : only) : manifest.databases.find(({ name }) => name === database)
  const known = manifest.databases.map(({ name }) => name).join(', ') || 'none'
  if (!section) throw new Fault('INPUT_INVALID', `say which database of the backup; it has ${known}`, { field: 'databases' })
  const place = own.databases.find(({ name }) => name === section.name)
  if (!place)
    throw new Fault('INPUT_INVALID', `the system has no database ${section.name} now, so its records have nowhere to go`, {
      field: 'databases',
    })
  return { section, target: place.target }
}

function recordPlanOf({ database, entities, policy: { rows: _rows, ...policy }, ...plan }: ChangeSet): RecordPlan {
  return recordPlanSchema.parse({
    ...plan,
    database: database.name,
    kinds: entities.map(({ kind }) => kind),
    policy,
    files: plan.files.map(({ name, ...counts }) => ({ root: name, ...counts })),
    tables: plan.tables.map(tableOf),
  })
}

function tableOf(changed: ChangedTable): RecordPlan['tables'][number] {
  const {
    schema,
    table,
    inserts,
    copies = 0,
    beside = 0,
    updates,
    deletes,
    found,
    open,
    clashes,
    chosenRows = 0,
    left,
    key,
    columns,
  } = changed
  const rows = Object.values(found).reduce((sum, count) => sum + count, 0)
  const undecided = open.reduce((sum, { count }) => sum + count, 0)
  const { unchanged, present } = found
  return {
    schema,
    table,
    inserts,
    copies,
    updates,
    deletes,
    unchanged,
    present,
    kept: rows - unchanged - present - (inserts - beside) - updates - deletes - undecided,
    open: recordPlanSchema.shape.tables.element.shape.open.parse(open),
    clashes: clashes.map(({ index, columns: parts = [], count }) => ({ index, columns: parts, count })),
    differ: {
      changed: found.update,
      added: found.delete,
      elsewhere: found.elsewhere,
      movedHere: found['moved-here'],
      parentMissing: found['parent-missing'],
    },
    chosenRows,
    left: left?.rows ?? 0,
    columns: columns.flatMap(({ name, isInBackup }) => (isInBackup && !key.includes(name) ? [name] : [])),
  }
}
