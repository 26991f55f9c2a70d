import type { Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { Fault, isFault } from '#base/fault.ts'
import type { SnapshotId } from '#base/ids.ts'
import { printBytes, printCount } from '#base/units.ts'
import { foreignSystem } from '#engine/backup/foreign.ts'
import { openWanted } from '#engine/backup/open-wanted.ts'
import { verifyBackup } from '#engine/backup/verify-backup.ts'
import { recordVerification } from '#engine/backup/verify-record.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { instruments, openedForReading, type CommandContext } from '#cli/command.ts'
import { parseSystemName, withRepository, type RepositoryOptions } from '#cli/options.ts'
import { withServer } from '#cli/server.ts'

interface VerifyCommandOptions extends RepositoryOptions {
  readonly system?: string
  readonly quick?: boolean
  readonly server?: string
}

export function addVerify(program: Command, context: CommandContext): void {
  withServer(withRepository(program.command('verify')))
    .description('read a backup as a restore would, and compare every row and byte with its manifest')
    .argument('[backup]', 'uuid, the beginning of one, or latest', 'latest')
    .option('--system <name>', 'the system that "latest" means', parseSystemName)
    .option('--quick', 'structure only: nothing is read')
    .action(async (wanted: string, options: VerifyCommandOptions) => {
      if (options.server === undefined) await run(wanted, options, context)
      else await (await import('#cli/online/backups.ts')).verifyOnline(wanted, options, context)
    })
}

async function run(wanted: string, options: VerifyCommandOptions, context: CommandContext): Promise<void> {
  const { output, signal } = context
  await using repository = await openedForReading(options, context)
  const opened = await openWanted(repository, { backup: wanted, system: options.system, now: systemClock.now() }, signal)
  const found = opened.backup
  const isQuick = options.quick ?? false
  const verified = await verifyBackup(repository, opened, { isQuick, instruments: instruments(context) }, signal)
  const proof = isQuick || found.system === foreignSystem ? null : await keep(repository, { opened, verified }, context)
  for (const finding of verified.findings) output.line(`DAMAGED  ${finding.source}: ${finding.what}: ${finding.code}: ${finding.fact}`)
  if (!verified.isIntact) {
    const first = verified.findings[0]?.what ?? null
    throw new Fault('DAMAGE_BACKUP', `backup ${found.id} is damaged in ${verified.findings.length} places`, { backup: found.id, first })
  }
  const how = isQuick ? 'known to the index, not read' : `read and compared, ${printBytes(verified.bytes)}`
  output.line(
    `Intact: backup ${found.id}: ${printCount(verified.tables)} tables with ${printCount(verified.rows)} rows and ${printCount(verified.files)} files ${how}`,
  )
  output.result({ status: 'completed', backup: found.id, isQuick, proof, ...verified })
}

/** What was found out is the answer, whether or not there is room to keep it. */
async function keep(repository: Repository, found: Found, context: CommandContext): Promise<SnapshotId | null> {
  try {
    return await recordVerification(repository, found, instruments(context), context.signal)
  } catch (error) {
    if (!isFault(error) || error.code === 'CANCELLED') throw error
    context.output.note(`what was found is not kept in the repository: ${error.message}`)
    return null
  }
}

type Found = Parameters<typeof recordVerification>[1]
