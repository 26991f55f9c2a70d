import type { Command } from 'commander'
import type { CommandContext } from '#cli/command.ts'
import {
  acceptClock,
  listCertificates,
  previewPolicy,
  printCertificate,
  runPolicy,
  setPolicy,
  showPolicies,
  type PolicyOptions,
} from '#cli/online/retention.ts'
import { wholeNumber } from '#cli/options.ts'
import { withServer, withSignature } from '#cli/server.ts'
import { addCertificateCheck } from './retention-certificate.ts'

const countMax = 100_000
const daysMax = 36_500

type Act<Options> = (system: string, options: Options, context: CommandContext) => Promise<void>

export function addRetention(program: Command, context: CommandContext): void {
  const group = program.command('retention').description('which backups a service keeps, and why')
  const json = (command: Command) => command.option('--json', 'end with one line of JSON on stdout')
  const page = (command: Command) => command.option('--page <number>', 'which page of 25', wholeNumber(1, 1_000_000), 1)
  const of =
    <Options>(act: Act<Options>) =>
    (system: string, options: Options) =>
      act(system, options, context)

  json(page(withServer(group.command('show'))))
    .description('the policy in force of each system, or of one')
    .argument('[system]', 'name of the system')
    .action(of(showPolicies))
  json(withRules(withSignature(group.command('set'))))
    .description('set the policy of a system, or of the organization; one that keeps less than before is signed')
    .argument('[system]', 'name of the system; without it, the organization')
    .option('--tenant <id>', 'which organization, where there are several')
    .option('--inherit', 'no policy of its own any more: the organization’s, or the default')
    .requiredOption('--reason <text>', 'why, for the trail')
    .action(of(setPolicy))
  json(withRules(withServer(group.command('preview'))))
    .description('what the policy, or the one that is given here, would keep and remove now, and why')
    .argument('<system>', 'name of the system')
    .action(of<PolicyOptions>(previewPolicy))
  json(withSignature(group.command('run')))
    .description('carry out what a preview showed; a mass deletion is signed')
    .argument('<system>', 'name of the system')
    .requiredOption('--digest <digest>', 'of the preview')
    .requiredOption('--reason <text>', 'why, for the trail')
    .action(of(runPolicy))
  json(page(withServer(group.command('certificates'))))
    .description('the deletion certificates, the newest first')
    .action((options) => listCertificates(options, context))
  withServer(group.command('certificate'))
    .description('print a deletion certificate, signed')
    .argument('<id>', 'of the certificate')
    .action(of(printCertificate))
  addCertificateCheck(group, context)
  json(withSignature(group.command('accept-clock')))
    .description('sign that the clock is right although it jumped: deletion goes on')
    .requiredOption('--reason <text>', 'why, for the trail')
    .action((options) => acceptClock(options, context))
}

function withRules(command: Command): Command {
  const amount = wholeNumber(0, countMax)
  return command
    .option('--keep-days <count>', 'everything younger than so many days', wholeNumber(0, daysMax))
    .option('--keep-last <count>', 'the newest', amount)
    .option('--keep-daily <count>', 'one a day', amount)
    .option('--keep-weekly <count>', 'one a week', amount)
    .option('--keep-monthly <count>', 'one a month', amount)
    .option('--keep-yearly <count>', 'one a year', amount)
    .option('--time-zone <zone>', 'whose days, weeks, months and years are meant (default: UTC)')
    .option('--minimum-days <count>', 'of the class record-retention: nothing younger is deleted', wholeNumber(1, daysMax))
}
