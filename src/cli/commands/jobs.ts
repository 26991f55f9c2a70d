import type { Command } from 'commander'
import { Option } from 'commander'
import { printBytes } from '#base/units.ts'
import { jobs, type Job } from '#contract/jobs.ts'
import { statuses, type Status } from '#contract/shapes.ts'
import type { CommandContext } from '#cli/command.ts'
import { clientFor } from '#cli/online/connection.ts'
import { withServer, type ServerOptions } from '#cli/server.ts'
import { follow, reportJob } from '#cli/online/follow.ts'
import { wholeNumber } from '#cli/options.ts'

interface ListOptions extends ServerOptions {
  readonly status?: Status
  readonly page: number
}

export function addJobs(program: Command, context: CommandContext): void {
  const group = program.command('jobs').description('what a service is doing, has done, and will do next')
  const one = (name: string, description: string) =>
    withServer(group.command(name))
      .description(description)
      .argument('<job>', 'id of the job')
      .option('--json', 'end with one line of JSON on stdout')
  withServer(group.command('list'))
    .description('the jobs, the newest first')
    .addOption(new Option('--status <status>', 'only those').choices(statuses))
    .option('--page <number>', 'which page of 25', wholeNumber(1, 1_000_000), 1)
    .option('--json', 'end with one line of JSON on stdout')
    .action((options: ListOptions) => list(options, context))
  one('show', 'one job with the last lines of its log').action((id: string, options: ServerOptions) => show(id, options, context))
  one('follow', 'show the progress of a job until it has ended').action(async (id: string, options: ServerOptions) =>
    reportJob(await follow(await clientFor(options), id, context), context),
  )
  one('cancel', 'take back a job that waits, end one that goes on').action((id: string, options: ServerOptions) =>
    cancel(id, options, context),
  )
}

async function list(options: ListOptions, { output, signal }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  const { status, page } = options
  const found = await client.call(jobs.list, { query: { page, ...(status && { status }) }, signal })
  if (found.total === 0) output.note('There is no job.')
  for (const job of found.rows) output.line(`${job.id}  ${job.createdAt}  ${job.status.padEnd(12)}  ${job.title}${progressOf(job)}`)
  output.result({ status: 'completed', ...found })
}

function progressOf({ status, stage, percent, doneBytes }: Job): string {
  if (status !== 'in_progress' || stage === null) return ''
  return `  ${stage}${percent === null ? '' : ` ${Math.floor(percent)} %`}${doneBytes === null ? '' : ` ${printBytes(doneBytes)}`}`
}

async function show(id: string, options: ServerOptions, { output, signal }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  const job = await client.call(jobs.read, { params: { id }, signal })
  output.line(`${job.title}: ${job.status}${progressOf(job)}`)
  output.line(`  asked for    ${job.createdAt} by ${job.createdBy}`)
  if (job.startedAt !== null) output.line(`  started      ${job.startedAt} by ${job.worker}, attempt ${job.attempt}`)
  if (job.endedAt !== null) output.line(`  ended        ${job.endedAt}`)
  if (job.fault) output.line(`  ${job.fault.code}: ${job.fault.fact}\n  ${job.fault.hint}`)
  for (const { at, level, line } of job.log) output.line(`  ${at}  ${level.padEnd(7)}  ${line}`)
  output.result({ status: 'completed', job })
}

async function cancel(id: string, options: ServerOptions, { output, signal }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  const job = await client.call(jobs.cancel, { params: { id }, signal })
  output.line(job.status === 'cancelled' ? `Taken back: ${job.title}` : `Told to end: ${job.title}`)
  output.result({ status: 'completed', job: job.id, state: job.status })
}
