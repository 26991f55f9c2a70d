import { InvalidArgumentError, type Command } from 'commander'
import { Fault } from '#base/fault.ts'
import { parseValue } from '#base/parse.ts'
import { selectionSchema, type Selection } from '#base/selection.ts'
import { wishesOf } from './entity-wishes.ts'
import { collectText } from './options.ts'

export interface SelectionOptions {
  readonly entity?: readonly string[]
  readonly tables?: readonly string[]
  readonly dataType?: readonly string[]
  readonly since?: string
  readonly until?: string
}

export function withSelection(command: Command): Command {
  return command
    .option(
      '--entity <kind=key>',
      'only what belongs to this one (repeatable); "-" reads them from standard input, a line each',
      collectText,
    )
    .option('--tables <schema.table>', 'only all rows of this table and what has to exist for them (repeatable)', collectText)
    .option('--data-type <name>', 'the same for the tables of a data type of the settings (repeatable)', collectText)
    .option('--since <instant>', 'only rows of this time on, by the time columns of the settings', parseInstant)
    .option('--until <instant>', 'only rows from before this time', parseInstant)
}

/** Undefined when none of the options is given. */
export async function selectionOf({
  entity = [],
  tables = [],
  dataType = [],
  since,
  until,
}: SelectionOptions): Promise<Selection | undefined> {
  if (entity.length + tables.length + dataType.length === 0 && since === undefined && until === undefined) return undefined
  const named = tables.map((text) => {
    const at = text.indexOf('.')
    if (at < 1 || at === text.length - 1) throw new Fault('USAGE', `a table is written SCHEMA.TABLE, not ${text}`)
    return { schema: text.slice(0, at), table: text.slice(at + 1) }
  })
  const given = { entities: await wishesOf(entity), tables: named, dataTypes: dataType, since, until }
  return parseValue(selectionSchema, given, 'the selection')
}

/** A day is the beginning of it in UTC. */
function parseInstant(text: string): string {
  const ms = Date.parse(text)
  if (!instantPattern.test(text) || Number.isNaN(ms))
    throw new InvalidArgumentError('an instant is written 2026-01-31 or 2026-01-31T08:00Z')
  return new Date(ms).toISOString()
}

const instantPattern = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/
