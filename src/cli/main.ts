import { Command, CommanderError } from 'commander'
import { Fault } from '#base/fault.ts'
import { productVersion } from '#host/version.ts'
import { commands } from './commands.ts'
import { Output } from './output.ts'

/** Ends with 0 done, 1 failed or cancelled, 2 usage, 3 completed with gaps. */
export async function main(argv: readonly string[]): Promise<number> {
  const output = new Output({ isJson: argv.includes('--json') })
  const stop = new AbortController()
  const cancel = () => stop.abort(new Fault('CANCELLED', 'cancelled'))
  // Once: a second Ctrl-C ends the process at once, and `restore recover` puts right what it leaves.
  process.once('SIGINT', cancel).once('SIGTERM', cancel)
  // Whoever reads our output may go (`| head`); a restore goes on all the same.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe)
  let exitCode = 0
  const program = new Command('integrum')
    .description('Backs up a clinical system, its PostgreSQL databases and files, and proves that it can be restored.')
    .version(productVersion())
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(text) })
  for (const load of wantedCommands(argv)) {
    const add = await load()
    add(program, { output, signal: stop.signal, end: (code) => (exitCode = code) })
  }
  overrideExits(program)
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return usageEnd(error, output)
    return output.failure(stop.signal.aborted ? cancelled(error) : error)
  } finally {
    process.removeListener('SIGINT', cancel).removeListener('SIGTERM', cancel)
  }
}

/** The command that is asked for; all of them for whoever asks which there are. */
function wantedCommands(argv: readonly string[]) {
  const name = argv.find((word) => !word.startsWith('-'))
  if (name === undefined && argv.some((word) => word === '--version' || word === '-V')) return []
  return name !== undefined && Object.hasOwn(commands, name) ? [commands[name]!] : Object.values(commands)
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

function usageEnd(error: CommanderError, output: Output): number {
  if (error.exitCode === 0) return 0
  output.result({
    status: 'failed',
    error: { code: 'USAGE', fact: error.message, hint: 'Run the command with --help to see what it takes.' },
  })
  return 2
}

function overrideExits(command: Command): void {
  command.exitOverride()
  command.commands.forEach(overrideExits)
}

/** What fails because somebody cancelled is a cancellation, whatever it looks like from inside. */
function cancelled(error: unknown): unknown {
  if (error instanceof Fault && (error.code === 'CANCELLED' || error.isDamage)) return error
  return new Fault('CANCELLED', 'cancelled', {}, { cause: error })
}
