import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { systemClock } from '#base/clock.ts'
import { errnoOf } from '#base/fault.ts'

/** A process of a test, killed with its scope. */
export interface TestProcess extends AsyncDisposable {
  readonly pid: number
  readonly output: () => string
  readonly ended: Promise<{ readonly exitCode: number | null; readonly signal: string | null }>
  signal(signal: NodeJS.Signals): void
}

/** Resolves once its output has what is waited for. */
export async function startProcess(command: string, args: readonly string[], readyWhen: RegExp): Promise<TestProcess> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = endOf(child)
  const isOver = ended.then(() => true)
  while (!readyWhen.test(output)) {
    if (await Promise.race([isOver, systemClock.sleep(20)])) throw new Error(`it ended before it was ready: ${output}`)
  }
  return {
    pid: child.pid!,
    output: () => output,
    ended,
    signal: (signal) => void child.kill(signal),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}

function endOf(child: ChildProcess): Promise<{ exitCode: number | null; signal: string | null }> {
  return new Promise((resolve) => child.once('close', (exitCode, signal) => resolve({ exitCode, signal })))
}

export async function startWorkerProcess(dataDirectory: string): Promise<TestProcess> {
  const file = fileURLToPath(new URL('./worker-process.ts', import.meta.url))
  return await startProcess(process.execPath, [file, dataDirectory], /^ready$/m)
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return false
    throw error
  }
}

export async function whenGone(pid: number, patienceMs: number): Promise<void> {
  const untilMs = systemClock.monotonicMs() + patienceMs
  while (isAlive(pid)) {
    if (systemClock.monotonicMs() > untilMs) throw new Error(`process ${pid} is still there`)
    await systemClock.sleep(20)
  }
}
