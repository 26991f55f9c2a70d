import { isWhole } from '#base/backup-types.ts'
import { Fault } from '#base/fault.ts'
import { isUuid } from '#base/ids.ts'
import { printBytes, printCount } from '#base/units.ts'
import type { Client } from '#contract/client.ts'
import { backups, type BackupView } from '#contract/backups.ts'
import type { CommandContext } from '#cli/command.ts'
import { printStanding } from '#cli/standing.ts'
import { clientFor } from './connection.ts'
import type { ServerOptions } from '#cli/server.ts'
import { follow, reportJob } from './follow.ts'
import { systemNamed } from './systems.ts'

export interface OnlineListOptions extends ServerOptions {
  readonly system?: string
}

export async function listOnline(options: OnlineListOptions, { output, signal }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  const system = options.system === undefined ? {} : { systemId: (await systemNamed(client, options.system, signal)).id }
  const listed: BackupView[] = []
  for (let page = 1; ; page += 1) {
    const { rows, total } = await client.call(backups.list, { query: { ...system, page, pageSize: 200, order: 'asc' }, signal })
    listed.push(...rows)
    if (rows.length === 0 || listed.length >= total) break
  }
  if (listed.length === 0) output.note('There is no backup yet.')
  for (const backup of listed)
    output.line(`${backup.id}  ${backup.createdAt}  ${backup.systemName}  ${backup.type}  ${backup.status}  ${standingOf(backup)}`)
  output.result({ status: 'completed', backups: listed })
}

export async function showOnline(wanted: string, options: OnlineListOptions, { output, signal }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  const backup = await client.call(backups.details, { params: { id: await idOf(client, wanted, options, signal) }, signal })
  output.line(`backup     ${backup.id}`)
  output.line(`name       ${backup.name}`)
  output.line(`system     ${backup.systemName}, ${backup.type}, ${backup.status}, made ${backup.createdAt} by ${backup.createdBy}`)
  output.line(`standing   ${standingOf(backup)}`)
  if (backup.snapshot !== null) output.line(`snapshot   ${backup.snapshot}`)
  if (backup.checksum !== null) output.line(`checksum   ${backup.checksum}`)
  for (const { name, tables, rows, bytes, instant } of backup.manifest?.databases ?? [])
    output.line(`database   ${name}: ${printCount(tables)} tables, ${printCount(rows)} rows, ${printBytes(bytes)}, as of ${instant}`)
  for (const { name, path, files, bytes } of backup.manifest?.roots ?? [])
    output.line(`files      ${name}: ${JSON.stringify(path)}, ${printCount(files)} files, ${printBytes(bytes)}`)
  for (const gap of backup.manifest?.gaps ?? []) output.line(`GAP        ${gap.source}: ${gap.kind}: ${gap.what}: ${gap.detail}`)
  for (const { fact } of backup.anomaly?.findings ?? []) output.line(`UNLIKE     ${fact}${verdictOf(backup)}`)
  if (backup.heldByAlert !== null) output.line(`kept       until alert ${backup.heldByAlert} is settled`)
  if (backup.fault) output.line(`FAILED     ${backup.fault.code}: ${backup.fault.fact}`)
  output.result({ status: 'completed', backup })
}

export async function verifyOnline(
  wanted: string,
  options: OnlineListOptions & { readonly quick?: boolean },
  context: CommandContext,
): Promise<void> {
  const client = await clientFor(options)
  const id = await idOf(client, wanted, options, context.signal)
  const { runId } = await client.call(backups.verify, { params: { id }, body: { isQuick: options.quick ?? false }, signal: context.signal })
  reportJob(await follow(client, runId, context), context, { backup: id })
}

function standingOf({ standing, standingAt }: BackupView): string {
  return printStanding({ state: standing, at: standingAt })
}

/** Unlike those before it is trusted once somebody has accepted that. */
function isTrusted(anomaly: BackupView['anomaly']): boolean {
  return anomaly === null || anomaly.verdict === 'accepted'
}

function verdictOf({ anomaly }: BackupView): string {
  return anomaly?.verdict ? ` (${anomaly.verdict} by ${anomaly.settledBy}: ${anomaly.reason})` : ''
}

/** A uuid, or the newest good one of a system. */
export async function idOf(client: Client, wanted: string, options: OnlineListOptions, signal: AbortSignal): Promise<string> {
  if (isUuid(wanted)) return wanted
  if (wanted !== 'latest') throw new Fault('USAGE', `${wanted} is no id of a backup; a service wants the whole uuid, or latest`)
  const system = options.system === undefined ? {} : { systemId: (await systemNamed(client, options.system, signal)).id }
  const { rows } = await client.call(backups.list, { query: { ...system, pageSize: 200 }, signal })
  const found = rows.find(
    ({ type, status, purpose, anomaly }) =>
      isWhole({ type }) && purpose === 'regular' && status.startsWith('completed') && isTrusted(anomaly),
  )
  if (!found) throw new Fault('BACKUP_NOT_FOUND', 'there is no completed backup')
  return found.id
}
