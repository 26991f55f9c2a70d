import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { limits } from '#base/limits.ts'
import { MiB } from '#base/units.ts'
import { environment } from '#host/environment.ts'
import { giveWay } from '#host/priority.ts'

const childFile = fileURLToPath(new URL('./job-child.ts', import.meta.url))

export interface ForkOptions {
  /** Somebody waits for it: it has the priority of the service. */
  readonly isPressing?: boolean | undefined
  /** It loads the program before it is told what to do. */
  readonly isAhead?: boolean
}

/** A process that waits for its job. Secrets go through its channel: never into arguments or environment, which others may read. */
export function forkChild({ isPressing = false, isAhead = false }: ForkOptions): ChildProcess {
  const child = fork(childFile, isAhead ? ['ahead'] : [], {
    // What programs of PostgreSQL and of the system need, and nothing that names the catalog.
    env: environment(['PATH', 'HOME', 'USER', 'LANG', 'TZ', 'TMPDIR', 'NODE_COMPILE_CACHE']),
    execArgv: [`--max-old-space-size=${Math.round(limits.jobHeapBytesMax / MiB)}`],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // In a group of its own: Ctrl-C in a terminal is for the worker.
    detached: true,
  })
  if (!isPressing && child.pid !== undefined) giveWay(child.pid)
  return child
}
