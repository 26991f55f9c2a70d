import { Fault } from '#base/fault.ts'
import { isUuid } from '#base/ids.ts'
import { durations, printBytes, printDuration } from '#base/units.ts'
import type { BackupType } from '#contract/backups.ts'
import type { Client } from '#contract/client.ts'
import { schedules, type Blackout, type Follows, type ProposalView, type ScheduleView, type Upcoming } from '#contract/schedules.ts'
import type { CommandContext } from '#cli/command.ts'
import type { ServerOptions } from '#cli/server.ts'
import { clientFor } from './connection.ts'
import { systemNamed } from './systems.ts'

interface TimesOptions extends ServerOptions {
  readonly cron?: string
  readonly timeZone?: string
  readonly blackout?: readonly Blackout[]
  readonly jitter?: number
}

interface ScheduleOptions extends TimesOptions {
  readonly type?: BackupType
  readonly catchUp?: number | 'always'
  readonly tolerance?: number
  readonly retentionDays?: number
  readonly follow?: FollowOption
}

export type FollowOption = Follows | 'no'

export async function listSchedules(
  options: ServerOptions & { readonly system?: string },
  { output, signal }: CommandContext,
): Promise<void> {
  const client = await clientFor(options)
  const system = options.system === undefined ? {} : { systemId: (await systemNamed(client, options.system, signal)).id }
  const rows = await allSchedules(client, system, signal)
  if (rows.length === 0) output.note('There is no schedule yet.')
  for (const one of rows)
    output.line(`${one.name.padEnd(24)}  ${one.systemName.padEnd(12)}  ${one.backupType.padEnd(8)}  ${standingOf(one)}`)
  output.result({ status: 'completed', rows })
}

function standingOf({ isActive, words, lastStatus, lastRunAt, nextRuns: [next] }: ScheduleView): string {
  const last = lastRunAt === null ? 'never ran' : `last ${lastRunAt}: ${lastStatus ?? 'not known'}`
  return `${words}; ${isActive ? `next ${next ? printRun(next) : 'never'}` : 'off'}; ${last}`
}

function printRun({ at, local, utcOffset, note }: Upcoming): string {
  return `${local} (UTC${utcOffset}, ${at})${note === null ? '' : ` ${note}`}`
}

async function allSchedules(client: Client, query: object, signal: AbortSignal): Promise<ScheduleView[]> {
  const listed: ScheduleView[] = []
  for (let page = 1; ; page += 1) {
    const { rows, total } = await client.call(schedules.list, { query: { ...query, page, pageSize: 200 }, signal })
    listed.push(...rows)
    if (rows.length === 0 || listed.length >= total) return listed
  }
}

/** By its id, or its whole name. */
async function scheduleNamed(client: Client, wanted: string, signal: AbortSignal): Promise<ScheduleView> {
  const rows = await allSchedules(client, isUuid(wanted) ? {} : { search: wanted }, signal)
  const found = rows.filter(({ id, name }) => id === wanted || name === wanted)
  if (found.length === 1) return found[0]!
  const fact = found.length === 0 ? `there is no schedule ${wanted}` : `${found.length} schedules are named ${wanted}, in several tenants`
  throw new Fault('NOT_FOUND', fact, { name: wanted })
}

export async function createSchedule(
  name: string,
  options: ScheduleOptions & { readonly system: string },
  context: CommandContext,
): Promise<void> {
  const client = await clientFor(options)
  const { signal } = context
  const { id: systemId } = await systemNamed(client, options.system, signal)
  const { cronExpression, backupType, ...others } = given(options)
  if (cronExpression === undefined) throw new Fault('USAGE', 'a schedule has times: --cron "30 2 * * *"')
  const body = { systemId, name, backupType: backupType ?? 'full', cronExpression, ...others }
  report(await client.call(schedules.create, { body, signal }), context)
}

/** Of what a schedule is, that which was typed. */
function given({ cron, timeZone, blackout, jitter, type, catchUp, tolerance, retentionDays, follow }: ScheduleOptions) {
  return {
    ...(cron !== undefined && { cronExpression: cron }),
    ...(timeZone !== undefined && { timeZone }),
    ...(blackout !== undefined && { blackouts: [...blackout] }),
    ...(jitter !== undefined && { jitterMinutes: jitter }),
    ...(type !== undefined && { backupType: type }),
    ...(catchUp !== undefined && { catchUpMinutes: catchUp === 'always' ? null : catchUp }),
    ...(tolerance !== undefined && { toleranceMinutes: tolerance }),
    ...(retentionDays !== undefined && { retentionDays }),
    ...(follow !== undefined && { follows: follow === 'no' ? null : follow }),
  }
}

function report(schedule: ScheduleView, { output }: CommandContext): void {
  output.line(`${schedule.name}: ${schedule.words}${schedule.isActive ? '' : '; it is off'}`)
  for (const run of schedule.nextRuns) output.line(`  ${printRun(run)}`)
  output.result({ status: 'completed', schedule })
}

