import { readFileSync } from 'node:fs'
import { hostname, uptime } from 'node:os'
import { systemClock, type Clock } from '#base/clock.ts'

/** How long a machine has run: nobody can set it, and it goes on while the machine sleeps. */
export interface BootClock {
  /** Names this start of the machine. */
  readonly boot: string
  elapsedMs(): number
}

/** The machine's own, as far as it tells; for a clock that a test drives, that clock's. */
export function bootClockOf(clock: Clock): BootClock {
  if (clock !== systemClock) return { boot: 'a clock of its own', elapsedMs: () => clock.monotonicMs() }
  return { boot: bootId(), elapsedMs: () => uptime() * 1000 }
}

/** Linux names each start; elsewhere a process is as far as the name goes. Containers of one machine may count from starts of their own. */
function bootId(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${hostname()}`
  } catch {
    // Not Linux.
    return `process ${process.pid} of ${Math.round(performance.timeOrigin)}`
  }
}
