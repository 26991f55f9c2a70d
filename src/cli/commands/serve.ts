import type { Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { systemRandom } from '#host/random.ts'
import { readConfig } from '#service/config.ts'
import { startService } from '#service/main.ts'
import type { CommandContext } from '#cli/command.ts'
import { wholeNumber } from '#cli/options.ts'
import { defaultDataDirectory } from '#cli/service-data.ts'

interface ServeOptions {
  readonly port?: number
  readonly data?: string
  readonly address?: string
  readonly worker: boolean
  readonly jobs?: number
}

export function addServe(program: Command, context: CommandContext): void {
  program
    .command('serve')
    .description('start the service: interface, jobs, people, trail')
    .option('--port <number>', 'where it listens (default: 8440)', wholeNumber(0, 65_535))
    .option('--address <address>', 'of which network (default: 127.0.0.1)')
    .option('--data <directory>', 'where it keeps its own PostgreSQL, its key and its state (default: /var/lib/integrum-service)')
    .option('--no-worker', 'take no jobs in this process')
    .option('--jobs <number>', 'how many at the same moment, each of another system (default: 2)', wholeNumber(1, 64))
    .action((options: ServeOptions) => run(options, context))
}

async function run({ port, data, address, worker, jobs }: ServeOptions, { output, signal }: CommandContext): Promise<void> {
  const config = readConfig({ port, data, address, isWorker: worker, jobsAtOnce: jobs }, defaultDataDirectory())
  await using service = await startService(config, { clock: systemClock, random: systemRandom })
  output.line(`Integrum listens on ${service.url}`)
  if (service.setUpLink !== undefined) output.line(`Set it up, once and within a day: ${service.setUpLink}`)
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  output.line('Stopping: running jobs are handed over.')
}
