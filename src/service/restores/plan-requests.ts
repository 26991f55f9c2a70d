import { z } from 'zod'
import { parse } from '#base/parse.ts'
import { recordWishSchema, type RecordWish } from '#contract/records.ts'
import type { PreviewRequest } from '#contract/restores.ts'
import type { House } from '#service/house.ts'

/** What was asked for, as the catalog keeps it: without passwords, and without the keys of people. */
export type StoredRequest = Omit<PreviewRequest, 'databases' | 'records'> & {
  readonly databases?:
    readonly { readonly name: string; readonly url?: string | undefined; readonly freeBytes?: number | undefined }[] | undefined
}

export interface KeptRequest {
  readonly request: StoredRequest
  readonly secrets_sealed: Buffer | null
}

/** Of the whole of something: the passwords of databases elsewhere stand beside it, sealed. */
export function keptWhole({ sealing }: House, id: string, { databases, records: _records, ...rest }: PreviewRequest): KeptRequest {
  const passwords = Object.fromEntries(
    (databases ?? []).flatMap(({ name, password }) => (password === undefined ? [] : [[name, password]])),
  )
  return {
    request: { ...rest, databases: databases?.map(({ name, url, freeBytes }) => ({ name, url, freeBytes })) },
    secrets_sealed: Object.keys(passwords).length === 0 ? null : sealing.seal(JSON.stringify(passwords), passwordsUse(id)),
  }
}

const passwordsSchema = z.record(z.string(), z.string())

export function keptPasswords({ sealing }: House, { id, secrets_sealed }: Kept): Readonly<Record<string, string>> {
  if (secrets_sealed === null) return {}
  return parse(passwordsSchema, sealing.unseal(secrets_sealed, passwordsUse(id)), 'the passwords of a plan')
}

interface Kept {
  readonly id: string
  readonly secrets_sealed: Buffer | null
}

/** Of single records: their keys stand in the catalog sealed alone, and as long as the plan is in the making. */
export function keptRecords({ sealing }: House, id: string, { records, databases, ...rest }: PreviewRequest): KeptRequest {
  return {
    request: { ...rest, databases: databases?.map(({ name }) => ({ name })) },
    secrets_sealed: sealing.seal(JSON.stringify(records ?? []), recordsUse(id)),
  }
}

const wishesSchema = z.array(recordWishSchema)

export function wishedRecords({ sealing }: House, { id, secrets_sealed }: Kept): RecordWish[] {
  if (secrets_sealed === null) return []
  return parse(wishesSchema, sealing.unseal(secrets_sealed, recordsUse(id)), 'the records of a plan')
}

/** What the trail says of records that somebody asked for: whoever knows a key can have the service tell whether it was this one. */
export function recordFacts({ sealing }: House, systemId: string | null, records: readonly RecordWish[]) {
  return records.map(({ kind, key }) => ({ kind, keyDigest: sealing.digest(`${systemId ?? ''}\n${kind}\n${key}`, 'record') }))
}

function passwordsUse(id: string): string {
  return `restore-plan:${id}`
}

function recordsUse(id: string): string {
  return `restore-plan-records:${id}`
}
