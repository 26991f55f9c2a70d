import type { Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { printBytes, printCount } from '#base/units.ts'
import { checkRepository } from '#engine/repository/check.ts'
import { storageOf, type CommandContext } from '#cli/command.ts'
import { readPassword, withRepository, type RepositoryOptions } from '#cli/options.ts'

interface CheckOptions extends RepositoryOptions {
  readonly readData?: boolean
}

/** `repository check|prune|stats`: what keeps a repository sound and small. */
export function addRepositoryCare(group: Command, context: CommandContext): void {
  withRepository(group.command('check'))
    .description('look for damage without changing anything')
    .option('--read-data', 'read and hash every byte, too')
    .action((options: CheckOptions) => check(options, context))
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
