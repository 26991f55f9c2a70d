import type { Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { printBytes, printCount } from '#base/units.ts'
import { systemRandom } from '#host/random.ts'
import { readTags } from '#engine/backup/backups.ts'
import { lostParts } from '#engine/backup/lost-parts.ts'
import type { DamagedBackup, RepairOptions, RepairPlace, RepairPlan } from '#engine/repository/repair-plan.ts'
import { executeRepair, planRepair, type RepairResult } from '#engine/repository/repair.ts'
import { storageOf, type CommandContext } from '#cli/command.ts'
import { readPassword, withRepository, type RepositoryOptions } from '#cli/options.ts'
import type { Output } from '#cli/output.ts'

interface RepairCommandOptions extends RepositoryOptions {
  readonly readData?: boolean
  readonly withGaps?: boolean
  readonly execute?: string
}

/** `repository repair`: saves what can be saved and says what cannot. */
export function addRepositoryRepair(group: Command, context: CommandContext): void {
  withRepository(group.command('repair'))
    .description('say what is damaged, what can be saved and what is lost; --execute saves it, and moves what is damaged aside')
    .option('--read-data', 'read and hash every byte, too')
    .option('--with-gaps', 'for each damaged backup, write a snapshot of what is whole of it')
    .option('--execute <digest>', 'carry out the plan with this digest')
    .action((options: RepairCommandOptions) => run(options, context))
}

async function run(options: RepairCommandOptions, context: CommandContext): Promise<void> {
  const { output, signal } = context
  const place: RepairPlace = {
    storage: storageOf(options),
    password: await readPassword(options.passwordFile),
    clock: systemClock,
    random: systemRandom,
  }
  const wanted: RepairOptions = {
    depth: options.readData ? 'full' : 'quick',
    withGaps: options.withGaps ?? false,
    onProgress: ({ stage, doneBytes, totalBytes }) => output.progress({ stage: `look at ${stage}`, doneBytes, totalBytes }),
  }
  if (options.execute === undefined) return showPlan(output, await planRepair(place, wanted, signal))
  const approved = { digest: options.execute, depth: wanted.depth, withGaps: options.withGaps ?? false }
  const result = await executeRepair(place, approved, wanted, signal)
  showResult(output, result)
  context.end(result.check.isIntact ? 0 : 3)
}

function showPlan(output: Output, plan: RepairPlan): void {
  for (const { act, name, reason } of plan.decisions) output.line(`${act.padEnd(9)}  ${name}: ${reason}`)
  for (const damaged of plan.damagedBackups) showLosses(output, damaged)
  if (plan.lostBlobs.count > 0)
    output.line(
      `${printCount(plan.lostBlobs.count)} pieces are whole nowhere; a copy of the repository, or the next backup, may bring them back.`,
    )
  output.line(
    plan.decisions.length === 0
      ? 'There is nothing to repair.'
      : `Nothing was changed. To carry this out: the same command with --execute ${plan.digest}`,
  )
  output.result({
    status: 'completed',
    isExecuted: false,
    digest: plan.digest,
    decisions: plan.decisions,
    damagedBackups: plan.damagedBackups.map(({ snapshot, losses }) => ({
      snapshot: snapshot.id,
      backup: readTags(snapshot.tags)?.id ?? null,
      time: snapshot.time.toISOString(),
      lost: losses.count,
      parts: lostParts(losses.first),
    })),
    lostBlobs: plan.lostBlobs,
  })
}

const partsShownMax = 50

function showLosses(output: Output, { snapshot, losses }: DamagedBackup): void {
  const backup = readTags(snapshot.tags)
  const name = backup ? `backup ${backup.id} of ${backup.system}` : `snapshot ${snapshot.id.slice(0, 8)}`
  output.line(`LOST       ${name}, ${snapshot.time.toISOString()}: ${printCount(losses.count)} files or directories; the rest is whole`)
  const parts = lostParts(losses.first)
  for (const { kind, what, pieces } of parts.slice(0, partsShownMax))
    output.line(`             ${kind} ${what}${pieces > 1 ? ` (${printCount(pieces)} segments)` : ''}`)
  if (parts.length > partsShownMax || losses.count > losses.first.length) output.line('             and more')
}

function showResult(output: Output, result: RepairResult): void {
  const { setAside, newPacks, copiedBytes, newIndexes, writtenSnapshots, check } = result
  output.line(`Repaired: ${printCount(newPacks)} new packs (${printBytes(copiedBytes)} copied), ${printCount(newIndexes)} new index files.`)
  for (const name of setAside) output.line(`  kept aside  ${name}`)
  for (const { of, snapshot } of writtenSnapshots) output.line(`  whole of    ${of.slice(0, 8)}: snapshot ${snapshot}`)
  for (const { code, name, fact } of check.findings) output.line(`STILL DAMAGED  ${name}: ${code}: ${fact}`)
  output.line(
    check.isIntact
      ? 'The structure is whole now; `repository check --read-data` reads every byte.'
      : 'What is still damaged is lost here: a copy of the repository, or the next backup of the same content, may bring it back.',
  )
  output.result({
    status: check.isIntact ? 'completed' : 'completed_with_gaps',
    isExecuted: true,
    setAside,
    newPacks,
    copiedBytes,
    newIndexes,
    writtenSnapshots,
    leftovers: result.leftovers,
    stillDamaged: check.findings,
  })
}
