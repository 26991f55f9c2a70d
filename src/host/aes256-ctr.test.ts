import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { aes256Ctr, viaNode, viaOpenSsl, type Aes256Ctr, type CtrMessage } from './aes256-ctr.ts'

const hex = (text: string) => Buffer.from(text, 'hex')

const openSsl = viaOpenSsl()

// NIST SP 800-38A, F.5.5: four blocks, the counter going over from one to the next.
const key = hex('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4')
const counter = hex('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff')
const plain = hex(
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710',
)
const ciphertext = hex(
  '601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c52b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6',
)

for (const [name, apply] of [
  ['openssl', openSsl],
  ['node:crypto', viaNode],
] as const) {
  test(`AES-256-CTR with ${name} answers as published: NIST SP 800-38A F.5.5`, { skip: !apply && 'this Node does not show it' }, () => {
    const target = Buffer.alloc(plain.byteLength)
    apply!({ key, counter }, plain, target)
    assert.deepEqual(target, ciphertext)
    // Decrypting is the same, also in place.
    apply!({ key, counter }, target, target)
    assert.deepEqual(target, plain)
  })

  test(`AES-256-CTR with ${name} refuses what is too short and writes nothing`, { skip: !apply && 'this Node does not show it' }, () => {
    const target = Buffer.alloc(plain.byteLength - 1)
    assert.throws(() => apply!({ key, counter }, plain, target), /target is too short/)
    assert.throws(() => apply!({ key: key.subarray(1), counter }, plain, Buffer.alloc(64)), /key of 32 bytes/)
    assert.throws(() => apply!({ key, counter: counter.subarray(1) }, plain, Buffer.alloc(64)), /counter of 16/)
    assert.deepEqual(target, Buffer.alloc(plain.byteLength - 1))
  })
}

test('OpenSSL is what encrypts where Node shows it, and both ways give the same', { skip: !openSsl && 'this Node does not' }, () => {
  const same = (bytes: Uint8Array, offset: number, message: CtrMessage) => {
    const expected = Buffer.alloc(bytes.byteLength)
    viaNode(message, bytes, expected)
    for (const apply of [openSsl!, aes256Ctr] satisfies Aes256Ctr[]) {
      // Shared memory as the threads use it, at any offset; what stands behind the target stays.
      const shared = new Uint8Array(new SharedArrayBuffer(bytes.byteLength + offset + 16), offset)
      apply(message, bytes, shared)
      assert.deepEqual(Buffer.from(shared.subarray(0, bytes.byteLength)), expected)
      assert.deepEqual(Buffer.from(shared.subarray(bytes.byteLength)), Buffer.alloc(16))
    }
  }
  const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
  fc.assert(fc.property(fc.uint8Array({ maxLength: 4096 }), fc.nat(15), fc.record({ key: bytesOf(32), counter: bytesOf(16) }), same))
  same(Buffer.alloc(3 * 131_072 + 5, 'a long message goes in slices'), 3, { key, counter: Buffer.alloc(16, 0xff) })
})
