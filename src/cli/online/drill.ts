import { writeFile } from 'node:fs/promises'
import { Fault } from '#base/fault.ts'
import { printDuration } from '#base/units.ts'
import { drills, type DrillDetails } from '#contract/drills.ts'
import { hostFault } from '#host/durable.ts'
import type { CommandContext } from '#cli/command.ts'
import type { Output } from '#cli/output.ts'
import { idOf, type OnlineListOptions } from './backups.ts'
import { clientFor } from './connection.ts'
import { follow } from './follow.ts'

export interface OnlineDrillOptions extends OnlineListOptions {
  readonly out?: string
}

/** What a service drills with stands in its catalog; where it does is each worker's own affair. */
const notWithServer = ['settings', 'place'] as const

export async function drillOnline(
  wanted: string,
  options: OnlineDrillOptions & Partial<Record<(typeof notWithServer)[number], unknown>>,
  context: CommandContext,
): Promise<void> {
  const given = notWithServer.find((name) => options[name] !== undefined)
  if (given !== undefined) throw new Fault('USAGE', `--${given} does not go with --server: the service and its workers have their own`)
  const { output, signal, end } = context
  const client = await clientFor(options)
  const backupId = await idOf(client, wanted, options, signal)
  const { drillId, runId } = await client.call(drills.start, { body: { backupId }, signal })
  const job = await follow(client, runId, context)
  const drill = await client.call(drills.details, { params: { id: drillId }, signal })
  show(output, drill)
  if (options.out !== undefined && drill.hasReport) {
    const report = await client.open(drills.report, { params: { id: drillId }, signal })
    await write(options.out, await report.text())
  }
  if (drill.fault) output.note(`error ${drill.fault.code}: ${drill.fault.fact}\n  ${drill.fault.hint}`)
  output.result({
    status: job.status,
    outcome: drill.outcome,
    backup: backupId,
    drill: drillId,
    ...(drill.fault && { error: drill.fault }),
  })
  end(drill.outcome === 'proven' ? 0 : 1)
}

async function write(file: string, report: string): Promise<void> {
  try {
    await writeFile(file, report, { mode: 0o640 })
  } catch (error) {
    throw hostFault(error, `cannot write the report to ${file}`)
  }
}

function show(output: Output, drill: DrillDetails): void {
  const { outcome, backupId, systemName, restoredInMs, objectiveMs } = drill
  output.line(
    outcome === 'proven'
      ? `Proven restorable (${drill.endedAt?.slice(0, 10)}): backup ${backupId} of ${systemName}`
      : `${outcome === null ? 'NOT DRILLED' : 'FAILED'}: backup ${backupId} of ${systemName}`,
  )
  for (const { source, what, code, fact } of drill.findings) output.line(`  DAMAGED      ${source}: ${what}: ${code}: ${fact}`)
  for (const { name, outcome: answer, fact } of drill.assertions)
    output.line(`  ${answer.padEnd(11)}  ${name}${fact === null ? '' : `: ${fact}`}`)
  for (const { stage, what, durationMs } of drill.stages) output.line(`  ${stage.padEnd(11)}  ${printDuration(durationMs)}  ${what}`)
  if (restoredInMs === null) return
  const beside = objectiveMs === null ? '' : `, objective ${printDuration(objectiveMs)}${restoredInMs > objectiveMs ? ': MISSED' : ''}`
  output.line(`  RTO          ${printDuration(restoredInMs)} achieved${beside}`)
}
