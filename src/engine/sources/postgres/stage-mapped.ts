import { Fault, messageOf } from '#base/fault.ts'
import { throwIfCancelled } from '#base/clock.ts'
import { mapRoles, splitStatements } from './role-text.ts'
import { printEntries, type DumpEntry, restoreText } from './stage-dump.ts'
import type { StageWork } from './stage-options.ts'
import { connectStage } from './stage-session.ts'

/**
 * Restores entries as text, statement by statement, with roles mapped. One session and not several: a restore that maps
 * roles is rarer than one that must be right.
 */
export async function restoreMapped(work: StageWork, entries: readonly DumpEntry[], signal: AbortSignal): Promise<void> {
  if (entries.length === 0) return
  const sql = restoreText(await printEntries(work, entries, signal))
  await using connection = await connectStage(work.stage, work.options.section, signal)
  for (const statement of splitStatements(sql)) {
    throwIfCancelled(signal)
    try {
      await connection.query(mapRoles(statement, work.roleOf))
    } catch (cause) {
      const fact = `${messageOf(cause)}, in: ${statement.text.slice(0, 200)}`
      throw new Fault('DATABASE_TOOL', fact, {}, { cause })
    }
  }
}
