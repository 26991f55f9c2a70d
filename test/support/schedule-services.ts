import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** One of several services, in a process of its own, with a clock that goes on when it is told. */
export interface ScheduleService extends AsyncDisposable {
  readonly start: Date
  /** Its time goes on, and it looks. Resolves when it has looked, or is dead. */
  look(now: Date): Promise<void>
  kill(): void
}

export async function startScheduleService(dataDirectory: string, start: Date): Promise<ScheduleService> {
  const file = fileURLToPath(new URL('./schedule-service-process.ts', import.meta.url))
  const child = fork(file, [dataDirectory, start.toISOString()], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const ended = once(child, 'exit')
  await said(child, ended)
  let lookedAt = start
  return {
    start,
    look: async (now) => {
      const passedMs = now.getTime() - lookedAt.getTime()
      lookedAt = now
      child.send({ passedMs })
      await said(child, ended)
    },
    kill: () => void child.kill('SIGKILL'),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function said(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  await Promise.race([once(child, 'message'), ended])
}
