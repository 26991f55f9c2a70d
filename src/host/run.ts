import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { Fault, errnoOf } from '#base/fault.ts'
import { limits } from '#base/limits.ts'

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  readonly uid?: number
  readonly gid?: number
  readonly input?: string | Uint8Array
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number
}

export interface RunResult {
  readonly exitCode: number
  readonly stdout: string
  /** The last 64 KiB of it. */
  readonly stderr: string
}

/**
 * Runs a program to its end, without a shell, and returns what it said. A non-zero exit is a result, not a fault;
 * a program that does not exist is TOOL_MISSING. Aborting kills it and rejects with CANCELLED.
 */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const child = start(command, args, { ...spawnOptions(options), stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] })
  const stdout: Buffer[] = []
  child.stdout?.on('data', (bytes: Buffer) => stdout.push(bytes))
  const stderr = tailOf(child)
  if (options.input !== undefined) {
    // A program may end before it has read everything; its exit code tells, not the broken pipe.
    child.stdin?.on('error', () => {})
    child.stdin?.end(options.input)
  }
  const exitCode = await ended(child, command, options)
  return { exitCode, stdout: Buffer.concat(stdout).toString('utf8'), stderr: stderr() }
}

/** Starts a program whose output is a stream. `end()` resolves with its exit code and the tail of its stderr. */
export function startProgram(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): { child: ChildProcess; end(): Promise<Omit<RunResult, 'stdout'>> } {
  const child = start(command, args, { ...spawnOptions(options), stdio: ['pipe', 'pipe', 'pipe'] })
  const stderr = tailOf(child)
  const exit = ended(child, command, options)
  // The caller asks later; until then a failure must not count as unhandled.
  exit.catch(() => {})
  return { child, end: async () => ({ exitCode: await exit, stderr: stderr() }) }
}

function spawnOptions(options: RunOptions): SpawnOptions {
  return {
    ...(options.env && { env: options.env }),
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    ...(options.uid !== undefined && { uid: options.uid }),
    ...(options.gid !== undefined && { gid: options.gid }),
    ...(options.timeoutMs !== undefined && { timeout: options.timeoutMs, killSignal: 'SIGKILL' as const }),
  }
}

function start(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  return spawn(command, args, options)
}

function tailOf(child: ChildProcess): () => string {
  let tail = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-limits.toolOutputBytesMax)
  })
  return () => tail
}

function ended(child: ChildProcess, command: string, options: RunOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const abort = () => child.kill('SIGTERM')
    if (options.signal?.aborted) abort()
    options.signal?.addEventListener('abort', abort, { once: true })
    child.once('error', (cause) => {
      options.signal?.removeEventListener('abort', abort)
      if (errnoOf(cause) === 'ENOENT') reject(new Fault('TOOL_MISSING', `program ${command} is not installed`, { command }, { cause }))
      else reject(new Fault('HOST_IO', `program ${command} cannot be started: ${cause.message}`, { command }, { cause }))
    })
    child.once('close', (code) => {
      options.signal?.removeEventListener('abort', abort)
      if (options.signal?.aborted) reject(new Fault('CANCELLED', `${command} was cancelled`, {}, { cause: options.signal.reason }))
      else resolve(code ?? 1)
    })
  })
}
