import { rmSync } from 'node:fs'
import path from 'node:path'
import { systemClock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { setEnvironment } from '#host/environment.ts'
import type { Progress } from '#engine/sources/source.ts'
import type { Trail, Work, WorkTools } from './job-kind.ts'
import { failureOf, receivedFault, type FromChild, type ToChild } from './job-messages.ts'

/**
 * The process that does the work of one job. It lives as long as its worker: when the channel closes, or nothing comes
 * through it for too long, somebody else has the job by now, and this one ends at once, wherever it stands.
 */
const stop = new AbortController()
const awaited = new Map<number, { resolve(): void; reject(error: Error): void }>()
let heardMs = systemClock.monotonicMs()
let isSuspect = false
let passwordFile: string | undefined

process.on('disconnect', () => process.exit(orphaned))
// The worker is told to end by the same signals, and decides what becomes of its jobs.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
process.on('exit', removePasswords)
process.on('message', (message: ToChild) => {
  heardMs = systemClock.monotonicMs()
  isSuspect = false
  if (message.type === 'begin') void begin(message)
  else if (message.type === 'cancel') stop.abort(receivedFault(message.fault))
  else if (message.type === 'trail') answerTrail(message)
})
systemClock.every(limits.jobAliveEveryMs, watch)
// What cannot be loaded is loaded again with the job, and told then.
if (process.argv.includes('ahead')) void import('./job-ahead.ts').catch(() => undefined)

/** Exit codes, for the log of the worker. */
const orphaned = 70

/** Twice in a row: what has come in while this process itself was held up is read between the two. */
function watch(): void {
  const isSilent = systemClock.monotonicMs() - heardMs > limits.jobSilenceMsMax
  if (isSilent && isSuspect) process.exit(orphaned)
  isSuspect = isSilent
}

async function begin(order: Extract<ToChild, { type: 'begin' }>): Promise<void> {
  const progress = new ProgressSender()
  ;({ passwordFile } = order)
  // Where libpq looks for it, here and in the programs that are started.
  if (passwordFile !== undefined) setEnvironment('PGPASSFILE', passwordFile)
  try {
    const { work } = (await import(order.work)) as { work: Work<unknown, unknown> }
    const output = await work(order.input, toolsOf(order, progress))
    progress.flush()
    end({ type: 'done', output })
  } catch (error) {
    progress.flush()
    end(failureOf(error))
  }
}

function toolsOf({ attempt, previousTrail }: Extract<ToChild, { type: 'begin' }>, progress: ProgressSender): WorkTools {
  const locks = new Set(previousTrail.locks)
  let seq = 0
  const trail = (patch: Trail) =>
    new Promise<void>((resolve, reject) => {
      awaited.set((seq += 1), { resolve, reject })
      send({ type: 'trail', seq, patch })
    })
  return {
    signal: stop.signal,
    attempt,
    previousTrail,
    onProgress: (one) => progress.note(one),
    log: (line, level = 'info') => send({ type: 'log', level, line }),
    trail,
    lockRecord: {
      taking: (id) => trail({ locks: [...locks.add(id)] }),
      gone: (id) => (locks.delete(id) ? trail({ locks: [...locks] }) : Promise.resolve()),
    },
  }
}

function answerTrail({ seq, isKept }: Extract<ToChild, { type: 'trail' }>): void {
  const waiting = awaited.get(seq)
  awaited.delete(seq)
  if (isKept) waiting?.resolve()
  else waiting?.reject(new Fault('JOB_LOST', 'the trail of this attempt is not taken any more'))
}

/** A few times a second at most, and the newest always. */
class ProgressSender {
  #sentMs = -Infinity
  #stage = ''
  #waiting: Progress | undefined

  note(progress: Progress): void {
    this.#waiting = progress
    const isNew = progress.stage !== this.#stage
    if (isNew || systemClock.monotonicMs() - this.#sentMs >= limits.jobProgressEveryMs) this.flush()
  }

  flush(): void {
    if (!this.#waiting) return
    this.#stage = this.#waiting.stage
    this.#sentMs = systemClock.monotonicMs()
    send({ type: 'progress', progress: this.#waiting })
    this.#waiting = undefined
  }
}

function send(message: FromChild): void {
  if (process.connected) process.send!(message)
}

/** Whatever the work has left open ends with the process. */
function end(message: FromChild): void {
  if (!process.connected) process.exit(orphaned)
  process.send!(message, undefined, undefined, () => process.exit(0))
}

/** The worker does it too, unless it was killed. */
function removePasswords(): void {
  if (passwordFile !== undefined) rmSync(path.dirname(passwordFile), { recursive: true, force: true })
}
