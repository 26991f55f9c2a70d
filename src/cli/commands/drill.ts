import { access, constants, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import type { SnapshotId } from '#base/ids.ts'
import { printBytes, printCount, printDuration } from '#base/units.ts'
import { hostFault } from '#host/durable.ts'
import { findBackup } from '#engine/backup/backups.ts'
import { fingerprintOf, type Signed } from '#engine/repository/proof-key.ts'
import { recordProof } from '#engine/repository/proofs.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { defaultDrillParent } from '#engine/restore/drill-place.ts'
import { drill } from '#engine/restore/drill.ts'
import type { DrillReport } from '#engine/restore/drill-report.ts'
import { instruments, openedForReading, type CommandContext } from '#cli/command.ts'
import { nameLeftDrills } from '#cli/left-drills.ts'
import { parseSystemName, readSettings, withRepository, withState, type RepositoryOptions } from '#cli/options.ts'
import type { Output } from '#cli/output.ts'
import { withServer } from '#cli/server.ts'
import { stateDirectory } from '#cli/state.ts'
import { addDrillCheck } from './drill-check.ts'

interface DrillOptions extends RepositoryOptions {
  readonly system?: string
  readonly settings?: string
  readonly out?: string
  readonly place?: string
  readonly state?: string
  readonly server?: string
}

export function addDrill(program: Command, context: CommandContext): void {
  const group = withServer(withState(withRepository(program.command('drill'))))
    .description('restore a backup into a private place, compare and question it, keep a signed report, and remove the place')
    .argument('[backup]', 'uuid, the beginning of one, or latest', 'latest')
    .option('--system <name>', 'the system that "latest" means', parseSystemName)
    .option('--settings <file>', "the system's settings: assertions, objectives")
    .option('--out <file>', 'write the signed report here, too; it is kept in the repository')
    .option('--place <directory>', 'where there is room for the restored backup (default: /var/tmp)')
    .action(async (wanted: string, options: DrillOptions) => {
      if (options.server === undefined) await run(wanted, options, context)
      else await (await import('#cli/online/drill.ts')).drillOnline(wanted, options, context)
    })
  addDrillCheck(group, context)
}

async function run(wanted: string, options: DrillOptions, context: CommandContext): Promise<void> {
  const { output, signal } = context
  const settings = await readSettings(options.settings)
  if (options.out !== undefined) await assertWritable(options.out)
  const state = await stateDirectory(options.state)
  await nameLeftDrills(state, output)
  await using repository = await openedForReading(options, context)
  const backup = await findBackup(repository, wanted, { system: options.system, now: systemClock.now() }, signal)
  const order = { backup, settings, place: options.place ?? defaultDrillParent(), stateDirectory: state }
  const report = await drill(repository, order, instruments(context), signal)
  if (options.out !== undefined) await writeReport(options.out, report)
  show(output, report)
  const proof = await keep(repository, report, context)
  if (report.fault) output.note(`error ${report.fault.code}: ${report.fault.fact}\n  ${report.fault.hint}`)
  output.result({
    status: report.fault ? 'failed' : report.backup.gaps.count > 0 ? 'completed_with_gaps' : 'completed',
    outcome: report.outcome,
    backup: backup.id,
    drill: report.id,
    proof,
    out: options.out === undefined ? null : path.resolve(options.out),
    ...(report.fault && { error: report.fault }),
    report,
  })
  context.end(report.fault ? 1 : report.backup.gaps.count > 0 ? 3 : 0)
}

/** A failure is told whether or not there is room for it; that something is proven has to be on record. */
async function keep(repository: Repository, report: Signed<DrillReport>, { output, signal }: CommandContext): Promise<SnapshotId | null> {
  try {
    const proof = await recordProof(repository, report, signal)
    output.line(`  signed       by key ${fingerprintOf(report.signature.publicKey)}; kept in the repository`)
    return proof
  } catch (error) {
    if (!isFault(error) || !report.fault) throw error
    output.note(`the report is not kept in the repository: ${error.message}`)
    return null
  }
}

/** A drill takes long; that its report has no place is said before. */
async function assertWritable(file: string): Promise<void> {
  try {
    await access(path.dirname(path.resolve(file)), constants.W_OK)
  } catch (error) {
    throw hostFault(error, `cannot write the report to ${file}`)
  }
}

async function writeReport(file: string, report: Signed<DrillReport>): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(report, null, 2)}\n`, { mode: 0o640 })
  } catch (error) {
    throw hostFault(error, `cannot write the report to ${file}`)
  }
}

function show(output: Output, report: Signed<DrillReport>): void {
  const { backup, outcome, fault, rto, databases, roots } = report
  output.line(
    outcome === 'proven'
      ? `Proven restorable (${report.endedAt.slice(0, 10)}): backup ${backup.id} of ${backup.system}`
      : `FAILED: backup ${backup.id} of ${backup.system} was not restored: ${fault?.fact}`,
  )
  for (const { name, isVerified, tables, rows } of databases) {
    const verdict = isVerified ? 'every row compared' : 'NOT COMPARED'
    output.line(`  database     ${name}: ${printCount(tables.length)} tables, ${printCount(rows)} rows, ${verdict}`)
  }
  for (const { name, isVerified, files, bytes, notRestored } of roots) {
    output.line(
      `  files        ${name}: ${printCount(files)} files, ${printBytes(bytes)}, ${isVerified ? 'every byte hashed' : 'NOT COMPARED'}`,
    )
    for (const line of notRestored) output.line(`  NOT RESTORED ${name}: ${line}`)
  }
  for (const { source, what, code, fact } of report.findings) output.line(`  DAMAGED      ${source}: ${what}: ${code}: ${fact}`)
  showAssertions(output, report)
  for (const gap of backup.gaps.first) output.line(`  GAP          ${gap.source}: ${gap.kind}: ${gap.what}: ${gap.detail}`)
  for (const { stage, what, durationMs } of report.stages) output.line(`  ${stage.padEnd(11)}  ${printDuration(durationMs)}  ${what}`)
  if (rto.achievedMs !== null) output.line(`  RTO          ${printDuration(rto.achievedMs)} achieved${printObjective(report)}`)
}

function showAssertions(output: Output, { assertions }: DrillReport): void {
  const words = { holds: 'holds      ', fails: 'FAILS      ', refused: 'REFUSED    ', skipped: 'NOT CHECKED' } as const
  for (const { name, outcome, found, fact } of assertions) {
    output.line(`  ${words[outcome]}  ${name}${outcome === 'holds' ? ` (${found ?? 'as expected'})` : `: ${fact}`}`)
  }
}

function printObjective({ rto: { objectiveMs, achievedMs } }: DrillReport): string {
  if (objectiveMs === null || achievedMs === null) return ''
  return `, objective ${printDuration(objectiveMs)}${achievedMs > objectiveMs ? ': MISSED' : ''}`
}
