import type { Command } from 'commander'
import { addRestoreAfter } from './restore-after.ts'
import { addRestorePlan } from './restore-plan.ts'
import { addRestoreRun } from './restore-run.ts'
import type { CommandContext } from '#cli/command.ts'

export function addRestore(program: Command, context: CommandContext): void {
  const group = program.command('restore').description('bring a backup back: plan, run, and undo or release')
  addRestorePlan(group, context)
  addRestoreRun(group, context)
  addRestoreAfter(group, context)
}
