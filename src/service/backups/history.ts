import type { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { Semaphore } from '#base/semaphore.ts'
import { durations } from '#base/units.ts'
import { historySchema } from '#contract/history.ts'
import type { House } from '#service/house.ts'
import { startJobProcess } from '#service/jobs/job-process.ts'
import type { HistoryInput } from '#service/jobs/work/history.work.ts'

const historyMsMax = 5 * durations.minute
/** Each reads a repository from end to end, in a process of its own. */
const historiesAtOnce = new Semaphore(2)
const workFile = new URL('../jobs/work/history.work.ts', import.meta.url)

/**
 * One record through all backups, read in a process of its own: what is asked for, and what comes back, goes through its channel
 * and stands nowhere else. Faults of `recordHistory`; ENTITY_TOO_LARGE when it takes longer than whoever asks can wait.
 */
export async function readHistory(house: House, input: HistoryInput, signal: AbortSignal): Promise<z.output<typeof historySchema>> {
  await historiesAtOnce.acquire()
  try {
    return await read(house, input, signal)
  } finally {
    historiesAtOnce.release()
  }
}

async function read(house: House, input: HistoryInput, signal: AbortSignal): Promise<z.output<typeof historySchema>> {
  if (signal.aborted) throw new Fault('CANCELLED', 'whoever asked has gone')
  const process = await startJobProcess({
    work: workFile,
    prepared: { input },
    attempt: 1,
    previousTrail: {},
    clock: house.clock,
    onProgress: () => undefined,
    onLog: (line) => house.log.info({ line }, 'the history of a record'),
    // Nobody takes it up again: what it would leave to know is not kept.
    onTrail: async () => true,
  })
  const late = AbortSignal.timeout(historyMsMax)
  const until = AbortSignal.any([signal, house.stopping, late])
  const stop = () => process.cancel(new Fault('CANCELLED', 'the history is not waited for any more'))
  if (until.aborted) stop()
  until.addEventListener('abort', stop, { once: true })
  const end = await process.ended
  until.removeEventListener('abort', stop)
  if (end.kind === 'done') return historySchema.parse(end.output)
  if (late.aborted) throw new Fault('ENTITY_TOO_LARGE', `to read this history takes longer than ${historyMsMax / durations.minute} minutes`)
  if (end.kind === 'fault') throw end.fault
  throw new Error(end.kind === 'gone' ? `the history ended without a word: ${end.how}` : end.stack)
}
