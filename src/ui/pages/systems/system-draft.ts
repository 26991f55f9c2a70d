import type { z } from 'zod'
import { defaultSettings, type SystemSettings } from '#base/settings.ts'
import { systems, type SystemView } from '#contract/systems.ts'
import { capitalized } from '#ui/words.ts'
import { databaseBodyOf, databaseDraftOf, missingOf, type DatabaseDraft } from './database-draft.ts'

export interface RootDraft {
  readonly name: string
  readonly path: string
}

/** A system as it is being described: what the contract takes, with what was typed and is not right yet. */
export interface SystemDraft {
  readonly tenantId: string | undefined
  readonly name: string
  readonly title: string
  readonly description: string
  readonly databases: readonly DatabaseDraft[]
  readonly roots: readonly RootDraft[]
  readonly repositoryId: string
  readonly requiresSecondApprover: boolean
  readonly settings: SystemSettings
}

export function emptyDraft(repositoryId = ''): SystemDraft {
  return {
    tenantId: undefined,
    name: '',
    title: '',
    description: '',
    databases: [],
    roots: [],
    repositoryId,
    requiresSecondApprover: false,
    settings: defaultSettings,
  }
}

export function draftOf(system: SystemView): SystemDraft {
  const { tenantId, name, title, description, roots, repository, requiresSecondApprover, settings } = system
  return {
    tenantId,
    name,
    title,
    description,
    databases: system.databases.map(databaseDraftOf),
    roots,
    repositoryId: repository.id,
    requiresSecondApprover,
    settings,
  }
}

/** As the contract takes it, for a system that is there and for one that is not. */
export function bodyOf(draft: SystemDraft) {
  const { title, description, repositoryId, requiresSecondApprover } = draft
  return {
    title,
    description,
    databases: draft.databases.map(databaseBodyOf),
    roots: draft.roots.map(({ name, path }) => ({ name: name.trim(), path: tidyPath(path) })),
    repositoryId,
    requiresSecondApprover,
    settings: settingsOf(draft),
  }
}

/** What people copy from a shell often ends in a slash. */
function tidyPath(path: string): string {
  const trimmed = path.trim()
  return trimmed.length > 1 ? trimmed.replace(/\/+$/, '') : trimmed
}

/** Empty lines of the forms, and what belongs to roots that were taken out again, are no settings. */
function settingsOf({ settings, roots }: SystemDraft): SystemSettings {
  const names = new Set(roots.map(({ name }) => name))
  const exclude = Object.entries(settings.exclude)
    .map(([root, lines]) => [root, withoutEmpty(lines)] as const)
    .filter(([root, lines]) => names.has(root) && lines.length > 0)
  const { readyAssertions = [], ...rest } = settings
  return {
    ...rest,
    exclude: Object.fromEntries(exclude),
    containerisedRoots: settings.containerisedRoots.filter((root) => names.has(root)),
    ...(readyAssertions.length > 0 && { readyAssertions }),
  }
}

export function withoutEmpty(lines: readonly string[]): string[] {
  return lines.map((line) => line.trim()).filter((line) => line !== '')
}

/** Where something is wrong, as `databases.0.url`, and what, in words. */
export type DraftErrors = Readonly<Record<string, string>>

/** What the contract would refuse, and what its URL would leave to chance. */
export function errorsOf(draft: SystemDraft): DraftErrors {
  const checked = systems.register.body.safeParse({ ...bodyOf(draft), name: draft.name.trim(), tenantId: draft.tenantId })
  const found: Record<string, string> = {}
  const note = (place: string, message: string) => (found[place] ??= message)
  for (const [index, database] of draft.databases.entries())
    for (const field of missingOf(database)) note(`databases.${index}.${field}`, 'Needed')
  for (const [index, reference] of draft.settings.fileReferences.entries())
    for (const field of ['table', 'column'] as const)
      if (reference[field].trim() === '') note(`settings.fileReferences.${index}.${field}`, 'Needed')
  for (const issue of checked.success ? [] : checked.error.issues) note(issue.path.join('.'), inWords(issue))
  if (draft.repositoryId === '') found['repositoryId'] = 'Choose where the backups go'
  return found
}

function inWords(issue: z.core.$ZodIssue): string {
  // A hook or an expectation may be one of several things; what is wrong with the nearest of them is said.
  if (issue.code === 'invalid_union') return inWords(issue.errors.find((one) => one.length > 0)?.[0] ?? { ...issue, code: 'custom' })
  if (issue.code === 'too_small' && issue.minimum === 1) return 'Needed'
  if (issue.code === 'invalid_type') return 'Needed'
  return capitalized(issue.message)
}

/** Of these, those that stand below one of the places: those that a step of the form shows. */
export function errorsBelow(errors: DraftErrors, places: readonly string[]): DraftErrors {
  return Object.fromEntries(Object.entries(errors).filter(([at]) => places.some((place) => at === place || at.startsWith(`${place}.`))))
}
