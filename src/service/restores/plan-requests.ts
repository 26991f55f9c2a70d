import { z } from 'zod'
import { parse } from '#base/parse.ts'
import { recordChoicesSchema, recordWishSchema, type RecordChoices, type RecordPolicy, type RecordWish } from '#contract/records.ts'
import type { PreviewRequest } from '#contract/restores.ts'
import type { House } from '#service/house.ts'

/** What was asked for, as the catalog keeps it: without passwords, and without the keys of people and of their rows. */
export type StoredRequest = Omit<PreviewRequest, 'databases' | 'records' | 'policy'> & {
  readonly policy?: RecordPolicy | undefined
  readonly databases?:
    readonly { readonly name: string; readonly url?: string | undefined; readonly freeBytes?: number | undefined }[] | undefined
}

export interface KeptRequest {
  readonly request: StoredRequest
  readonly secrets_sealed: Buffer | null
}

/** Of the whole of something: the passwords of databases elsewhere stand beside it, sealed. */
export function keptWhole(
  { sealing }: House,
  id: string,
  { databases, records: _records, policy: _policy, ...rest }: PreviewRequest,
): KeptRequest {
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

/** Of single records: their keys, and those of rows, stand in the catalog sealed alone, and as long as the plan is in the making. */
export function keptRecords({ sealing }: House, id: string, { records, databases, policy, ...rest }: PreviewRequest): KeptRequest {
  const secret: z.input<typeof wishesSchema> = { records: records ?? [], rows: policy?.rows ?? [] }
  return {
    request: { ...rest, policy: policy && withoutRows(policy), databases: databases?.map(({ name }) => ({ name })) },
    secrets_sealed: sealing.seal(JSON.stringify(secret), recordsUse(id)),
  }
}

/** What was chosen, without what was chosen for single rows: for all who may see that there is a plan. */
export function withoutRows({ rows: _rows, ...policy }: RecordChoices): RecordPolicy {
  return policy
}

const wishesSchema = z.object({ records: z.array(recordWishSchema), rows: recordChoicesSchema.shape.rows })

export function wishedRecords({ sealing }: House, { id, secrets_sealed }: Kept): z.output<typeof wishesSchema> {
  if (secrets_sealed === null) return { records: [], rows: [] }
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
