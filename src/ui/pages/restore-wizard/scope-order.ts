import type { z } from 'zod'
import { restores } from '#contract/restores.ts'
import { isWhole } from '#base/backup-types.ts'
import { GiB } from '#base/units.ts'
import type { BackupView } from '#contract/backups.ts'
import type { RecordWish } from '#contract/records.ts'

export type PreviewOrder = z.input<(typeof restores.preview)['body']>
export const whats = ['everything', 'databases', 'files', 'tables', 'records'] as const
export type What = (typeof whats)[number]

export type RoleWish = { readonly kind: 'create' } | { readonly kind: 'map'; readonly to: string }

/** What somebody has chosen so far; the parts by name. */
export interface ScopeChoice {
  readonly what: What
  readonly where: 'in-place' | 'elsewhere'
  readonly databases: readonly string[]
  readonly roots: readonly string[]
  readonly tables: readonly string[]
  readonly urls: Readonly<Record<string, string>>
  readonly passwords: Readonly<Record<string, string>>
  readonly paths: Readonly<Record<string, string>>
  readonly freeGiB: Readonly<Record<string, number>>
  readonly roles: Readonly<Record<string, RoleWish>>
  readonly lossRowsMax: number | undefined
  readonly records: readonly RecordWish[]
  /** In which the records are; undefined: in the only one. */
  readonly recordsDatabase: string | undefined
}

export interface BackupParts {
  readonly databases: readonly { readonly name: string; readonly database: string; readonly roles: readonly string[] }[]
  readonly roots: readonly { readonly name: string; readonly path: string }[]
  readonly startedAt: string
}

/** Where the system has its parts now; null for a backup of no system. */
export interface OwnPlaces {
  readonly databases: readonly { readonly name: string; readonly url: string }[]
  readonly roots: readonly { readonly name: string; readonly path: string }[]
}

/**
 * Everything, in place, but for what never stands for its system (a selection, masked): that goes elsewhere. Places elsewhere are proposed, with
 * the time of the backup in their names.
 */
export function firstChoice(parts: BackupParts, own: OwnPlaces | null, type: BackupView['type']): ScopeChoice {
  const mark = parts.startedAt.slice(0, 16).replaceAll(/\D/g, '')
  const urls = parts.databases.flatMap(({ name, database }) => {
    const url = own?.databases.find((one) => one.name === name)?.url
    return url === undefined ? [] : [[name, urlBeside(url, `${database.slice(0, 45)}_${mark}`)]]
  })
  const paths = parts.roots.flatMap(({ name }) => {
    const path = own?.roots.find((one) => one.name === name)?.path
    return path === undefined ? [] : [[name, `${path}-${mark}`]]
  })
  return {
    what: 'everything',
    where: own === null || !isWhole({ type }) ? 'elsewhere' : 'in-place',
    databases: parts.databases.map(({ name }) => name),
    roots: parts.roots.map(({ name }) => name),
    tables: [],
    urls: Object.fromEntries(urls),
    passwords: {},
    paths: Object.fromEntries(paths),
    freeGiB: {},
    roles: {},
    lossRowsMax: undefined,
    records: [{ kind: '', key: '' }],
    recordsDatabase: undefined,
  }
}

/** A record that was handed to the wizard is what somebody wants of the backup. */
export function withHanded(choice: ScopeChoice, wish: RecordWish | undefined): ScopeChoice {
  return wish === undefined ? choice : { ...choice, what: 'records', records: [wish] }
}

/** The same server, another database. */
export function urlBeside(url: string, database: string): string {
  return url.replace(/^([a-z]+:\/\/[^/?]*\/)[^?]*/, `$1${database}`)
}

export function chosenDatabases({ what, databases }: ScopeChoice, parts: BackupParts): readonly string[] {
  if (what === 'files') return []
  if (what === 'everything') return parts.databases.map(({ name }) => name)
  return what === 'tables' ? databases.slice(0, 1) : databases
}

export function chosenRoots({ what, roots }: ScopeChoice, parts: BackupParts): readonly string[] {
  if (what === 'everything') return parts.roots.map(({ name }) => name)
  return what === 'files' ? roots : []
}

export function isElsewhere({ what, where }: ScopeChoice): boolean {
  return what === 'tables' || where === 'elsewhere'
}

/** What the service is asked to plan. */
export function orderOf(choice: ScopeChoice, backupId: string, parts: BackupParts): PreviewOrder {
  if (choice.what === 'records') return recordsOrder(choice, backupId)
  const { what, urls, passwords, paths, freeGiB, roles, tables, lossRowsMax } = choice
  const [databases, roots] = [chosenDatabases(choice, parts), chosenRoots(choice, parts)]
  const elsewhere = isElsewhere(choice)
  const isStated = databases.some((name) => freeGiB[name] !== undefined)
  // Nothing named: all of the backup, each part where its system has it now.
  const isNamed = elsewhere || what !== 'everything' || isStated
  return {
    backupId,
    scope: what === 'everything' ? 'full' : what === 'files' ? 'files' : 'database',
    ...(isNamed && {
      databases: databases.map((name) => ({
        name,
        ...(elsewhere && { url: (urls[name] ?? '').trim() }),
        ...(elsewhere && passwords[name] && { password: passwords[name] }),
        ...(freeGiB[name] !== undefined && { freeBytes: Math.round(freeGiB[name] * GiB) }),
      })),
      roots: roots.map((name) => ({ name, ...(elsewhere && { path: (paths[name] ?? '').trim() }) })),
    }),
    ...(what === 'tables' && { tables: [...tables] }),
    roles: Object.entries(roles).map(([role, wish]) => ({ role, ...wish })),
    ...(lossRowsMax !== undefined && { lossRowsMax }),
  }
}

/** They go back to where the system has its database. */
function recordsOrder({ records, recordsDatabase }: ScopeChoice, backupId: string): PreviewOrder {
  return {
    backupId,
    scope: 'records',
    records: [...records],
    ...(recordsDatabase !== undefined && { databases: [{ name: recordsDatabase }] }),
  }
}

/** What is still missing or wrong, by the field where it is said: `databases.0.url`. The service looks again. */
export function faultsOf(choice: ScopeChoice, order: PreviewOrder, parts: BackupParts): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  const parsed = restores.preview.body.safeParse(order)
  if (choice.what === 'records') return parsed.success ? {} : { records: 'choose a kind and type a key for each record' }
  if (!parsed.success) for (const { path, message } of parsed.error.issues) found[path.join('.')] ??= message
  if (choice.what === 'tables' && choice.tables.length === 0) found['tables'] = 'choose at least one table'
  if (chosenDatabases(choice, parts).length + chosenRoots(choice, parts).length === 0) found['parts'] = 'choose what comes back'
  for (const [index, one] of (order.databases ?? []).entries())
    if (one.url === '') found[`databases.${index}.url`] = 'say into which database'
  for (const [index, one] of (order.roots ?? []).entries()) if (one.path === '') found[`roots.${index}.path`] = 'say into which directory'
  for (const [index, one] of (order.roles ?? []).entries())
    if (one.kind === 'map' && one.to === '') found[`roles.${index}.to`] = `say which role stands for ${one.role}`
  return found
}

/** Roles of the backup that a refusal names. */
export function missingRoles(fact: string, parts: BackupParts): readonly string[] {
  const words = new Set(fact.split(/[\s,]+/))
  return [...new Set(parts.databases.flatMap(({ roles }) => roles))].filter((role) => words.has(role))
}
