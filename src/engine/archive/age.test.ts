import { test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { isFault } from '#base/fault.ts'
import { systemRandom } from '#host/random.ts'
import { Passphrase, decryptAge, encryptAge } from './age.ts'

const passphrase = 'correct horse battery'
const opener = new Passphrase(passphrase)
let sealed: Buffer

async function* pieces(bytes: Uint8Array, length = 10_007): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += length) yield bytes.subarray(at, at + length)
}

const all = async (source: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(source))
const damaged = (bytes: Uint8Array) => assert.rejects(all(decryptAge(pieces(bytes), opener)), (error) => isFault(error, 'DAMAGE_ARCHIVE'))

test('what is encrypted comes back, at every length around a chunk of 64 KiB', async () => {
  for (const length of [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000]) {
    const plain = randomBytes(length)
    sealed = await all(encryptAge(pieces(plain), { passphrase, random: systemRandom, workFactor: 12 }))
    assert.deepEqual(await all(decryptAge(pieces(sealed), new Passphrase(passphrase))), plain, String(length))
  }
})

test('cut at a chunk, cut within one, altered, with one chunk more: each is a fault', async () => {
  const header = sealed.byteLength - (200_000 + 4 * 16)
  await damaged(sealed.subarray(0, header + 2 * (65_536 + 16)))
  await damaged(sealed.subarray(0, sealed.byteLength - 1))
  await damaged(sealed.subarray(0, header + 5))
  await damaged(Buffer.concat([sealed, Buffer.alloc(20)]))
  const altered = Buffer.from(sealed)
  altered[sealed.byteLength - 100_000]! ^= 1
  await damaged(altered)
  const mac = Buffer.from(sealed)
  const at = mac.indexOf('\n--- ') + 6
  mac[at] = mac[at] === 0x41 ? 0x42 : 0x41
  await damaged(mac)
})

test('another passphrase, an archive for keys, and a work factor beyond all measure are refused by name', async () => {
  const refused = async (bytes: Uint8Array, by: Passphrase, code: 'ARCHIVE_PASSPHRASE' | 'ARCHIVE_FORMAT') =>
    await assert.rejects(all(decryptAge(pieces(bytes), by)), (error) => isFault(error, code))
  await refused(sealed, new Passphrase('wrong'), 'ARCHIVE_PASSPHRASE')
  const dear = Buffer.from(sealed.toString('latin1').replace(/^(.*\n-> scrypt \S+) 12/, '$1 30'), 'latin1')
  await refused(dear, opener, 'ARCHIVE_FORMAT')
  const keys =
    'age-encryption.org/v1\n-> X25519 CJM36AHmTbdHSuOQL+NESqyVQE75f2e610iRdLPEN20\nC3ZAeY64NXS4QFrksLm3EGz+uPRyI0eQsWw7LWbbYig\n--- x\n'
  await refused(Buffer.from(keys), opener, 'ARCHIVE_FORMAT')
  await refused(Buffer.from(`age-encryption.org/v1\n${'x'.repeat(9000)}`), opener, 'ARCHIVE_FORMAT')
})
