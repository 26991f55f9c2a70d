import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { run } from '#host/run.ts'

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))))
export const program = path.join(root, 'bin', 'integrum')

export interface Told {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** The last line of stdout as JSON; empty when there is none. */
  readonly json: Readonly<Record<string, any>>
}

/** A place of its own for one test: repository, password, state and plans, removed with its scope. */
export interface Workplace extends AsyncDisposable {
  readonly directory: string
  readonly repository: string
  readonly passwordFile: string
  readonly state: string
  /** Runs a command with repository, password, state and `--json`. */
  integrum(...words: readonly string[]): Promise<Told>
  /** The same, and fails the test unless it ends with `exitCode`. */
  expect(exitCode: number, ...words: readonly string[]): Promise<Told>
  /** Starts it and gives the process, to be killed; `script` is what runs instead of the command line itself. */
  start(words: readonly string[], script?: { readonly file: string; readonly args: readonly string[] }): ChildProcess
  file(name: string): string
}

export async function workplace(): Promise<Workplace> {
  const directory = await mkdtemp(path.join(tmpdir(), 'integrum-test-'))
  const passwordFile = path.join(directory, 'password')
  await writeFile(passwordFile, 'correct horse battery\n', { mode: 0o600 })
  const repository = path.join(directory, 'repository')
  const state = path.join(directory, 'state')
  // The joined program, as people run it: no lines are counted there, and handing this down would start the sources instead.
  const uncounted = { NODE_V8_COVERAGE: '' }
  const env = {
    ...process.env,
    ...uncounted,
    INTEGRUM_REPOSITORY: repository,
    INTEGRUM_PASSWORD_FILE: passwordFile,
    INTEGRUM_STATE: state,
    INTEGRUM_CACHE: path.join(directory, 'cache'),
  }
  const integrum = async (...words: readonly string[]) => {
    // What `dump` writes is a file, so it takes no --json.
    const result = await run(program, words[0] === 'dump' ? words : [...words, '--json'], { env })
    return { ...result, json: lastLine(result.stdout) }
  }
  return {
    directory,
    repository,
    passwordFile,
    state,
    integrum,
    expect: async (exitCode, ...words) => {
      const told = await integrum(...words)
      assert.equal(told.exitCode, exitCode, `integrum ${words.join(' ')}\n${told.stdout}\n${told.stderr}`)
      return told
    },
    start: (words, script) => {
      const [command, args] = script ? [process.execPath, [script.file, ...script.args, ...words]] : [program, words]
      return spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
    },
    file: (name) => path.join(directory, name),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

/** Waits until the process has ended; its signal when one killed it. */
export function endOf(child: ChildProcess): Promise<{ exitCode: number | null; signal: string | null }> {
  return new Promise((resolve) => child.once('exit', (exitCode, signal) => resolve({ exitCode, signal })))
}

function lastLine(stdout: string): Record<string, unknown> {
  const line = stdout.trim().split('\n').at(-1) ?? ''
  return line.startsWith('{') ? (JSON.parse(line) as Record<string, unknown>) : {}
}
