import assert from 'node:assert/strict'
import { createHash, createHmac, hkdfSync } from 'node:crypto'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { gearTable } from '#engine/repository/chunker.ts'
import { compressed, decompress } from '#engine/repository/compression.ts'
import { newMasterKey, openKey } from '#engine/repository/keys.ts'
import { seal, sealingKey } from '#engine/repository/seal.ts'
import { memory } from '#engine/storage/memory.ts'
import { run } from '#host/run.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

// RFC 7914, section 12: password, salt, N, r, p, and the 64 bytes that come of them.
const scryptVectors = [
  {
    password: 'password',
    salt: 'NaCl',
    N: 1024,
    r: 8,
    p: 16,
    derived:
      'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162' +
      '2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
  },
  {
    password: 'pleaseletmein',
    salt: 'SodiumChloride',
    N: 16384,
    r: 8,
    p: 1,
    derived:
      '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2' +
      'd5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
  },
]

for (const { password, salt, N, r, p, derived } of scryptVectors) {
  test(`a key file opens with the key that RFC 7914 says comes of "${password}" and "${salt}"`, async () => {
    const master = newMasterKey()
    const base64 = (from: number, to: number) => Buffer.from(master.bytes.subarray(from, to)).toString('base64')
    const json = JSON.stringify({ mac: { k: base64(32, 48), r: base64(48, 64) }, encrypt: base64(0, 32) })
    // Sealed under the published bytes: only who derives the same ones opens it.
    const data = seal(sealingKey(hex(derived)), Buffer.from(json)).toString('base64')
    const file = Buffer.from(JSON.stringify({ kdf: 'scrypt', N, r, p, salt: Buffer.from(salt).toString('base64'), data }))
    const storage = memory(systemClock)
    await storage.put(`keys/${createHash('sha256').update(file).digest('hex')}`, [file])
    assert.deepEqual(Buffer.from((await openKey(storage, password)).key.bytes), Buffer.from(master.bytes))
  })
}

/** RFC 5869 section 2, written out: the slow second opinion. */
function plainHkdf({ ikm, salt, info, length }: { ikm: Buffer; salt: Buffer; info: Buffer; length: number }): Buffer {
  const prk = createHmac('sha256', salt).update(ikm).digest()
  const blocks: Buffer[] = []
  for (let number = 1; Buffer.concat(blocks).length < length; number += 1) {
    const before = blocks.at(-1) ?? Buffer.alloc(0)
    blocks.push(createHmac('sha256', prk).update(before).update(info).update(Buffer.of(number)).digest())
  }
  return Buffer.concat(blocks).subarray(0, length)
}

test('HKDF is that of RFC 5869, appendix A.1, and the gear table is 2,048 bytes of it', () => {
  const ikm = Buffer.alloc(22, 0x0b)
  const salt = hex('000102030405060708090a0b0c')
  const info = hex('f0f1f2f3f4f5f6f7f8f9')
  const okm = hex('3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865')
  assert.deepEqual(plainHkdf({ ikm, salt, info, length: 42 }), okm)
  assert.deepEqual(Buffer.from(hkdfSync('sha256', ikm, salt, info, 42)), okm)
  const config = { version: 2, id: 'c0'.repeat(32), chunkerPolynomial: '3b31ea60e9a31f' } as const
  const wanted = plainHkdf({
    ikm: hex(config.chunkerPolynomial),
    salt: hex(config.id),
    info: Buffer.from('integrum gear table 1'),
    length: 2048,
  })
  const table = gearTable(config)
  assert.deepEqual(Buffer.from(table.buffer, table.byteOffset, table.byteLength), wanted)
})

const plain = 'patient\tvisit\tvalue\n'.repeat(10)

// Frames that zstd 1.5.4 wrote of `plain`: with and without its size and its checksum.
const frames = {
  'zstd -1, from a pipe': '28b52ffd0448dd0000a070617469656e740976697369740976616c75650a010062474d267bf2b56d',
  'zstd -9, from a pipe': '28b52ffd0460dd0000a070617469656e740976697369740976616c75650a010062474d267bf2b56d',
  'zstd -19, from a pipe': '28b52ffd0468dd0000a070617469656e740976697369740976616c75650a010062474d267bf2b56d',
  'zstd -3 --no-check, of a file': '28b52ffd20c8dd0000a070617469656e740976697369740976616c75650a010062474d26',
}

for (const [name, frame] of Object.entries(frames)) {
  test(`a frame of ${name} is read`, () => {
    assert.equal(decompress(hex(frame), plain.length)?.toString(), plain)
    const altered = hex(frame)
    altered[12]! ^= 1
    if (!name.includes('no-check')) assert.equal(decompress(altered, plain.length), undefined)
  })
}

test('frames made by hand after RFC 8878, section 3.1.1, are read: a raw block, a run, a skippable frame before, two frames', () => {
  const magic = '28b52ffd'
  // Frame header: single segment, one byte for the size. Block header: last, type, size in 21 bits.
  const raw = `${magic} 20 05 290000 ${Buffer.from('hello').toString('hex')}`
  const runOf = `${magic} 20 05 2b0000 78`
  const skippable = '502a4d18 03000000 616263'
  assert.equal(decompress(hex(raw), 5)?.toString(), 'hello')
  assert.equal(decompress(hex(runOf), 5)?.toString(), 'xxxxx')
  assert.equal(decompress(hex(skippable + raw), 5)?.toString(), 'hello')
  assert.equal(decompress(hex(raw + runOf), 10)?.toString(), 'helloxxxxx')
  // Type 3 is reserved, and a block may not be cut off.
  assert.equal(decompress(hex(`${magic} 20 05 2f0000 78`), 5), undefined)
  assert.equal(decompress(hex(raw).subarray(0, -1), 5), undefined)
})

test('the real zstd reads our frames, and we read its frames, at many levels', async () => {
  const text = Array.from({ length: 20_000 }, (_, row) => `${row}\t${(row * 7919) % 1000}\t2026-03-0${(row % 9) + 1}\tmmol/l\n`).join('')
  const bytes = Buffer.from(text)
  for (const level of [1, 3, 9, 19]) {
    const ours = Buffer.from(compressed(bytes, { level })!)
    const read = await run('zstd', ['-d', '-c'], { input: ours })
    assert.ok(read.stdout === text, read.stderr)
    const base64 = await run('sh', ['-c', `zstd -${level} -c | base64 -w 0`], { input: bytes })
    assert.ok(decompress(Buffer.from(base64.stdout, 'base64'), bytes.length)?.equals(bytes), `level ${level}`)
  }
})
