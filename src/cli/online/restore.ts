import { Fault } from '#base/fault.ts'
import { isUuid } from '#base/ids.ts'
import { printCount, printDuration } from '#base/units.ts'
import { restores, type PlanSummary, type RestoreView } from '#contract/restores.ts'
import type { Client } from '#contract/client.ts'
import type { CommandContext } from '#cli/command.ts'
import type { Output } from '#cli/output.ts'
import { readPassword } from '#cli/options.ts'
import type { ServerOptions } from '#cli/server.ts'
import { idOf } from './backups.ts'
import { clientFor } from './connection.ts'
import { follow, reportJob } from './follow.ts'

export interface OnlinePlanOptions extends ServerOptions {
  readonly backup: string
  readonly system?: string
  readonly only?: 'database' | 'files'
  readonly lossRowsMax?: number
}

/** Targets elsewhere, roles and tables are given to the interface or to the screen; here a restore goes where the backup came from. */
const notWithServer = ['database', 'files', 'table', 'role', 'freeBytes', 'settings', 'out'] as const

export async function planOnline(
  options: OnlinePlanOptions & Partial<Record<(typeof notWithServer)[number], unknown>>,
  context: CommandContext,
): Promise<void> {
  const given = notWithServer.find((name) => options[name] !== undefined)
  if (given !== undefined)
    throw new Fault('USAGE', `--${given} does not go with --server: the plan is kept by the service, for the places of the backup`)
  const { output, signal } = context
  const client = await clientFor(options)
  const { only, lossRowsMax } = options
  const backupId = await idOf(client, options.backup, options, signal)
  const body = { backupId, ...(only !== undefined && { scope: only }), ...(lossRowsMax !== undefined && { lossRowsMax }) }
  const { planId, runId } = await client.call(restores.preview, { body, signal })
  const job = await follow(client, runId, context)
  const plan = await client.call(restores.plan, { params: { id: planId }, signal })
  if (plan.summary === null) return reportJob(job, context, { plan: planId })
  showSummary(output, plan.summary)
  output.line('')
  output.line(
    `Plan ${planId}, good until ${plan.expiresAt}. To carry it out: integrum restore run ${planId} --confirm ${plan.systemName} --reason …`,
  )
  output.result({ status: 'completed', plan: planId, digest: plan.digest, summary: plan.summary })
}

function showSummary(output: Output, { backupName, backupAt, databases, roots, space, loss, warnings }: PlanSummary): void {
  output.line(`Restore from ${backupName} (${backupAt})`)
  for (const { name, place, rowsInBackup, rowsNow, tablesAdded, tablesRemoved, tablesChanged } of databases) {
    output.line(`database ${name} → ${place}`)
    output.line(`  rows     ${printCount(rowsInBackup)} in the backup${rowsNow === null ? '' : `, ${printCount(rowsNow)} now`}`)
    output.line(`  tables   ${tablesAdded.count} added, ${tablesRemoved.count} removed, ${tablesChanged.count} with other counts`)
  }
  for (const { name, path, added, changed, removed } of roots) {
    output.line(`files ${name} → ${path}`)
    output.line(`  files    ${printCount(added.count)} added, ${printCount(changed.count)} changed, ${printCount(removed.count)} removed`)
  }
  for (const { place, neededBytes, freeBytes } of space)
    output.line(`space    ${neededBytes} bytes needed, ${freeBytes ?? 'unknown'} free: ${place}`)
  for (const line of loss) output.line(`LOST     ${line}`)
  for (const line of warnings) output.line(`NOTE     ${line}`)
}

export interface SignedOptions extends ServerOptions {
  readonly confirm: string
  readonly reason?: string
  readonly signPasswordFile?: string
  readonly code?: string
  readonly meaning: string
}

export async function runOnline(
  planId: string,
  options: SignedOptions & { readonly safetyBackup: boolean },
  context: CommandContext,
): Promise<void> {
  assertUuid(planId, 'plan')
  const client = await clientFor(options)
  const signed = await signedBody(options)
  const withoutSafetyBackup = options.safetyBackup ? {} : { withoutSafetyBackup: { reason: signed.reason } }
  const begun = await client.call(restores.execute, { body: { planId, ...signed, ...withoutSafetyBackup }, signal: context.signal })
  await report(client, begun, context)
}