export async function changeSchedule(
  wanted: string,
  options: ScheduleOptions & { readonly name?: string; readonly blackouts: boolean },
  context: CommandContext,
): Promise<void> {
  const client = await clientFor(options)
  const { signal } = context
  const before = await scheduleNamed(client, wanted, signal)
  const { name, backupType, cronExpression, timeZone, blackouts, jitterMinutes, isActive } = before
  const body = {
    name,
    backupType,
    cronExpression,
    timeZone,
    blackouts,
    jitterMinutes,
    isActive,
    catchUpMinutes: before.catchUpMinutes,
    toleranceMinutes: before.toleranceMinutes,
    retentionDays: before.retentionDays,
    follows: before.follows,
    ...(options.name !== undefined && { name: options.name }),
    ...(!options.blackouts && { blackouts: [] }),
    ...given(options),
  }
  report(await client.call(schedules.edit, { params: { id: before.id }, body, signal }), context)
}

export async function switchSchedule(
  wanted: string,
  options: ServerOptions & { readonly on?: boolean; readonly off?: boolean },
  context: CommandContext,
): Promise<void> {
  if (options.on && options.off) throw new Fault('USAGE', 'a schedule is on or off, not both')
  const client = await clientFor(options)
  const { id } = await scheduleNamed(client, wanted, context.signal)
  const body = options.on ? { isActive: true } : options.off ? { isActive: false } : {}
  report(await client.call(schedules.toggle, { params: { id }, body, signal: context.signal }), context)
}

export async function removeSchedule(wanted: string, options: ServerOptions, { output, signal }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  const { id, name } = await scheduleNamed(client, wanted, signal)
  await client.call(schedules.remove, { params: { id }, signal })
  output.line(`${name} is removed; its backups stay.`)
  output.result({ status: 'completed', schedule: id })
}

export async function previewSchedule(options: TimesOptions, { output, signal }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  const { cronExpression, ...times } = given(options)
  if (cronExpression === undefined) throw new Fault('USAGE', 'a schedule has times: --cron "30 2 * * *"')
  const preview = await client.call(schedules.preview, { body: { cronExpression, ...times }, signal })
  output.line(preview.words)
  for (const run of preview.nextRuns) output.line(`  ${printRun(run)}`)
  output.result({ status: 'completed', ...preview })
}

export async function showTicks(
  wanted: string,
  options: ServerOptions & { readonly missed?: boolean; readonly page: number },
  { output, signal }: CommandContext,
): Promise<void> {
  const client = await clientFor(options)
  const { id } = await scheduleNamed(client, wanted, signal)
  const query = { page: options.page, ...(options.missed && { missed: 'true' as const }) }
  const found = await client.call(schedules.ticks, { params: { id }, query, signal })
  for (const { tick, backup, missed } of found.rows) {
    const told = [...(backup ? [`backup ${backup.id} ${backup.status}`] : []), ...(missed ? [`MISSED: ${missed.words}`] : [])]
    output.line(`${tick}  ${told.join('; ')}`)
  }
  output.result({ status: 'completed', ...found })
}

export async function showProposal(wanted: string, options: ServerOptions, { output, signal }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  const { id } = await scheduleNamed(client, wanted, signal)
  const proposal = await client.call(schedules.proposal, { params: { id }, signal })
  output.line(proposal.isChange ? `Proposed: ${proposal.cronExpression} (${proposal.words})` : 'As it is.')
  for (const reason of proposal.reasons) output.line(`  ${reason}`)
  const { storedBytes, durationSeconds } = proposal.next
  if (storedBytes.value !== null) output.line(`The next one stores about ${printBytes(storedBytes.value)}${errorOf(storedBytes)}.`)
  if (durationSeconds.value !== null)
    output.line(`It takes about ${printDuration(durationSeconds.value * durations.second)}${errorOf(durationSeconds)}.`)
  output.result({ status: 'completed', ...proposal })
}

function errorOf({ typicalError, triedOn }: ProposalView['next']['storedBytes']): string {
  return typicalError === null ? '' : ` (${Math.round(typicalError * 100)} % off in the middle one of ${triedOn} past ones)`
}

export async function makeDefaults(
  options: ServerOptions & { readonly system: string; readonly timeZone?: string },
  context: CommandContext,
): Promise<void> {
  const client = await clientFor(options)
  const { id: systemId } = await systemNamed(client, options.system, context.signal)
  const { timeZone } = options
  const { rows } = await client.call(schedules.defaults, {
    body: { systemId, ...(timeZone !== undefined && { timeZone }) },
    signal: context.signal,
  })
  for (const one of rows) context.output.line(`${one.name}: ${one.words}`)
  context.output.result({ status: 'completed', rows })
}
