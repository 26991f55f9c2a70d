import type { z } from 'zod'
import type { BackupType, backups } from '#contract/backups.ts'
import type { SystemView } from '#contract/systems.ts'
import { emptySelection, lackOf, selectionOrderOf, type SelectionDraft } from './selection-draft.ts'

/** How much of the system it takes: all that stands for it, what is selected, or all of it with other values. */
export const extents = ['everything', 'some', 'masked'] as const
export type Extent = (typeof extents)[number]

export interface BackupDraft {
  readonly extent: Extent
  readonly selection: SelectionDraft
  readonly type: BackupType
  readonly name: string
  readonly description: string
  readonly compressionLevel: number
  /** Patterns by root, a line each. */
  readonly exclusions: Readonly<Record<string, string>>
}

export const emptyBackup: BackupDraft = {
  extent: 'everything',
  selection: emptySelection,
  type: 'full',
  name: '',
  description: '',
  compressionLevel: 1,
  exclusions: {},
}

type Sources = Pick<SystemView, 'databases' | 'roots'>

/** What can be backed up of it: without a database no backup of databases, and so on. A selection is of rows first. */
export function typesOf({ databases, roots }: Sources, extent: Extent = 'everything'): readonly BackupType[] {
  return [
    ...(databases.length > 0 && roots.length > 0 && extent !== 'masked' ? (['full'] as const) : []),
    ...(databases.length > 0 ? (['database'] as const) : []),
    ...(roots.length > 0 && extent === 'everything' ? (['files'] as const) : []),
  ]
}

/** As it is meant for that system: another one may have no files, or no database. */
export function fitted(draft: BackupDraft, system: Sources): BackupDraft {
  const extent = system.databases.length > 0 ? draft.extent : 'everything'
  const possible = typesOf(system, extent)
  return { ...draft, extent, type: possible.includes(draft.type) ? draft.type : possible[0]! }
}

/** What has to be said yet before one can go on; undefined when nothing has. */
export function lackIn({ extent, selection }: BackupDraft, masks: SystemView['settings']['masks']): string | undefined {
  if (extent === 'masked') return masks ? undefined : 'Set masks for this system first: without them nothing would be masked'
  return extent === 'some' ? lackOf(selection) : undefined
}

export function orderOf(systemId: string, draft: BackupDraft): z.input<typeof backups.create.body> {
  const exclusions = Object.entries(draft.exclusions)
    .map(([root, text]) => [root, linesOf(text)] as const)
    .filter(([, lines]) => lines.length > 0)
  return {
    systemId,
    type: draft.type,
    compressionLevel: draft.compressionLevel,
    ...(draft.extent === 'masked' && { isMasked: true }),
    ...(draft.extent === 'some' && { selection: selectionOrderOf(draft.selection) }),
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
