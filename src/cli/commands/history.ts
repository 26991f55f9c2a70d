import { InvalidArgumentError, type Command } from 'commander'
import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { noModel } from '#engine/entities/entity-model.ts'
import { recordHistory } from '#engine/entities/history.ts'
import { chosenHistory } from '#engine/entities/chosen-history.ts'
import { openedForReading, type CommandContext } from '#cli/command.ts'
import { wishesOf } from '#cli/entity-wishes.ts'
import { collectText, parseSystemName, readSettings, wholeNumber, withRepository, type RepositoryOptions } from '#cli/options.ts'

interface HistoryOptions extends RepositoryOptions {
  readonly entity?: readonly string[]
  readonly system?: string
  readonly source?: string
  readonly settings?: string
  readonly since?: Date
  readonly until?: Date
  readonly field?: readonly string[]
  readonly table?: readonly string[]
  readonly allRows?: boolean
  readonly rowsMax: number
}

export function addHistory(program: Command, context: CommandContext): void {
  withRepository(program.command('history'))
    .description('one record through all backups, field by field, with the backups between which it changed; reads the repository alone')
    .argument('[entity]', 'KIND=KEY, such as study=ABC-123; others on this machine may read it: for a patient give --entity -')
    .option('--entity <kind=key>', 'the same; "-" reads it from standard input, so that it stands in no list of processes', collectText)
    .option('--system <name>', 'whose backups', parseSystemName)
    .option('--source <name>', 'the database that the kind is in, where several have one', parseSystemName)
    .option('--settings <file>', "the system's settings: its entity model")
    .option('--since <time>', 'backups from then on, such as 2026-11-01 or 2026-11-01T12:00Z', instant)
    .option('--until <time>', 'backups up to then', instant)
    .option('--field <column>', 'changes of this column only (repeatable)', collectText)
    .option('--table <schema.table>', 'the rows of this table field by field, too (repeatable)', collectText)
    .option('--all-rows', 'every row field by field; otherwise that of the record itself, and of the others how many')
    .option('--rows-max <number>', 'so many rows field by field at most', wholeNumber(1, 1_000_000), limits.historyRowsShownMax)
    .action(async (entity: string | undefined, options: HistoryOptions) => await show(entity, options, context))
}

function instant(text: string): Date {
  const at = new Date(text)
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(at.getTime())) throw new InvalidArgumentError('a date, or a date and a time')
  return at
}

async function show(entity: string | undefined, options: HistoryOptions, context: CommandContext): Promise<void> {
  const { output, signal, end } = context
  const [wish, second] = await wishesOf([...(entity === undefined ? [] : [entity]), ...(options.entity ?? [])])
  if (!wish || second) throw new Fault('USAGE', 'give one record: KIND=KEY, or --entity - and it on standard input')
  const { entities = noModel } = await readSettings(options.settings)
  await using repository = await openedForReading(options, context)
  const { system, source, since, until } = options
  const order = { ...wish, settings: entities, system, source, since, until }
  const history = await recordHistory(repository, order, { onProgress: output.progress, signal })
  const chosen = chosenHistory(history, {
    fields: options.field,
    tables: options.allRows === true ? 'all' : (options.table ?? []),
    rowsMax: options.rowsMax,
    bytesMax: Infinity,
  })
  if (chosen.isDamaged) end(3)
  const { printHistory } = await import('#cli/history-text.ts')
  for (const line of printHistory(chosen)) output.line(line)
  const { isDamaged, ...result } = chosen
  output.result({ status: isDamaged ? 'completed_with_gaps' : 'completed', ...result })
}
