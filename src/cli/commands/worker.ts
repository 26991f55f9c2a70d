import type { Command } from 'commander'
import { systemClock } from '#base/clock.ts'
import { systemRandom } from '#host/random.ts'
import { readConfig } from '#service/config.ts'
import { startLoneWorker } from '#service/lone-worker.ts'
import type { CommandContext } from '#cli/command.ts'
import { defaultDataDirectory } from '#cli/service-data.ts'
import { wholeNumber } from '#cli/options.ts'

interface WorkerOptions {
  readonly data?: string
  readonly sealingKey?: string
  readonly jobs?: number
}

export function addWorker(program: Command, context: CommandContext): void {
  program
    .command('worker')
    .description('take jobs of a service that runs, here by its data directory or elsewhere by INTEGRUM_DATABASE_URL')
    .option('--data <directory>', 'data directory of the service; elsewhere one of its own (default: /var/lib/integrum-service)')
    .option('--sealing-key <file>', 'a copy of the sealing key of the service (default: sealing.key of the data directory)')
    .option('--jobs <number>', 'how many at the same moment, each of another system (default: 2)', wholeNumber(1, 64))
    .action((options: WorkerOptions) => run(options, context))
}

async function run({ data, sealingKey, jobs }: WorkerOptions, { output, signal }: CommandContext): Promise<void> {
  const config = readConfig({ data, jobsAtOnce: jobs }, defaultDataDirectory())
  await using worker = await startLoneWorker(
    config,
    { clock: systemClock, random: systemRandom, logLevel: 'info' },
    { sealingKeyFile: sealingKey },
  )
  output.line('Integrum takes jobs.')
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await Promise.race([stopped, worker.lost])
  output.line('Stopping: running jobs are handed over.')
}
