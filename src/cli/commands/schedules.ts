import { InvalidArgumentError, type Command } from 'commander'
import { wholeTypes } from '#base/backup-types.ts'
import type { BackupType } from '#contract/backups.ts'
import { blackoutSchema, weekdays, type Blackout } from '#contract/schedules.ts'
import type { CommandContext } from '#cli/command.ts'
import {
  changeSchedule,
  createSchedule,
  listSchedules,
  makeDefaults,
  previewSchedule,
  removeSchedule,
  showProposal,
  showTicks,
  switchSchedule,
  type FollowOption,
} from '#cli/online/schedules.ts'
import { wholeNumber } from '#cli/options.ts'
import { withServer } from '#cli/server.ts'

const minutesMax = 525_600

export function addSchedules(program: Command, context: CommandContext): void {
  const group = program.command('schedules').description('backups that a service makes by the clock')
  const command = (name: string, description: string) =>
    withServer(group.command(name)).description(description).option('--json', 'end with one line of JSON on stdout')
  command('list', 'schedules, in words, the next to run first')
    .option('--system <name>', 'only those of this system')
    .action((options) => listSchedules(options, context))
  withSchedule(command('create', 'have backups of a system made by the clock'))
    .argument('<name>', 'of the schedule')
    .requiredOption('--system <name>', 'whose backups it makes')
    .action((name: string, options) => createSchedule(name, options, context))
  withSchedule(command('edit', 'change a schedule; what is not given stays'))
    .argument('<name>', 'of the schedule, or its id')
    .option('--name <name>', 'another name')
    .option('--no-blackouts', 'without the blackouts that it has')
    .action((name: string, options) => changeSchedule(name, options, context))
  command('toggle', 'switch a schedule on or off')
    .argument('<name>', 'of the schedule, or its id')
    .option('--on', 'on, as it may be already')
    .option('--off', 'off, as it may be already')
    .action((name: string, options) => switchSchedule(name, options, context))
  command('remove', 'remove a schedule; its backups stay')
    .argument('<name>', 'of the schedule, or its id')
    .action((name: string, options) => removeSchedule(name, options, context))
  withTimes(command('preview', 'when a schedule would run, in words and by the clock')).action((options) =>
    previewSchedule(options, context),
  )
  command('ticks', 'what became of each time that it was due, the newest first')
    .argument('<name>', 'of the schedule, or its id')
    .option('--missed', 'only those that were missed')
    .option('--page <number>', 'which page of 25', wholeNumber(1, 1_000_000), 1)
    .action((name: string, options) => showTicks(name, options, context))
  command('proposal', 'how often and when it should run, and why; changes nothing')
    .argument('<name>', 'of the schedule, or its id')
    .action((name: string, options) => showProposal(name, options, context))
  command('defaults', 'the usual schedules of a system at once: its database every day, all of it every week')
    .requiredOption('--system <name>', 'whose backups they make')
    .option('--time-zone <name>', 'such as Europe/Berlin (default: UTC)')
    .action((options) => makeDefaults(options, context))
}

function withTimes(command: Command): Command {
  return command
    .option('--cron <expression>', 'minute, hour, day of month, month, day of week: "30 2 * * 1-5"')
    .option('--time-zone <name>', 'such as Europe/Berlin (default: UTC)')
    .option('--blackout <when>', 'HH:MM-HH:MM, HH:MM-HH:MM@monday,friday or DATE..DATE; repeatable', collectBlackout)
    .option('--jitter <minutes>', 'begins up to so much later, by a fixed share of it', wholeNumber(0, 240))
}

function withSchedule(command: Command): Command {
  return withTimes(command)
    .option('--type <type>', wholeTypes.join(', '), parseType)
    .option('--catch-up <minutes>', 'a time that was missed is caught up unless it is older; 0: never, always: however old', parseCatchUp)
    .option('--tolerance <minutes>', 'so long after its time a run is not missed', wholeNumber(5, 10_080))
    .option('--follow <minutes-minutes>', 'change by itself with what is observed, within these bounds; no: as it is set', parseFollows)
    .option('--retention-days <days>', 'how long its backups are kept', wholeNumber(1, 36_500))
}

function parseType(text: string): BackupType {
  const type = wholeTypes.find((one) => one === text)
  if (type === undefined) throw new InvalidArgumentError(`a type is one of ${wholeTypes.join(', ')}`)
  return type
}

function parseCatchUp(text: string): number | 'always' {
  return text === 'always' ? text : wholeNumber(0, minutesMax)(text)
}

function parseFollows(text: string): FollowOption {
  if (text === 'no') return text
  const [, least, most] = /^(\d{1,5})-(\d{1,5})$/.exec(text) ?? []
  if (least === undefined) throw new InvalidArgumentError('least and most minutes from one run to the next, such as 60-1440; or no')
  return { minutesMin: Number(least), minutesMax: Number(most) }
}

function collectBlackout(text: string, before: readonly Blackout[] = []): readonly Blackout[] {
  const read = blackoutSchema.safeParse(blackoutOf(text))
  if (!read.success) throw new InvalidArgumentError(read.error.issues[0]?.message ?? 'no blackout')
  return [...before, read.data]
}

function blackoutOf(text: string): unknown {
  if (/^\d{4}-/.test(text)) {
    const [from, to = from] = text.split('..')
    return { kind: 'dates', from, to }
  }
  const [hours = '', days] = text.split('@')
  const [from, to] = hours.split('-')
  return { kind: 'daily', from, to, ...(days !== undefined && { days: days.split(',').map(dayOf) }) }
}

/** `mon` is Monday, too. */
function dayOf(text: string): string {
  return weekdays.find((day) => text.length > 2 && day.startsWith(text.toLowerCase())) ?? text
}
