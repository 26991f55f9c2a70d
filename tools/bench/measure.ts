import { spawn, type StdioOptions } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'

const projectFolder = path.resolve(import.meta.dirname, '../..')

export interface Measured {
  readonly durationMs: number
  /** Peak resident memory of the process itself, its children apart (VmHWM). */
  readonly memoryBytes: number
  readonly stdout: string
}

export interface Job {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
}

export const runs = 3

/** Runs a program, timed from outside. One that fails ends the benchmark: a failure is not fast. */
export async function measure(job: Job): Promise<Measured> {
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe']
  const startedMs = performance.now()
  const child = spawn(job.command, job.args, { stdio, env: { ...process.env, ...job.env }, ...(job.cwd !== undefined && { cwd: job.cwd }) })
  let stdout = ''
  let stderr = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout = (stdout + text).slice(-100_000)))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-4000)))
  let memoryBytes = 0
  const watch = setInterval(() => {
    memoryBytes = Math.max(memoryBytes, peakMemoryBytes(child.pid!))
  }, 50)
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  clearInterval(watch)
  const durationMs = performance.now() - startedMs
  if (exitCode !== 0) throw new Error(`${job.command} ${job.args.join(' ')} ended with ${exitCode}:\n${stderr}\n${stdout.slice(-2000)}`)
  return { durationMs, memoryBytes, stdout }
}

/** Runs both sides by turns, so that what else the machine does meets both. `prepare` is not timed. */
export async function alternately(sides: {
  readonly ours: (run: number) => Job
  readonly peer: (run: number) => Job
  readonly prepare?: (run: number) => Promise<void>
}): Promise<{ oursMs: number; peerMs: number; ours: Measured[] }> {
  const ours: Measured[] = []
  const peer: Measured[] = []
  for (let run = 0; run < runs; run += 1) {
    await sides.prepare?.(run)
    await settle()
    ours.push(await measure(sides.ours(run)))
    await settle()
    peer.push(await measure(sides.peer(run)))
  }
  const told = (measured: Measured[]) => measured.map(({ durationMs }) => (durationMs / 1000).toFixed(2)).join(' ')
  process.stderr.write(`      ours ${told(ours)} s, peer ${told(peer)} s\n`)
  return { oursMs: median(ours), peerMs: median(peer), ours }
}

/** What was written before is on the disk, and not written during the next measurement. */
export async function settle(): Promise<void> {
  await measure({ command: 'sync', args: [] })
}

export function median(measured: readonly Measured[]): number {
  return measured.map((one) => one.durationMs).toSorted((a, b) => a - b)[Math.floor(measured.length / 2)]!
}

export function integrum(repository: string, passwordFile: string, ...args: readonly string[]): Job {
  return {
    command: path.join(projectFolder, 'bin/integrum'),
    args,
    env: { INTEGRUM_REPOSITORY: repository, INTEGRUM_PASSWORD_FILE: passwordFile },
  }
}

export function restic(repository: string, passwordFile: string, ...args: readonly string[]): Job {
  return {
    command: 'restic',
    args: ['--quiet', '--repo', repository, '--cache-dir', `${repository}-cache`, ...args],
    env: { RESTIC_PASSWORD_FILE: passwordFile },
  }
}

/** The object that a command ends with. */
export function told(measured: Measured): Record<string, unknown> {
  return JSON.parse(measured.stdout.trim().split('\n').at(-1)!)
}

export async function folderBytes(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(path.join(entry.parentPath, entry.name))).size
  }
  return bytes
}

function peakMemoryBytes(pid: number): number {
  try {
    const found = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return found ? Number(found[1]) * 1024 : 0
  } catch {
    // It has ended between two looks.
    return 0
  }
}
