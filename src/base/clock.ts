import { Fault } from './fault.ts'

/** Time is an argument: whatever waits or stamps takes a Clock, so that a test can drive it. */
export interface Clock {
  now(): Date
  /** Milliseconds from an arbitrary start; never jumps back. For durations. */
  monotonicMs(): number
  /** Rejects with CANCELLED when `signal` aborts first. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>
  /** Calls `work` again and again until disposed. Keeps no process alive. */
  every(periodMs: number, work: () => void): Disposable
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: (durationMs, signal) =>
    new Promise((resolve, reject) => {
      const cancelled = () => {
        clearTimeout(timer)
        reject(new Fault('CANCELLED', 'cancelled while waiting', {}, { cause: signal?.reason }))
      }
      if (signal?.aborted) return reject(new Fault('CANCELLED', 'cancelled', {}, { cause: signal.reason }))
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', cancelled)
        resolve()
      }, durationMs)
      signal?.addEventListener('abort', cancelled, { once: true })
    }),
  every: (periodMs, work) => {
    const timer = setInterval(work, periodMs) as { unref?(): void }
    // A browser has no process to keep alive.
    timer.unref?.()
    return { [Symbol.dispose]: () => clearInterval(timer as NodeJS.Timeout) }
  },
}

/** A clock that moves only when told to, or when somebody sleeps on it. An implementation, not a mock. */
export function testClock(start: Date): Clock & { advance(durationMs: number): void } {
  let elapsedMs = 0
  const periodic = new Set<{ readonly periodMs: number; dueMs: number; readonly work: () => void }>()
  const advance = (durationMs: number) => {
    elapsedMs += durationMs
    // As a timer of the system does after the machine slept: late, and once.
    for (const timer of periodic) {
      if (timer.dueMs > elapsedMs) continue
      timer.dueMs = elapsedMs + timer.periodMs
      timer.work()
    }
  }
  return {
    now: () => new Date(start.getTime() + elapsedMs),
    monotonicMs: () => elapsedMs,
    sleep: async (durationMs, signal) => {
      throwIfCancelled(signal)
      advance(durationMs)
    },
    every: (periodMs, work) => {
      const timer = { periodMs, dueMs: elapsedMs + periodMs, work }
      periodic.add(timer)
      return { [Symbol.dispose]: () => void periodic.delete(timer) }
    },
    advance,
  }
}

export function throwIfCancelled(signal?: AbortSignal): void {
  if (signal?.aborted) throw new Fault('CANCELLED', 'cancelled', {}, { cause: signal.reason })
}
