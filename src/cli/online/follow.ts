import { systemClock } from '#base/clock.ts'
import { printCount } from '#base/units.ts'
import type { Client } from '#contract/client.ts'
import type { Job } from '#contract/jobs.ts'
import { jobs } from '#contract/jobs.ts'
import type { CommandContext } from '#cli/command.ts'

const lookEveryMs = 500

/** Shows a job's progress until it has ended. Ctrl-C ends the looking, not the job. */
export async function follow(client: Client, runId: string, { output, signal }: CommandContext): Promise<Job> {
  for (;;) {
    const job = await client.call(jobs.read, { params: { id: runId }, signal })
    if (job.endedAt !== null) return job
    output.progress({
      stage: job.stage ?? job.status,
      ...(job.doneBytes !== null && { doneBytes: job.doneBytes }),
      ...(job.totalBytes !== null && { totalBytes: job.totalBytes }),
      ...(job.doneFiles !== null && { doneFiles: job.doneFiles }),
    })
    await systemClock.sleep(lookEveryMs, signal).catch((error: unknown) => {
      output.note(`job ${runId} goes on: integrum jobs show ${runId}, or integrum jobs cancel ${runId}`)
      throw error
    })
  }
}

/** The exit code of a command whose work was this job, and its words. */
export function reportJob(job: Job, { output, end }: CommandContext, result: Readonly<Record<string, unknown>> = {}): void {
  const words = {
    pending: 'waits',
    in_progress: 'goes on',
    completed: 'Completed',
    completed_with_gaps: 'Completed with gaps',
    failed: 'FAILED',
    cancelled: 'Cancelled',
  }
  output.line(`${words[job.status]}: ${job.title} (job ${job.id}${job.attempt > 1 ? `, attempt ${printCount(job.attempt)}` : ''})`)
  if (job.fault) output.note(`error ${job.fault.code}: ${job.fault.fact}\n  ${job.fault.hint}`)
  output.result({ status: job.status, job: job.id, ...result, ...(job.fault && { error: job.fault }) })
  end(job.status === 'completed' ? 0 : job.status === 'completed_with_gaps' ? 3 : 1)
}
