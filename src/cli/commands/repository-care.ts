import type { Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { durations, printBytes, printCount } from '#base/units.ts'
import { checkRepository } from '#engine/repository/check.ts'
import { fingerprintOf, proofPublicKey } from '#engine/repository/proof-key.ts'
import { planPrune } from '#engine/repository/prune-plan.ts'
import { executePrune, spaceNotice } from '#engine/repository/prune.ts'
import { repositoryStatistics } from '#engine/repository/statistics.ts'
import { openedRepository, storageOf, type CommandContext } from '#cli/command.ts'
import { clockReasonOf, readPassword, wholeNumber, withRepository, type RepositoryOptions } from '#cli/options.ts'

interface CheckOptions extends RepositoryOptions {
  readonly readData?: boolean
}

interface PruneCommandOptions extends RepositoryOptions {
  readonly graceHours?: number
  readonly execute?: string
  readonly clockReason?: string
}

/** `repository check|prune|stats`: what keeps a repository sound and small. */
export function addRepositoryCare(group: Command, context: CommandContext): void {
  withRepository(group.command('check'))
    .description('look for damage without changing anything')
    .option('--read-data', 'read and hash every byte, too')
    .action((options: CheckOptions) => check(options, context))
  withRepository(group.command('prune'))
    .description('say which packs no backup needs; --execute marks them, and deletes those marked long enough ago')
    .option('--grace-hours <hours>', 'how long a pack stays marked before it is deleted', wholeNumber(0, 100_000))
    .option('--execute <digest>', 'carry out the plan with this digest')
    .option('--clock-reason <text>', 'the clock is right although the newest backup is old: why')
    .action((options: PruneCommandOptions) => prune(options, context))
  withRepository(group.command('stats'))
    .description('how much is stored, and how much compression and deduplication save')
    .action((options: RepositoryOptions) => stats(options, context))
}

async function check(options: CheckOptions, { output, signal }: CommandContext): Promise<void> {
  const depth = options.readData ? 'full' : 'quick'
  const place = { storage: storageOf(options), password: await readPassword(options.passwordFile), clock: systemClock }
  const report = await checkRepository(
    place,
    { depth, onProgress: ({ stage, doneBytes, totalBytes }) => output.progress({ stage: `check ${stage}`, doneBytes, totalBytes }) },
    signal,
  )
  for (const { code, name, fact } of report.findings) output.line(`DAMAGED  ${name}: ${code}: ${fact}`)
  if (!report.isIntact) {
    throw new Fault('DAMAGE_REPOSITORY', `the repository is damaged in ${report.findingCount} places`, {
      count: report.findingCount,
      first: report.findings[0] ? `${report.findings[0].code} ${report.findings[0].name}` : null,
    })
  }
  const { snapshots, packs, blobs, packBytes } = report.checked
  const read = depth === 'full' ? `${printBytes(packBytes)} read and hashed` : 'structure only, packs not read'
  output.line(`Intact: ${printCount(snapshots)} snapshots, ${printCount(packs)} packs, ${printCount(blobs)} pieces; ${read}`)
  if (report.orphanPacks > 0)
    output.line(`  ${printCount(report.orphanPacks)} packs (${printBytes(report.orphanBytes)}) belong to no index; prune removes them`)
  const { checked, ...rest } = report
  output.result({ status: 'completed', ...checked, ...rest })
}

async function prune(options: PruneCommandOptions, { output, signal }: CommandContext): Promise<void> {
  await using repository = await openedRepository(options)
  const grace = options.graceHours === undefined ? {} : { graceMs: options.graceHours * durations.hour }
  const plan = await planPrune(repository, { ...grace, ...clockReasonOf(options) }, signal)
  const acts = Map.groupBy(plan.decisions, ({ act }) => act)
  const counts = Object.fromEntries([...acts].map(([act, packs]) => [act, packs.length]))
  for (const [act, packs] of acts) {
    const bytes = packs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    output.line(`${act.padEnd(7)}${printCount(packs.length)} packs, ${printBytes(bytes)}: ${packs[0]?.reason}`)
  }
  if (options.execute === undefined) {
    const isIdle = plan.decisions.every(({ act }) => act === 'keep' || act === 'wait') && plan.spentMarks.length === 0
    output.line(isIdle ? 'There is nothing to prune now.' : `To carry this out: the same command with --execute ${plan.digest}`)
    output.result({ status: 'completed', isExecuted: false, digest: plan.digest, plan: counts })
    return
  }
  if (options.execute !== plan.digest) throw new Fault('PLAN_STALE', `the plan is now ${plan.digest}`, { digest: plan.digest })
  const done = await executePrune(repository, plan, signal)
  output.line(
    `Marked ${done.markedPacks}, rewrote ${done.repackedPacks}, deleted ${done.deletedPacks} packs (${printBytes(done.deletedBytes)}).`,
  )
  output.note(spaceNotice)
  output.result({ status: 'completed', isExecuted: true, digest: plan.digest, ...done })
}

async function stats(options: RepositoryOptions, { output, signal }: CommandContext): Promise<void> {
  await using repository = await openedRepository(options)
  const found = await repositoryStatistics(repository, signal)
  output.line(`snapshots  ${printCount(found.snapshots)}`)
  output.line(`packs      ${printCount(found.packs)}, of them ${printCount(found.markedPacks)} waiting to be deleted`)
  output.line(`pieces     ${printCount(found.blobs)}, ${printBytes(found.plainBytes)} before compression`)
  output.line(`stored     ${printBytes(found.storedBytes)}; compression saves ${Math.round(found.compressionRatio * 100)} %`)
  const publicKey = proofPublicKey(repository)
  output.line(`proof key  ${fingerprintOf(publicKey)}`)
  output.result({ status: 'completed', ...found, proofKey: { publicKey, fingerprint: fingerprintOf(publicKey) } })
}