export async function undoOnline(
  id: string,
  options: SignedOptions & { readonly lossRowsMax?: number },
  context: CommandContext,
): Promise<void> {
  assertUuid(id, 'restore')
  const client = await clientFor(options)
  const { lossRowsMax } = options
  const body = { ...(await signedBody(options)), ...(lossRowsMax !== undefined && { lossRowsMax }) }
  await report(client, await client.call(restores.undo, { params: { id }, body, signal: context.signal }), context)
}

export async function releaseOnline(
  id: string,
  options: SignedOptions & { readonly backup: boolean },
  context: CommandContext,
): Promise<void> {
  assertUuid(id, 'restore')
  const client = await clientFor(options)
  const signed = await signedBody(options)
  const body = { ...signed, ...(!options.backup && { withoutBackup: { reason: signed.reason } }) }
  await report(client, await client.call(restores.release, { params: { id }, body, signal: context.signal }), context)
}

export async function listOnline(options: ServerOptions, { output, signal }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  const { rows, total } = await client.call(restores.history, { query: { pageSize: 200 }, signal })
  if (total === 0) output.note('There was no restore yet.')
  for (const one of rows.toReversed())
    output.line(`${one.id}  ${one.createdAt}  ${one.systemName}  ${one.kind}  ${stateOf(one)}  by ${one.restoredBy}`)
  output.result({ status: 'completed', restores: rows })
}

function stateOf({ status, waitsForApproval, mayUndo, undoUntil }: RestoreView): string {
  if (waitsForApproval) return 'waits for a second approver'
  return mayUndo ? `${status}, can be undone until ${undoUntil}` : status
}

/** Both components at the moment of signing (21 CFR 11.200): neither is kept. */
async function signedBody({ confirm, reason, signPasswordFile, code, meaning }: SignedOptions) {
  if (reason === undefined) throw new Fault('REASON_REQUIRED', 'a restore through a service is signed with its reason')
  if (signPasswordFile === undefined || code === undefined)
    throw new Fault('USAGE', 'a restore through a service is signed: give --sign-password-file and --code')
  return { confirm, reason, signature: { password: await readPassword(signPasswordFile), totp: code, meaning } }
}

function assertUuid(text: string, what: string): void {
  if (!isUuid(text)) throw new Fault('USAGE', `${text} is no id of a ${what} of a service`)
}

async function report(
  client: Client,
  begun: { readonly restoreId: string; readonly runId: string | null },
  context: CommandContext,
): Promise<void> {
  const { output, signal } = context
  if (begun.runId === null) {
    output.line(`Signed. Restore ${begun.restoreId} begins when a second approver has signed it.`)
    return output.result({ status: 'pending', restore: begun.restoreId })
  }
  const job = await follow(client, begun.runId, context)
  const done = await client.call(restores.details, { params: { id: begun.restoreId }, signal })
  const { verified, unreachableMs, notRestored = [], notes = [] } = done.validationResults
  if (done.safetyBackupId !== null) output.line(`  safety       backup ${done.safetyBackupId} holds what was live before`)
  if (verified)
    output.line(
      `  verified     ${printCount(verified.tables)} tables, ${printCount(verified.rows)} rows, ${printCount(verified.files)} files`,
    )
  if (typeof unreachableMs === 'number') output.line(`  unreachable  ${printDuration(unreachableMs)}`)
  for (const line of notRestored) output.line(`  NOT RESTORED ${line}`)
  for (const line of notes) output.line(`  NOTE         ${line}`)
  if (done.mayUndo) output.line(`  undo         until ${done.undoUntil}: integrum restore undo ${done.id} --confirm ${done.systemName}`)
  reportJob(job, context, { restore: done.id, undoUntil: done.undoUntil, validationResults: done.validationResults })
}
