import type { SystemView } from '#contract/systems.ts'

export const tlsModes = ['', 'require', 'verify-ca', 'verify-full', 'disable'] as const

/** A database as people describe it: by its URL, or field by field. The password is never part of either. */
export interface DatabaseDraft {
  readonly name: string
  readonly way: 'fields' | 'url'
  readonly url: string
  /** Or the absolute directory of a unix socket. */
  readonly host: string
  readonly port: string
  readonly database: string
  readonly user: string
  readonly sslMode: string
  readonly sslRootCertificate: string
  readonly password: string
  /** `kept`: the one that the service has. */
  readonly passwordIs: 'none' | 'given' | 'kept'
}

export const emptyDatabase: DatabaseDraft = {
  name: '',
  way: 'fields',
  url: '',
  host: '',
  port: '5432',
  database: '',
  user: '',
  sslMode: '',
  sslRootCertificate: '',
  password: '',
  passwordIs: 'given',
}

export function databaseDraftOf({ name, url, hasPassword }: SystemView['databases'][number]): DatabaseDraft {
  return { ...emptyDatabase, name, way: 'url', url, passwordIs: hasPassword ? 'kept' : 'none' }
}

/** Absent: the one that is there stays. Null: none. */
export function databaseBodyOf(draft: DatabaseDraft): { name: string; url: string; password?: string | null } {
  const { name, password, passwordIs } = draft
  const place = { name: name.trim(), url: urlOf(draft) }
  if (passwordIs === 'kept') return place
  return { ...place, password: passwordIs === 'given' && password !== '' ? password : null }
}

export function urlOf(draft: DatabaseDraft): string {
  if (draft.way === 'url') return draft.url.trim()
  const [host, port, sslMode] = [draft.host.trim(), draft.port.trim(), draft.sslMode]
  const [user, database] = [encodeURIComponent(draft.user.trim()), encodeURIComponent(draft.database.trim())]
  const isSocket = host.startsWith('/')
  const parameters = [
    ...(isSocket ? [`host=${encodeURIComponent(host)}`] : []),
    ...(isSocket && port !== '' && port !== '5432' ? [`port=${port}`] : []),
    ...(sslMode === '' ? [] : [`sslmode=${sslMode}`]),
    ...(draft.sslRootCertificate.trim() === '' ? [] : [`sslrootcert=${encodeURIComponent(draft.sslRootCertificate.trim())}`]),
  ].join('&')
  const place = isSocket ? '' : `${host.includes(':') ? `[${host}]` : host}:${port === '' ? '5432' : port}`
  return `postgresql://${user}@${place}/${database}${parameters && `?${parameters}`}`
}

/** What a URL may leave out, libpq would fill in from its surroundings: of a service nobody knows them. */
export function missingOf(draft: DatabaseDraft): readonly ('url' | 'host' | 'user' | 'database')[] {
  if (draft.way === 'url') return draft.url.trim() === '' ? ['url'] : []
  return (['host', 'user', 'database'] as const).filter((field) => draft[field].trim() === '')
}
