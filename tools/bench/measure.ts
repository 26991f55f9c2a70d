import { spawn, type StdioOptions } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { freemem } from 'node:os'
import path from 'node:path'
import { GiB } from '#base/units.ts'

export interface Job {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** Who it runs as, where the program refuses to be root. */
  readonly as?: { readonly uid: number; readonly gid: number }
}

export interface Measured {
  readonly durationMs: number
  /** Peak resident memory of the process itself, its children apart (VmHWM). */
  readonly memoryBytes: number
  readonly stdout: string
}

/** One program in a race. */
export interface Contender {
  readonly program: string
  readonly job: (run: number) => Job
  /** What has to be there before it starts; not timed. */
  readonly prepare?: (run: number) => Promise<void>
}

export interface Result {
  readonly program: string
  readonly command: string
  readonly durationsMs: readonly number[]
  readonly medianMs: number
  readonly memoryBytes: number
  readonly stdout: string
}

/** The same work on the same data by several programs. */
export interface Race {
  readonly name: string
  readonly results: readonly Result[]
}

export const runs = 3

/** Runs the contenders by turns, each time beginning with another one, so that what else the machine does, and what ran before, meets all of them. */
export async function race(name: string, contenders: readonly Contender[], prepare?: (run: number) => Promise<void>): Promise<Race> {
  const measured = contenders.map((): Measured[] => [])
  for (let run = 0; run < runs; run += 1) {
    await prepare?.(run)
    for (let turn = 0; turn < contenders.length; turn += 1) {
      const index = (run + turn) % contenders.length
      const contender = contenders[index]!
      await contender.prepare?.(run)
      await settle()
      measured[index]!.push(await measure(contender.job(run)))
    }
  }
  const results = contenders.map((contender, index) => resultOf(contender, measured[index]!))
  process.stderr.write(`      ${name}: ${results.map(printResult).join(', ')}\n`)
  return { name, results }
}

/** Runs a program, timed from outside. One that fails ends the benchmark: a failure is not fast. */
export async function measure(job: Job): Promise<Measured> {
  const stdio: StdioOptions = ['ignore', 'pipe', 'pipe']
  const { cwd } = job
  const startedMs = performance.now()
  const child = spawn(job.command, job.args, { stdio, env: { ...process.env, ...job.env }, ...(cwd !== undefined && { cwd }), ...job.as })
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
  if (exitCode !== 0) throw new Error(`${printJob(job)} ended with ${exitCode}:\n${stderr}\n${stdout.slice(-2000)}`)
  return { durationMs, memoryBytes, stdout }
}

export function printJob(job: Job): string {
  const quote = (word: string) => (/^[\w@%+=:,./*|$-]+$/.test(word) ? word : `'${word}'`)
  return [path.basename(job.command), ...job.args].map(quote).join(' ')
}

/** The object that a command of ours ends with. */
export function told(stdout: string): Record<string, unknown> {
  return JSON.parse(stdout.trim().split('\n').at(-1)!)
}

export async function folderBytes(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(path.join(entry.parentPath, entry.name))).size
  }
  return bytes
}

function resultOf({ program, job }: Contender, measured: readonly Measured[]): Result {
  const durationsMs = measured.map(({ durationMs }) => durationMs)
  return {
    program,
    command: printJob(job(0)),
    durationsMs,
    medianMs: durationsMs.toSorted((a, b) => a - b)[Math.floor(durationsMs.length / 2)]!,
    memoryBytes: Math.max(...measured.map(({ memoryBytes }) => memoryBytes)),
    stdout: measured.at(-1)!.stdout,
  }
}

function printResult({ program, medianMs }: Result): string {
  return `${program} ${(medianMs / 1000).toFixed(2)} s`
}

/**
 * What was written before is on the disk, and not written during the next measurement. And memory is at hand: a virtual machine gives
 * back to its host what it does not use, and fetching it anew takes a second and more for each GiB, now of one program's time, now of
 * another's.
 */
async function settle(): Promise<void> {
  await measure({ command: 'sync', args: [] })
  const bytes = Math.floor(Math.min(2 * GiB, freemem() / 2))
  await measure({ command: process.execPath, args: ['--eval', `Buffer.alloc(${bytes}, 1)`] })
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
