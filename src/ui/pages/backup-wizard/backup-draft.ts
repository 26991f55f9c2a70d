import type { z } from 'zod'
import type { BackupType, backups } from '#contract/backups.ts'
import type { SystemView } from '#contract/systems.ts'

export interface BackupDraft {
  readonly type: BackupType
  readonly name: string
  readonly description: string
  readonly compressionLevel: number
  /** Patterns by root, a line each. */
  readonly exclusions: Readonly<Record<string, string>>
}

export const emptyBackup: BackupDraft = { type: 'full', name: '', description: '', compressionLevel: 1, exclusions: {} }

/** What can be backed up of it: without a database no backup of databases, and so on. */
export function typesOf({ databases, roots }: Pick<SystemView, 'databases' | 'roots'>): readonly BackupType[] {
  return [
    ...(databases.length > 0 && roots.length > 0 ? (['full'] as const) : []),
    ...(databases.length > 0 ? (['database'] as const) : []),
    ...(roots.length > 0 ? (['files'] as const) : []),
  ]
}

export function orderOf(systemId: string, draft: BackupDraft): z.input<typeof backups.create.body> {
  const exclusions = Object.entries(draft.exclusions)
    .map(([root, text]) => [root, linesOf(text)] as const)
    .filter(([, lines]) => lines.length > 0)
  return {
    systemId,
    type: draft.type,
    compressionLevel: draft.compressionLevel,
    ...(draft.name.trim() !== '' && { name: draft.name.trim() }),
    ...(draft.description.trim() !== '' && { description: draft.description.trim() }),
    ...(draft.type !== 'database' && exclusions.length > 0 && { exclusions: Object.fromEntries(exclusions) }),
  }
}

export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
