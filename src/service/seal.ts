import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { link, open, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { Fault, errnoOf, messageOf } from '#base/fault.ts'
import { syncDirectory } from '#host/durable.ts'

/** Seals secrets for the catalog: whoever has the catalog alone, or a copy of it, has none of them (C8). */
export interface Sealing {
  /** `use` says what it is for: a sealed text opens in its own place alone. */
  seal(text: string, use: string): Buffer
  /** SECRET_UNREADABLE when it was sealed with another key, for another use, or was changed. */
  unseal(sealed: Buffer, use: string): string
  /** In hex: equal for equal texts, and of no use to whoever guesses at the text without the key. */
  digest(text: string, use: string): string
}

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** AES-256-GCM (NIST SP 800-38D): nonce ‖ ciphertext ‖ tag, the use as additional data. */
export function sealingWith(key: Buffer): Sealing {
  return {
    seal: (text, use) => {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(use))
      return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
    },
    unseal: (sealed, use) => {
      try {
        const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes)).setAAD(Buffer.from(use))
        decipher.setAuthTag(sealed.subarray(-tagBytes))
        return decipher.update(sealed.subarray(nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8')
      } catch (cause) {
        throw new Fault('SECRET_UNREADABLE', `the secret for ${use.split(':')[0]} does not open with this sealing key`, {}, { cause })
      }
    },
    digest: (text, use) =>
      createHmac('sha256', Buffer.from(hkdfSync('sha256', key, '', `digest:${use}`, 32)))
        .update(text)
        .digest('hex'),
  }
}

/** 32 bytes in hex, outside the catalog: made once in the data directory, readable for its owner alone. */
export async function sealingKey(file: string): Promise<Buffer> {
  await makeOnce(file)
  return await readSealingKey(file)
}

/** One that another has made. */
export async function readSealingKey(file: string): Promise<Buffer> {
  const text = (await readKeyFile(file)).trim()
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Fault('SECRET_KEY', `the sealing key ${file} is not 64 hexadecimal digits`, { file })
  return Buffer.from(text, 'hex')
}

async function readKeyFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new Fault('SECRET_KEY', `the sealing key ${file} cannot be read: ${messageOf(cause)}`, { file }, { cause })
  }
}

/** Written beside, then linked: whoever looks finds all of it, and the first of two stays. */
async function makeOnce(file: string): Promise<void> {
  const beside = `${file}.${randomBytes(6).toString('hex')}`
  try {
    const handle = await open(beside, 'wx', 0o600)
    try {
      await handle.writeFile(`${randomBytes(32).toString('hex')}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await link(beside, file)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST')
      throw new Fault('SECRET_KEY', `the sealing key ${file} cannot be made: ${messageOf(error)}`, { file }, { cause: error })
  } finally {
    await rm(beside, { force: true })
  }
  await syncDirectory(path.dirname(file))
}
