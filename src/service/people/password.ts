import { argon2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { Semaphore } from '#base/semaphore.ts'
import type { Random } from '#host/random.ts'
import { commonPasswords } from './common-passwords.ts'

const derive = promisify(argon2)
const tagBytes = 32

interface Phc {
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
  readonly nonce: Buffer
  readonly tag: Buffer
}

/** Each takes 64 MiB: whoever sends many at once waits, instead of taking the memory of all. */
const turns = new Semaphore(limits.passwordsAtOnce)

/** argon2id in the PHC string format, which carries its own parameters. */
export async function hashPassword(password: string, random: Random): Promise<string> {
  const given = { memory: limits.argon2MemoryKiB, passes: limits.argon2Passes, parallelism: 1, nonce: Buffer.from(random.bytes(16)) }
  return printPhc({ ...given, tag: await tagOf(password, given, tagBytes) })
}

/** Without a hash to compare with it works as long, and says no: nobody learns from the clock which names there are. */
export async function isPassword(password: string, hash: string | null | undefined): Promise<boolean> {
  const known = parsePhc(hash ?? decoy)
  const tag = await tagOf(password, known, known.tag.length)
  return timingSafeEqual(tag, known.tag) && hash !== null && hash !== undefined
}

/** PASSWORD_RULES says which one it breaks. `earlier`: hashes of those that must not come back. */
export async function assertGoodPassword(password: string, name: string, earlier: readonly string[]): Promise<void> {
  const refuse = (fact: string) => {
    throw new Fault('PASSWORD_RULES', fact, { field: 'password' })
  }
  const text = password.normalize('NFKC').toLowerCase()
  if ([...text].length < limits.accountPasswordLengthMin)
    refuse(`the password has fewer than ${limits.accountPasswordLengthMin} characters`)
  if (text.includes(name.toLowerCase()) && name.length >= 4) refuse('the password holds the name of the account')
  if (isCommon(text)) refuse('the password is among those that are tried first')
  for (const hash of earlier) {
    if (await isPassword(password, hash)) refuse(`the password is one of the last ${limits.passwordHistory}`)
  }
}

/** Of a list, digits and signs at its end aside; or one piece over and over; or a run of the keyboard. */
function isCommon(text: string): boolean {
  const stem = text.replaceAll(/[^a-z]+$/g, '')
  if (commonPasswords.has(text) || commonPasswords.has(stem)) return true
  if (/^(.{1,4})\1+.{0,3}$/.test(text)) return true
  return ['01234567890123456789', '98765432109876543210', 'abcdefghijklmnopqrstuvwxyz', 'qwertyuiopasdfghjklzxcvbnm'].some((run) =>
    run.includes(text),
  )
}

async function tagOf(password: string, { memory, passes, parallelism, nonce }: Omit<Phc, 'tag'>, tagLength: number): Promise<Buffer> {
  await turns.acquire()
  try {
    // What looks alike is alike, however a keyboard composes it.
    return await derive('argon2id', { message: password.normalize('NFKC'), nonce, memory, passes, parallelism, tagLength })
  } finally {
    turns.release()
  }
}

const pattern = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

function parsePhc(text: string): Phc {
  const [, memory, passes, parallelism, nonce, tag] = pattern.exec(text) ?? []
  if (tag === undefined) throw new Error('a password hash of the catalog is not in the PHC string format')
  return {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    nonce: Buffer.from(nonce!, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  }
}

function printPhc({ memory, passes, parallelism, nonce, tag }: Phc): string {
  const plain = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '')
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${plain(nonce)}$${plain(tag)}`
}

const decoy = printPhc({
  memory: limits.argon2MemoryKiB,
  passes: limits.argon2Passes,
  parallelism: 1,
  nonce: Buffer.alloc(16),
  tag: Buffer.alloc(tagBytes),
})
