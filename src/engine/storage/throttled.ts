import assert from 'node:assert'
import type { Clock } from '#base/clock.ts'
import type { Storage } from './storage.ts'

export interface Throttle {
  /** Bytes per second; absent: as fast as it goes. */
  readonly uploadBytesPerSecond?: number
  readonly downloadBytesPerSecond?: number
}

/**
 * Keeps the mean rate of all calls together below a bound. A file waits for its turn as a whole, since `put` takes it as a
 * whole, so a single file still travels at full speed.
 */
export function throttled(storage: Storage, clock: Clock, throttle: Throttle): Storage {
  const payUpload = meter(clock, throttle.uploadBytesPerSecond)
  const payDownload = meter(clock, throttle.downloadBytesPerSecond)
  return {
    ...storage,
    async put(name, parts, signal) {
      await payUpload(
        parts.reduce((sum, part) => sum + part.byteLength, 0),
        signal,
      )
      await storage.put(name, parts, signal)
    },
    async get(name, range, signal) {
      const bytes = await storage.get(name, range, signal)
      await payDownload(bytes.length, signal)
      return bytes
    },
  }
}

/** Each call books the time its bytes take behind the time booked before it, then sleeps until that is over. */
function meter(clock: Clock, bytesPerSecond: number | undefined): (bytes: number, signal?: AbortSignal) => Promise<void> {
  if (bytesPerSecond === undefined) return async () => {}
  assert(bytesPerSecond > 0, 'a rate is above zero')
  let bookedUntilMs = 0
  return async (bytes, signal) => {
    const nowMs = clock.monotonicMs()
    bookedUntilMs = Math.max(bookedUntilMs, nowMs) + (bytes * 1000) / bytesPerSecond
    await clock.sleep(bookedUntilMs - nowMs, signal)
  }
}
