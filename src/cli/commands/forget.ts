import type { Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { findBackup, readTags } from '#engine/backup/backups.ts'
import { executeForget, planForget, type ForgetDecision, type ForgetRequest } from '#engine/repository/forget.ts'
import { backupTagOf, isProof } from '#engine/repository/proofs.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { defaultPolicy, type RetentionPolicy } from '#engine/repository/keep-rules.ts'
import { openedRepository, type CommandContext } from '#cli/command.ts'
import { clockReasonOf, parseSystemName, wholeNumber, withRepository, type RepositoryOptions } from '#cli/options.ts'

interface ForgetOptions extends RepositoryOptions {
  readonly system?: string
  readonly keepLast?: number
  readonly keepDaily?: number
  readonly keepWeekly?: number
  readonly keepMonthly?: number
  readonly keepYearly?: number
  readonly execute?: string
  readonly clockReason?: string
}

const countMax = 100_000

export function addForget(program: Command, context: CommandContext): void {
  const amount = wholeNumber(0, countMax)
  withRepository(program.command('forget'))
    .description('say which backups a policy, or a choice, would remove; --execute carries that out')
    .argument('[backups...]', 'uuids or beginnings of them; without any, the policy decides')
    .option('--system <name>', 'only backups of this system', parseSystemName)
    .option('--keep-last <count>', 'the newest', amount)
    .option('--keep-daily <count>', 'one a day', amount)
    .option('--keep-weekly <count>', 'one a week', amount)
    .option('--keep-monthly <count>', 'one a month', amount)
    .option('--keep-yearly <count>', 'one a year', amount)
    .option('--execute <digest>', 'carry out the plan with this digest')
    .option('--clock-reason <text>', 'the clock is right although the newest backup is old: why')
    .action((backups: string[], options: ForgetOptions) => run(backups, options, context))
}

async function run(backups: readonly string[], options: ForgetOptions, { output, signal }: CommandContext): Promise<void> {
  await using repository = await openedRepository(options)
  const request = { ...(await requestOf(repository, backups, options, signal)), ...clockReasonOf(options) }
  const plan = await planForget(repository, request, undefined, signal)
  const going = plan.decisions.filter(({ act }) => act === 'forget')
  for (const decision of plan.decisions) output.line(printDecision(decision))
  if (options.execute === undefined) {
    output.line(
      going.length === 0 ? 'Nothing would be forgotten.' : `To forget ${printGoing(going)}: the same command with --execute ${plan.digest}`,
    )
    output.result({ status: 'completed', isExecuted: false, digest: plan.digest, forget: going.map(({ snapshot }) => snapshot) })
    return
  }
  if (options.execute !== plan.digest) throw new Fault('PLAN_STALE', `the plan is now ${plan.digest}`, { digest: plan.digest })
  const { forgotten } = await executeForget(repository, plan, undefined, signal)
  output.line(`Forgot ${printGoing(going)}. \`repository prune\` gives their space back.`)
  output.result({ status: 'completed', isExecuted: true, digest: plan.digest, forgotten })
}

async function requestOf(
  repository: Repository,
  backups: readonly string[],
  options: ForgetOptions,
  signal: AbortSignal,
): Promise<ForgetRequest> {
  const { system } = options
  if (backups.length > 0) {
    const snapshots = []
    for (const wanted of backups)
      snapshots.push((await findBackup(repository, wanted, { system, now: systemClock.now() }, signal)).snapshot.id)
    return { kind: 'chosen', snapshots }
  }
  return { kind: 'policy', policy: policyOf(options), ...(system !== undefined && { system }) }
}

/** What is not said counts as zero once anything is said; nothing said is the default policy. */
function policyOf({ keepLast, keepDaily, keepWeekly, keepMonthly, keepYearly }: ForgetOptions): RetentionPolicy {
  const said = { last: keepLast, daily: keepDaily, weekly: keepWeekly, monthly: keepMonthly, yearly: keepYearly }
  const given = Object.entries(said).filter(([, count]) => count !== undefined)
  return given.length === 0 ? defaultPolicy : Object.fromEntries(given)
}

function printGoing(going: readonly ForgetDecision[]): string {
  const proofs = going.filter(isProof).length
  return `${going.length - proofs} backups${proofs > 0 ? ` and ${proofs} proofs of them` : ''}`
}

function printDecision({ snapshot, time, tags, act, reasons }: ForgetDecision): string {
  const backup = readTags(tags)
  const name = backup ? `${backup.id}  ${backup.system}` : isProof({ tags }) ? `${backupTagOf({ tags })}  its proof` : snapshot.slice(0, 8)
  return `${act.padEnd(6)}  ${time.toISOString()}  ${name}  ${reasons.join('; ')}`
}
