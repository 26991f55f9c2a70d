import { spawn } from 'node:child_process'

export interface Check {
  readonly name: string
  readonly isPassed: boolean
  readonly output: string
}

// What has not changed since the last run is not looked at again: by what the files hold, not by their times.
const cached = ['--cache', '--cache-strategy', 'content', '--cache-location', 'build/checks/prettier']
const since = (name: string) => ['--incremental', '--tsBuildInfoFile', `build/checks/${name}.tsbuildinfo`]

const commands = [
  { name: 'format (prettier --check)', command: 'prettier', args: ['--check', '--log-level', 'warn', ...cached, '.'] },
  { name: 'lint (oxlint)', command: 'oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'types (tsc --noEmit)', command: 'tsc', args: ['--noEmit', '-p', '.', ...since('all')] },
  { name: 'types of the pages (tsc --noEmit -p src/ui)', command: 'tsc', args: ['--noEmit', '-p', 'src/ui', ...since('pages')] },
] as const

/** What can be said of the sources without running them; each counts as one passed or failed. */
export async function runChecks(): Promise<Check[]> {
  return await Promise.all(commands.map(({ name, command, args }) => runCheck(name, command, args)))
}

function runCheck(name: string, command: string, args: readonly string[]): Promise<Check> {
  return new Promise((resolve, reject) => {
    const child = spawn(`node_modules/.bin/${command}`, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const keep = (text: string) => (output += text)
    child.stdout.setEncoding('utf8').on('data', keep)
    child.stderr.setEncoding('utf8').on('data', keep)
    child.once('error', reject)
    child.once('close', (code) => resolve({ name, isPassed: code === 0, output }))
  })
}
