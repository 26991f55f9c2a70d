import type { Command } from 'commander'
import { printBytes } from '#base/units.ts'
import { space, type SpaceView } from '#contract/space.ts'
import type { CommandContext } from '#cli/command.ts'
import { clientFor } from '#cli/online/connection.ts'
import { withServer, type ServerOptions } from '#cli/server.ts'

export function addSpace(program: Command, context: CommandContext): void {
  withServer(program.command('space'))
    .description('what each repository takes and saves, what is free, and the day it fills: exit code 3 when one is low')
    .option('--json', 'end with one line of JSON on stdout')
    .action((options: ServerOptions) => show(options, context))
}

async function show(options: ServerOptions, { output, signal, end }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  const { rows, total } = await client.call(space.list, { query: { pageSize: 200 }, signal })
  if (total === 0) output.note('There is no repository.')
  for (const one of rows) print(one, output)
  const isLow = rows.some(({ state }) => state === 'low')
  output.result({ status: isLow ? 'completed_with_gaps' : 'completed', repositories: rows })
  if (isLow) end(3)
}

function print(one: SpaceView, output: CommandContext['output']): void {
  output.line(`${one.name}: ${one.state === 'low' ? 'LOW' : one.state}${one.fact === null ? '' : `, ${one.fact}`}`)
  if (one.at === null) return output.line('  not looked at yet')
  output.line(`  used      ${bytes(one.storedBytes)} for ${bytes(one.logicalBytes)} of backups`)
  output.line(`  saved     ${bytes(one.savedByDedupBytes)} by dedup, ${bytes(one.savedByCompressionBytes)} by compression`)
  output.line(`  free      ${bytes(one.freeBytes)}${one.freeBy === 'quota' ? ' of the quota' : ''}`)
  output.line(`  forecast  ${one.forecast.words}`)
}

function bytes(value: number | null): string {
  return value === null ? 'not known' : printBytes(value)
}
