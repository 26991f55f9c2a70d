import { Fault } from '#base/fault.ts'
import { parseValue } from '#base/parse.ts'
import type { Client } from '#contract/client.ts'
import { retention, retentionPolicySchema, type PolicyInForce, type RetentionPlanView, type RetentionPolicy } from '#contract/retention.ts'
import type { CommandContext } from '#cli/command.ts'
import type { Output } from '#cli/output.ts'
import type { ServerOptions } from '#cli/server.ts'
import { clientFor } from './connection.ts'
import { neededSignature, signatureOf, type SignatureOptions } from './signature.ts'
import { systemNamed } from './systems.ts'

export interface PolicyOptions extends ServerOptions {
  readonly keepDays?: number
  readonly keepLast?: number
  readonly keepDaily?: number
  readonly keepWeekly?: number
  readonly keepMonthly?: number
  readonly keepYearly?: number
  readonly timeZone?: string
  readonly minimumDays?: number
}

export async function showPolicies(
  system: string | undefined,
  options: ServerOptions & { readonly page: number },
  { output, signal }: CommandContext,
): Promise<void> {
  const client = await clientFor(options)
  const systemId = system === undefined ? undefined : (await systemNamed(client, system, signal)).id
  const query = { page: options.page, ...(systemId !== undefined && { systemId }) }
  const found = await client.call(retention.policies, { query, signal })
  for (const row of found.rows) {
    output.line(`${(row.systemName ?? '').padEnd(20)}  ${row.source.padEnd(12)}  ${inWords(row.policy)}`)
    if (row.waits !== null) output.line(`${' '.repeat(20)}  WAITS: ${row.waits}`)
  }
  for (const one of found.organizations) output.line(`organization ${one.tenantId}  ${inWords(one.policy)}`)
  const clock = await client.call(retention.clock, { signal })
  if (clock.isSuspended) output.note(`Nothing is deleted: ${clock.fact}. integrum retention accept-clock, when the clock is right.`)
  output.result({ status: 'completed', ...found, clock })
}

export interface SetOptions extends PolicyOptions, SignatureOptions {
  readonly tenant?: string
  readonly inherit?: boolean
  readonly reason: string
}

export async function setPolicy(system: string | undefined, options: SetOptions, { output, signal }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  const policy = options.inherit ? null : policyOf(options)
  if (policy === undefined) throw new Fault('USAGE', 'no rule is given: at least one --keep-…, or --inherit')
  const systemId = system === undefined ? undefined : (await systemNamed(client, system, signal)).id
  const signature = await signatureOf(options)
  const where = { ...(systemId !== undefined && { systemId }), ...(options.tenant !== undefined && { tenantId: options.tenant }) }
  const set: PolicyInForce = await client.call(retention.set, {
    body: { ...where, policy, reason: options.reason, ...(signature && { signature }) },
    signal,
  })
  output.line(`${system ?? 'organization'}: ${inWords(set.policy)}${set.source === 'system' ? '' : ` (of the ${set.source})`}`)
  output.result({ status: 'completed', ...set })
}

export async function previewPolicy(system: string, options: PolicyOptions, { output, signal }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  const policy = policyOf(options)
  const plan = await previewed(client, system, { policy, signal })
  showPlan(output, plan)
  if (policy) for (const rule of plan.shortens) output.line(`SIGNED   keeps less than the policy in force: ${rule}`)
  else if (plan.removes > 0) output.line(`To delete them now: integrum retention run ${system} --digest ${plan.digest} --reason …`)
  output.result({ status: 'completed', ...plan })
}

export async function runPolicy(
  system: string,
  options: ServerOptions & SignatureOptions & { readonly digest: string; readonly reason: string },
  { output, signal }: CommandContext,
): Promise<void> {
  const client = await clientFor(options)
  const { id: systemId } = await systemNamed(client, system, signal)
  const signature = await signatureOf(options)
  const body = { systemId, digest: options.digest, reason: options.reason, ...(signature && { signature }) }
  const done = await client.call(retention.run, { body, signal })
  output.line(`Deleted ${done.removes} of ${done.removes + done.keeps} backups; each is removed when its grace period is over.`)
  output.result({ status: 'completed', ...done })
}

export async function listCertificates(
  options: ServerOptions & { readonly page: number },
  { output, signal }: CommandContext,
): Promise<void> {
  const found = await (await clientFor(options)).call(retention.certificates, { query: { page: options.page }, signal })
  if (found.total === 0) output.note('No backup was removed yet.')
  for (const one of found.rows) output.line(`${one.id}  ${one.removedAt}  ${one.systemName}  ${one.backupName}`)
  output.result({ status: 'completed', ...found })
}

/** The signed document as it is, for a file. */
export async function printCertificate(id: string, options: ServerOptions, { output, signal }: CommandContext): Promise<void> {
  const reply = await (await clientFor(options)).open(retention.certificate, { params: { id }, signal })
  output.line((await reply.text()).trimEnd())
}

export async function acceptClock(
  options: ServerOptions & SignatureOptions & { readonly reason: string },
  { output, signal }: CommandContext,
): Promise<void> {
  const client = await clientFor(options)
  const body = { reason: options.reason, signature: await neededSignature(options) }
  const clock = await client.call(retention.acceptClock, { body, signal })
  output.line(`Signed: it is ${clock.now}. Deletion goes on.`)
  output.result({ status: 'completed', ...clock })
}

async function previewed(
  client: Client,
  system: string,
  { policy, signal }: { readonly policy: RetentionPolicy | undefined; readonly signal: AbortSignal },
): Promise<RetentionPlanView> {
  const { id: systemId } = await systemNamed(client, system, signal)
  return await client.call(retention.preview, { body: { systemId, ...(policy && { policy }) }, signal })
}

function showPlan(output: Output, { decisions, keeps, removes, isMassDeletion }: RetentionPlanView): void {
  for (const { act, createdAt, name, reasons } of decisions) output.line(`${act.padEnd(6)}  ${createdAt}  ${name}  ${reasons.join('; ')}`)
  output.line(`Keeps ${keeps}, removes ${removes}.`)
  if (isMassDeletion) output.line('SIGNED   so many at once are deleted only when somebody signs it')
}

/** What is not said counts as zero once anything is said; undefined when nothing is. */
function policyOf(options: PolicyOptions): RetentionPolicy | undefined {
  const { keepDays: days, keepLast: last, keepDaily: daily, keepWeekly: weekly, keepMonthly: monthly, keepYearly: yearly } = options
  const rules = Object.entries({ days, last, daily, weekly, monthly, yearly }).filter(([, count]) => count !== undefined)
  if (rules.length === 0) return undefined
  const { timeZone, minimumDays = 0 } = options
  const given = {
    keep: Object.fromEntries(rules),
    ...(timeZone !== undefined && { timeZone }),
    ...(minimumDays > 0 && { recordClass: 'record-retention', minimumDays }),
  }
  return parseValue(retentionPolicySchema, given, 'the policy')
}

function inWords({ keep, timeZone, recordClass, minimumDays }: RetentionPolicy): string {
  const rules = Object.entries(keep).flatMap(([rule, count]) => (count > 0 ? [`${rule} ${count}`] : []))
  return `${rules.join(', ')}; ${timeZone}; ${recordClass}${minimumDays > 0 ? `, at least ${minimumDays} days` : ''}`
}
