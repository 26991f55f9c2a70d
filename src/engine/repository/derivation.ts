import { scrypt } from 'node:crypto'
import { Fault, messageOf } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { parseJson } from '#base/parse.ts'
import { MiB } from '#base/units.ts'
import type { Storage } from '#engine/storage/storage.ts'
import { keyBytesLength } from './key-bytes.ts'
import { readRecoveryKey } from './recovery-key.ts'

/** What a key file says of scrypt; `salt` in base64. */
export interface Derivation {
  readonly N: number
  readonly r: number
  readonly p: number
  readonly salt: string
}

/** The key that opens a key file. DAMAGE_KEY when scrypt refuses the parameters. */
export async function derive(secret: string, derivation: Derivation): Promise<Buffer> {
  const place = placeOf(secret, derivation)
  const begun = underway.get(place)
  underway.delete(place)
  return await (begun ?? begin(secret, derivation))
}

/** What people type for a recovery key is brought into its exact form; everything else is the password itself. */
export function secretOf(password: string): string {
  const typed = readRecoveryKey(password)
  return typed.kind === 'recovery-key' ? typed.text : password
}

/**
 * scrypt takes a tenth of a second on a thread of its own. Begun before the rest of the program is loaded, it is done when
 * that is. In the order of `openKey`, up to the first key file that is dear to try; what is no key file is left to it.
 */
export async function deriveAhead(storage: Storage, password: string, signal?: AbortSignal): Promise<void> {
  const secret = secretOf(password)
  for (const name of (await Array.fromAsync(storage.list('keys', signal), (file) => file.name)).toSorted()) {
    const derivation = derivationIn(await storage.get(name, undefined, signal), name)
    if (!derivation) continue
    const begun = begin(secret, derivation)
    // Told to whoever asks for it; until then it must not count as unhandled.
    begun.catch(() => {})
    underway.set(placeOf(secret, derivation), begun)
    if (derivation.N >= dearN) return
  }
}

const dearN = 8192

const underway = new Map<string, Promise<Buffer>>()

function placeOf(secret: string, { N, r, p, salt }: Derivation): string {
  return `${N} ${r} ${p} ${salt} ${secret}`
}

function begin(secret: string, { N, r, p, salt }: Derivation): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret, Buffer.from(salt, 'base64'), keyBytesLength, { N, r, p, maxmem: 128 * r * (N + p) + 32 * MiB }, (error, derived) => {
      if (error)
        reject(new Fault('DAMAGE_KEY', `scrypt refuses the parameters of a key file: ${messageOf(error)}`, { N, r, p }, { cause: error }))
      else resolve(derived)
    })
  })
}

/** Without a schema, which takes longer to load than all this: what it would refuse is not begun. */
function derivationIn(bytes: Buffer, name: string): Derivation | undefined {
  const file = parseJson(bytes.toString('utf8'), name, 'DAMAGE_KEY')
  if (typeof file !== 'object' || file === null) return undefined
  const { N, r, p, salt } = file as Readonly<Record<keyof Derivation, unknown>>
  if (typeof N !== 'number' || typeof r !== 'number' || typeof p !== 'number' || typeof salt !== 'string') return undefined
  return isWithinBounds({ N, r, p }) ? { N, r, p, salt } : undefined
}

/** The bounds keep an altered file from asking for all memory there is. */
export function isWithinBounds({ N, r, p }: Pick<Derivation, 'N' | 'r' | 'p'>): boolean {
  const isCount = (value: number, least: number, most: number) => Number.isInteger(value) && value >= least && value <= most
  return isCount(N, 2, 2 ** 21) && isCount(r, 1, 32) && isCount(p, 1, 64) && 128 * N * r <= limits.scryptMemoryBytesMax
}
