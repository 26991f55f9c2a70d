import { Fault } from '#base/fault.ts'
import type { House } from '#service/house.ts'
import type { Prepared } from './job-kind.ts'
import { startJobProcess, type JobEnd } from './job-process.ts'

/**
 * Work that somebody waits for, in a process of its own: it has the passwords of databases as a file that is there for it alone, and it
 * is no job of the queue. Ends when whoever asked has gone (CANCELLED), and when it takes longer than `msMax`: then `isLate`.
 */
export async function answeredWork(
  { clock }: Pick<House, 'clock'>,
  { work, prepared, msMax }: { readonly work: URL; readonly prepared: Prepared<unknown>; readonly msMax: number },
  signal: AbortSignal,
): Promise<{ readonly end: JobEnd; readonly isLate: boolean }> {
  const process = await startJobProcess({
    work,
    prepared,
    attempt: 1,
    previousTrail: {},
    clock,
    onProgress: () => undefined,
    onLog: () => undefined,
    // Nobody takes it up again: what it would leave to know is not kept.
    onTrail: async () => true,
  })
  const until = AbortSignal.any([signal, AbortSignal.timeout(msMax)])
  const stop = () => process.cancel(new Fault('CANCELLED', 'whoever asked waits no longer'))
  if (until.aborted) stop()
  until.addEventListener('abort', stop, { once: true })
  const end = await process.ended
  until.removeEventListener('abort', stop)
  if (signal.aborted) throw new Fault('CANCELLED', 'whoever asked has gone')
  return { end, isLate: until.aborted }
}
