import type { Command } from 'commander'
import { health, type ProtectionState, type SystemHealth } from '#contract/health.ts'
import type { CommandContext } from '#cli/command.ts'
import { clientFor } from '#cli/online/connection.ts'
import { withServer, type ServerOptions } from '#cli/server.ts'

const titles: Readonly<Record<ProtectionState, string>> = { protected: 'Protected', 'at-risk': 'AT RISK', unprotected: 'UNPROTECTED' }

export function addHealth(program: Command, context: CommandContext): void {
  withServer(program.command('health'))
    .description('whether each system could be brought back, and why not: exit code 0, 3 at risk, 1 unprotected')
    .option('--json', 'end with one line of JSON on stdout')
    .action((options: ServerOptions) => show(options, context))
}

async function show(options: ServerOptions, { output, signal, end }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  const systems: SystemHealth[] = []
  for (let page = 1, total = 1; systems.length < total; page += 1) {
    const found = await client.call(health.systems, { query: { page, pageSize: 100 }, signal })
    systems.push(...found.rows)
    total = found.rows.length === 0 ? systems.length : found.total
  }
  if (systems.length === 0) output.note('There is no system.')
  for (const system of systems) print(system, output)
  const has = (state: ProtectionState) => systems.some((system) => system.state === state)
  output.result({ status: has('unprotected') ? 'failed' : has('at-risk') ? 'completed_with_gaps' : 'completed', systems })
  if (has('unprotected')) end(1)
  else if (has('at-risk')) end(3)
}

function print({ name, state, reasons, rpo, rto, lastProvenAt }: SystemHealth, output: CommandContext['output']): void {
  output.line(`${name}: ${titles[state]}`)
  output.line(`  recovery point  ${minutes(rpo.achievedMinutes)} ago, objective ${minutes(rpo.objectiveMinutes)}`)
  output.line(`  recovery time   ${minutes(rto.projectedMinutes ?? rto.achievedMinutes)}, objective ${minutes(rto.objectiveMinutes)}`)
  output.line(`  last proven     ${lastProvenAt ?? 'never'}`)
  for (const { fact, hint } of reasons) output.line(`  - ${fact}\n    ${hint}`)
}

function minutes(value: number | null): string {
  return value === null ? 'not known' : value < 120 ? `${value.toFixed(1)} min` : `${(value / 60).toFixed(1)} h`
}
