import { readFile, stat } from 'node:fs/promises'
import type { Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { Fault, messageOf } from '#base/fault.ts'
import { printBytes, printCount, printDuration } from '#base/units.ts'
import type { JournalState } from '#engine/restore/journal.ts'
import { defaultDrillParent } from '#engine/restore/drill-place.ts'
import { orderOfPlan } from '#engine/restore/order-of-plan.ts'
import { parsePlan, type RestorePlan } from '#engine/restore/plan.ts'
import { runRestore } from '#engine/restore/restore.ts'
import { instruments, openedForReading, openedRepository, type CommandContext } from '#cli/command.ts'
import { nameLeftDrills } from '#cli/left-drills.ts'
import { maskOrder } from '#cli/mask-key.ts'
import { wholeNumber, withRepository, withState, type RepositoryOptions } from '#cli/options.ts'
import type { Output } from '#cli/output.ts'
import { withSignature } from '#cli/server.ts'
import { stateDirectory } from '#cli/state.ts'

interface RunCommandOptions extends RepositoryOptions {
  readonly confirm: string
  /** commander's `--no-safety-backup`. */
  readonly safetyBackup: boolean
  readonly reason?: string
  readonly compression: number
  readonly state?: string
  readonly server?: string
  readonly meaning: string
  readonly maskKeyFile?: string
  readonly place?: string
}

export function addRestoreRun(group: Command, context: CommandContext): void {
  withSignature(withState(withRepository(group.command('run'))))
    .description('carry out a plan: safety backup, staging, comparison, and only then the swap')
    .argument('<plan>', 'what `restore plan --out` wrote, or the id that a service gave')
    .requiredOption('--confirm <system>', 'the name of the system, typed again')
    .option('--no-safety-backup', 'do not back up what is replaced first; say why with --reason')
    .option('--reason <text>', 'why there is no safety backup; it stands in the receipt. With --server: why it is restored')
    .option('--compression <level>', 'zstd level 1-19 of the safety backup', wholeNumber(1, 19), 1)
    .option('--mask-key-file <file>', 'of a plan that masks: the same as the plan was made with')
    .option('--place <directory>', 'of a plan that masks: where there is room for the restored backup (default: /var/tmp)')
    .action(async (file: string, options: RunCommandOptions) => {
      if (options.server === undefined && (await isFolder(file)))
        await (await import('./restore-record.ts')).runRecord(file, options, context)
      else if (options.server === undefined) await run(file, options, context)
      else await (await import('#cli/online/restore.ts')).runOnline(file, options, context)
    })
}

/** A change set is a folder, the plan of a whole restore a file. */
async function isFolder(place: string): Promise<boolean> {
  // What cannot be looked at is told where it is read.
  return (await stat(place).catch(() => undefined))?.isDirectory() ?? false
}

async function run(file: string, options: RunCommandOptions, context: CommandContext): Promise<void> {
  const startedMs = systemClock.monotonicMs()
  const plan = await readPlan(file)
  await using repository = plan.masks ? await openedRepository(options) : await openedForReading(options, context)
  const order = await orderOfPlan(repository, plan, { now: systemClock.now(), signal: context.signal })
  const runOptions = {
    stateDirectory: await stateDirectory(options.state),
    confirmed: options.confirm,
    withoutSafetyBackup: options.safetyBackup ? undefined : reasonOf(options, context.output),
    compressionLevel: options.compression,
    instruments: instruments(context),
  }
  const durationMs = () => Math.round(systemClock.monotonicMs() - startedMs)
  if (plan.masks) {
    const { place = defaultDrillParent(), maskKeyFile } = options
    await nameLeftDrills(runOptions.stateDirectory, context.output)
    const masking = await maskOrder(maskKeyFile, { repository, system: plan.system })
    const { runMaskedRestore } = await import('#engine/restore/masked-restore.ts')
    const { state, copy } = await runMaskedRestore(repository, { plan, order }, { ...runOptions, masking, place }, context.signal)
    context.output.line(`Restored, masked and verified: what is at the target is masked backup ${copy.id}, a copy of backup ${plan.backup}`)
    return reportSwap(context.output, state, { durationMs: durationMs(), maskedBackup: copy.id })
  }
  const state = await runRestore(repository, { plan, order }, runOptions, context.signal)
  context.output.line(`Restored and verified: ${plan.system} is as of backup ${plan.backup}`)
  reportSwap(context.output, state, { durationMs: durationMs() })
}

/** The receipt is for whoever asks a year later: it says when nobody said why. */
function reasonOf({ reason }: RunCommandOptions, output: Output): string {
  if (reason !== undefined) return reason
  output.note('note: no safety backup is made and no --reason is given; the receipt says so')
  return 'not stated'
}

async function readPlan(file: string): Promise<RestorePlan> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new Fault('PLAN_INVALID', `the plan cannot be read: ${messageOf(cause)}`, { file }, { cause })
  }
  return parsePlan(text, file)
}

interface SwapTold {
  readonly durationMs: number
  /** What was restored, when its rows were masked on their way. */
  readonly maskedBackup?: string
}

export function reportSwap(output: Output, state: JournalState, { durationMs, maskedBackup }: SwapTold): void {
  output.line(`  restore      ${state.restore}`)
  if (state.safetyBackup !== null) output.line(`  safety       backup ${state.safetyBackup} holds what was live before`)
  if (state.verified !== null) {
    const { tables, rows, files, bytes } = state.verified
    output.line(`  verified     ${printCount(tables)} tables, ${printCount(rows)} rows, ${printCount(files)} files, ${printBytes(bytes)}`)
  }
  if (state.unreachableMs !== null) output.line(`  unreachable  ${printDuration(state.unreachableMs)}`)
  if (state.rowsWrittenMeanwhile)
    output.line(`  meanwhile    ${printCount(state.rowsWrittenMeanwhile)} rows were written; they are in what was replaced`)
  for (const line of state.notRestored) output.line(`  NOT RESTORED ${line}`)
  for (const line of state.notes) output.line(`  NOTE         ${line}`)
  output.line(`  undo         until ${state.undoUntil}: integrum restore undo ${state.restore} --confirm ${state.system}`)
  output.line(`  took         ${printDuration(durationMs)}`)
  output.result({
    status: 'completed',
    restore: state.restore,
    ...(maskedBackup !== undefined && { maskedBackup }),
    undoes: state.undoes,
    safetyBackup: state.safetyBackup,
    verified: state.verified ?? { tables: 0, rows: 0, files: 0 },
    notRestored: state.notRestored,
    notes: state.notes,
    rowsWrittenMeanwhile: state.rowsWrittenMeanwhile,
    unreachableMs: state.unreachableMs,
    undoUntil: state.undoUntil,
    durationMs,
  })
}
