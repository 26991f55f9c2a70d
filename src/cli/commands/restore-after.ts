import type { Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { isChangeSet, listChangeStates } from '#engine/entities/change-journal.ts'
import { adoptJournals } from '#engine/restore/adopt.ts'
import { listJournals } from '#engine/restore/journal.ts'
import { recoverAll } from '#engine/restore/recover.ts'
import { releaseRestore } from '#engine/restore/release.ts'
import { undoRestore } from '#engine/restore/undo.ts'
import { instruments, openedRepository, type CommandContext } from '#cli/command.ts'
import { collectText, databaseTargets, wholeNumber, withRepository, withState, type RepositoryOptions } from '#cli/options.ts'
import { nameLeftDrills } from '#cli/left-drills.ts'
import { withServer, withSignature } from '#cli/server.ts'
import { stateDirectory } from '#cli/state.ts'
import { reportSwap } from './restore-run.ts'

interface AfterOptions extends RepositoryOptions {
  readonly state?: string
  readonly confirm: string
  readonly server?: string
  readonly meaning: string
}

interface UndoCommandOptions extends AfterOptions {
  readonly lossRowsMax?: number
}

interface ReleaseCommandOptions extends AfterOptions {
  readonly backup: boolean
  readonly reason?: string
  readonly compression: number
}

interface RecoverOptions {
  readonly state?: string
  readonly journal?: readonly string[]
  readonly server?: readonly string[]
}

/** What comes after a restore: undo it, release what it kept, or recover one that a crash left half-way. */
export function addRestoreAfter(group: Command, context: CommandContext): void {
  withSignature(withState(group.command('undo')))
    .description('put back what a restore replaced; what is live now is kept in its turn')
    .argument('<restore>', 'id that `restore run` printed')
    .requiredOption('--confirm <system>', 'the name of the system, typed again')
    .option('--loss-rows-max <count>', 'give up when more rows than this are written meanwhile', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--reason <text>', 'with --server: why it is undone')
    .option('--json', 'end with one line of JSON on stdout')
    .action(async (id: string, options: UndoCommandOptions) => {
      if (options.server === undefined) await undo(id, options, context)
      else await (await import('#cli/online/restore.ts')).undoOnline(id, options, context)
    })
  withSignature(withState(withRepository(group.command('release'))))
    .description('back up what a restore replaced, read that back, then drop it and free its space')
    .argument('<restore>', 'id that `restore run` printed')
    .requiredOption('--confirm <system>', 'the name of the system, typed again')
    .option('--no-backup', 'throw the replaced state away without a backup; needs --reason')
    .option('--reason <text>', 'why it is thrown away')
    .option('--compression <level>', 'zstd level 1-19', wholeNumber(1, 19), 1)
    .action(async (id: string, options: ReleaseCommandOptions) => {
      if (options.server === undefined) await release(id, options, context)
      else await (await import('#cli/online/restore.ts')).releaseOnline(id, options, context)
    })
  withState(group.command('recover'))
    .description('finish or take back every restore that was interrupted')
    .option('--journal <file>', 'a copy of a journal beside a root, from a machine that is gone (repeatable)', collectText)
    .option('--server <url>', 'look for journals on the databases of this server (repeatable)', collectText)
    .option('--json', 'end with one line of JSON on stdout')
    .action((options: RecoverOptions) => recover(options, context))
  withServer(withState(group.command('list')))
    .description('the restores on this machine, oldest first')
    .option('--json', 'end with one line of JSON on stdout')
    .action(async (options: { state?: string; server?: string }) => {
      if (options.server === undefined) await list(options, context)
      else await (await import('#cli/online/restore.ts')).listOnline(options, context)
    })
}

async function undo(id: string, options: UndoCommandOptions, context: CommandContext): Promise<void> {
  if (isChangeSet(await stateDirectory(options.state), id))
    return await (await import('./restore-record.ts')).undoRecord(id, options, context)
  const startedMs = systemClock.monotonicMs()
  const order = {
    stateDirectory: await stateDirectory(options.state),
    confirmed: options.confirm,
    lossRowsMax: options.lossRowsMax ?? null,
    onLoss: (statement: readonly string[]) => {
      for (const line of statement) context.output.line(`LOST     ${line}`)
      context.output.line('         (what is replaced is kept for a new undo window)')
    },
    instruments: instruments(context),
  }
  const state = await undoRestore(id, order, context.signal)
  context.output.line(`Undone: ${state.system} is as it was before restore ${id}`)
  reportSwap(context.output, state, { durationMs: Math.round(systemClock.monotonicMs() - startedMs) })
}

async function release(id: string, options: ReleaseCommandOptions, context: CommandContext): Promise<void> {
  const { output, signal } = context
  const directory = await stateDirectory(options.state)
  if (isChangeSet(directory, id)) {
    const { releaseChangeSet } = await import('#engine/entities/apply-change-set.ts')
    const { step } = await releaseChangeSet(id, { stateDirectory: directory, confirmed: options.confirm })
    output.line(`Released: restore ${id} can no longer be undone`)
    return output.result({ status: 'completed', restore: id, step })
  }
  if (!options.backup && !options.reason)
    throw new Fault('REASON_REQUIRED', 'throwing the replaced state away without a backup needs a reason')
  await using repository = await openedRepository(options)
  const { state, changedAfterSwap } = await releaseRestore(
    repository,
    id,
    {
      stateDirectory: directory,
      confirmed: options.confirm,
      withoutBackup: options.backup ? undefined : options.reason,
      compressionLevel: options.compression,
      instruments: instruments(context),
    },
    signal,
  )
  for (const path of changedAfterSwap) output.line(`WRITTEN TO THE OLD TREE after the swap: ${path}`)
  output.line(
    `Released: what restore ${id} replaced is dropped${state.releaseBackup === null ? '' : `; backup ${state.releaseBackup} holds it`}`,
  )
  output.result({ status: 'completed', restore: id, releaseBackup: state.releaseBackup, changedAfterSwap })
}

async function recover(options: RecoverOptions, { output, signal }: CommandContext): Promise<void> {
  const directory = await stateDirectory(options.state)
  const servers = databaseTargets((options.server ?? []).map((value) => ({ name: 'server', value }))).map(({ target }) => target)
  await adoptJournals(directory, { files: options.journal ?? [], servers }, signal)
  const { recoverChangeSets } = await import('#engine/entities/apply-change-set.ts')
  const changeSets = await recoverChangeSets(directory, systemClock, signal)
  const recovered = await recoverAll(directory, systemClock, signal)
  const leftDrills = await nameLeftDrills(directory, output)
  if (recovered.length + changeSets.length + leftDrills === 0) output.line('Nothing was interrupted.')
  for (const { before, state } of recovered) {
    output.line(`restore ${state.restore} of ${state.system}, interrupted at "${before}", is now "${state.step}"`)
  }
  for (const { restore, system, step } of changeSets) output.line(`restore ${restore} of records of ${system} is now "${step}"`)
  output.result({
    status: 'completed',
    leftDrills,
    changeSets: changeSets.map(({ restore, system, step }) => ({ restore, system, step })),
    recovered: recovered.map(({ before, state }) => ({ restore: state.restore, system: state.system, before, step: state.step })),
  })
}

async function list(options: { state?: string }, { output }: CommandContext): Promise<void> {
  const directory = await stateDirectory(options.state)
  const journals = await listJournals(directory)
  const changeSets = await listChangeStates(directory)
  if (journals.length + changeSets.length === 0) output.note('There was no restore yet.')
  for (const { state } of journals) {
    output.line(
      `${state.restore}  ${state.createdAt}  ${state.system}  ${state.kind}  ${state.step}${state.failure === null ? '' : `: ${state.failure}`}`,
    )
  }
  for (const { restore, createdAt, system, step, failure } of changeSets)
    output.line(`${restore}  ${createdAt}  ${system}  records  ${step}${failure === null ? '' : `: ${failure}`}`)
  output.result({
    status: 'completed',
    records: changeSets.map(({ restore, createdAt, system, step, backup, undoUntil }) => ({
      restore,
      createdAt,
      system,
      step,
      backup,
      undoUntil,
    })),
    restores: journals.map(({ state: { restore, createdAt, system, kind, step, backup, undoUntil } }) => ({
      restore,
      createdAt,
      system,
      kind,
      step,
      backup,
      undoUntil,
    })),
  })
}
