import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '#base/clock.ts'
import { Fault, isFault } from '#base/fault.ts'
import { isHexId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import { parse } from '#base/parse.ts'
import type { Storage, StorageName } from '#engine/storage/storage.ts'
import { derive, isWithinBounds, secretOf } from './derivation.ts'
import { keyBytesLength } from './key-bytes.ts'
import { owner } from './owner.ts'
import { assertRemoved, putAndReadBack } from './read-back.ts'
import { readRecoveryKey } from './recovery-key.ts'
import { seal, sealingKey, unseal, type SealingKey } from './seal.ts'

/** A key file as people see it. */
export interface KeyFile {
  /** SHA-256 of the file. */
  readonly id: string
  readonly createdAt: string
  readonly hostname: string
  readonly username: string
}

export interface OpenedKey {
  readonly key: SealingKey
  /** Which key file the password opened. */
  readonly keyFileId: string
}

/** SAFETY rule 27. To be said wherever a password is changed or removed. */
export const revocationNotice =
  'Removing a password does not revoke it: an old copy of its key file together with that password, or the master key itself, ' +
  'still opens everything. To revoke access, copy the backups into a new repository with a new password and delete this one.'

/** A new master key. Its `r` is kept clamped, as restic keeps it. */
export function newMasterKey(): SealingKey {
  const bytes = randomBytes(keyBytesLength)
  // Bernstein 2005, section 2: the top four bits of bytes 3, 7, 11, 15 and the low two of 4, 8, 12 are clear.
  for (const at of [3, 7, 11, 15]) bytes[48 + at]! &= 15
  for (const at of [4, 8, 12]) bytes[48 + at]! &= 252
  return sealingKey(bytes)
}

/**
 * Tries the password on every key file. REPOSITORY_PASSWORD when it opens none; DAMAGE_KEY when it opens none and some
 * key file is altered, since that one may have been it. REPOSITORY_NOT_FOUND when there is no key file.
 */
export async function openKey(storage: Storage, password: string, signal?: AbortSignal): Promise<OpenedKey> {
  const typed = readRecoveryKey(password)
  const secret = secretOf(password)
  let damage: unknown
  let keyFiles = 0
  for (const id of await keyFileIds(storage, signal)) {
    keyFiles += 1
    try {
      const key = await tryKeyFile(await loadKeyFile(storage, id, signal), id, secret)
      if (key) return { key, keyFileId: id }
    } catch (error) {
      if (!isFault(error, 'DAMAGE_KEY')) throw error
      // Another key file may still open; if none does, this is what is said.
      damage ??= error
    }
  }
  if (damage) throw damage
  if (keyFiles === 0) throw new Fault('REPOSITORY_NOT_FOUND', `${storage.location} has no key file`, { location: storage.location })
  const remark = typed.kind === 'mistyped' ? '; it looks like a recovery key with a typing error' : ''
  throw new Fault('REPOSITORY_PASSWORD', `the password opens none of ${keyFiles} keys${remark}`, { keys: keyFiles })
}

/** Adds a password. PASSWORD_WEAK when it is too short. Returns the id of its key file. */
export async function addKey(
  storage: Storage,
  key: SealingKey,
  password: string,
  options: { clock: Clock; signal?: AbortSignal | undefined },
): Promise<string> {
  if (password.length < limits.passwordLengthMin) {
    throw new Fault('PASSWORD_WEAK', `the password has ${password.length} characters`, { lengthMin: limits.passwordLengthMin })
  }
  const N = readRecoveryKey(password).kind === 'recovery-key' ? recoveryKeyN : passwordN
  const salt = randomBytes(64)
  const derived = sealingKey(await derive(password, { N, r: 8, p: 1, salt: salt.toString('base64') }))
  const base64 = (from: number, to: number) => Buffer.from(key.bytes.subarray(from, to)).toString('base64')
  const master = JSON.stringify({ mac: { k: base64(32, 48), r: base64(48, 64) }, encrypt: base64(0, 32) })
  const file = Buffer.from(
    JSON.stringify({
      created: options.clock.now().toISOString(),
      username: owner().username,
      hostname: owner().hostname,
      kdf: 'scrypt',
      N,
      r: 8,
      p: 1,
      salt: salt.toString('base64'),
      data: seal(derived, Buffer.from(master, 'utf8')).toString('base64'),
    }),
    'utf8',
  )
  const id = createHash('sha256').update(file).digest('hex')
  await putAndReadBack(storage, { name: `keys/${id}`, parts: [file] }, options.signal)
  return id
}

/** Removes a password's key file, never the last one that is readable (REPOSITORY_LAST_KEY). See `revocationNotice`. */
export async function removeKey(storage: Storage, id: string, signal?: AbortSignal): Promise<void> {
  const others = (await listKeys(storage, signal)).filter((key) => key.id !== id)
  if (others.length === 0) throw new Fault('REPOSITORY_LAST_KEY', 'this is the last key of the repository', { key: id })
  if (!(await storage.stat(`keys/${id}`, signal))) {
    throw new Fault('INPUT_INVALID', `there is no key ${id.slice(0, 8)}`, { key: id })
  }
  await storage.remove(`keys/${id}`, signal)
  await assertRemoved(storage, 'keys', [`keys/${id}`], signal)
}

/** The readable key files, oldest first. An altered one is left out here and named by `check`. */
export async function listKeys(storage: Storage, signal?: AbortSignal): Promise<KeyFile[]> {
  const keys: KeyFile[] = []
  for (const id of await keyFileIds(storage, signal)) {
    try {
      const file = await loadKeyFile(storage, id, signal)
      keys.push({ id, createdAt: file.created, hostname: file.hostname, username: file.username })
    } catch (error) {
      if (!isFault(error, 'DAMAGE_KEY')) throw error
      // Not counted: a damaged key opens nothing.
    }
  }
  return keys.toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
}

/** DAMAGE_KEY unless the key file is what its name says and has valid fields. */
export async function checkKeyFile(storage: Storage, id: string, signal?: AbortSignal): Promise<void> {
  await loadKeyFile(storage, id, signal)
}

// 32 MiB and about 0.1 s for each guess, as restic's own calibration comes out; any reader takes the number from the file.
const passwordN = 32_768
// A recovery key has 160 random bits: nobody guesses it, so every opening need not pay for trying it.
const recoveryKeyN = 1_024

// design.rst "Keys, Encryption and MAC".
const keyFileSchema = z
  .object({
    created: z.string().default(''),
    username: z.string().default(''),
    hostname: z.string().default(''),
    kdf: z.literal('scrypt'),
    N: z.number(),
    r: z.number(),
    p: z.number(),
    salt: z.base64(),
    data: z.base64(),
  })
  .refine(isWithinBounds, { error: 'scrypt is asked for too much, or for nothing', path: ['N'] })
type KeyFileFields = z.infer<typeof keyFileSchema>

const masterKeySchema = z.object({ mac: z.object({ k: z.base64(), r: z.base64() }), encrypt: z.base64() })

async function keyFileIds(storage: Storage, signal?: AbortSignal): Promise<string[]> {
  const ids: string[] = []
  for await (const file of storage.list('keys', signal)) ids.push(file.name.slice('keys/'.length))
  return ids.filter(isHexId).toSorted()
}

async function loadKeyFile(storage: Storage, id: string, signal?: AbortSignal): Promise<KeyFileFields> {
  const name: StorageName = `keys/${id}`
  const bytes = await storage.get(name, undefined, signal)
  if (createHash('sha256').update(bytes).digest('hex') !== id) {
    throw new Fault('DAMAGE_KEY', `key file ${id.slice(0, 8)} is not what its name says`, { key: id })
  }
  return parse(keyFileSchema, bytes.toString('utf8'), `key file ${id.slice(0, 8)}`, 'DAMAGE_KEY')
}

async function tryKeyFile(file: KeyFileFields, id: string, password: string): Promise<SealingKey | undefined> {
  const derived = sealingKey(await derive(password, file))
  const master = unseal(derived, Buffer.from(file.data, 'base64'))
  if (!master) return undefined
  const what = `master key in key file ${id.slice(0, 8)}`
  const { mac, encrypt } = parse(masterKeySchema, master.toString('utf8'), what, 'DAMAGE_KEY')
  const bytes = Buffer.concat([Buffer.from(encrypt, 'base64'), Buffer.from(mac.k, 'base64'), Buffer.from(mac.r, 'base64')])
  if (bytes.length !== keyBytesLength) throw new Fault('DAMAGE_KEY', `${what} has ${bytes.length} bytes`, { key: id })
  return sealingKey(bytes)
}
