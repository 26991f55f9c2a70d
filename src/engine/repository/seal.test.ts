import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createDecipheriv, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { seal, sealInto, sealOverheadBytes, sealingKey, unseal, unsealInto } from './seal.ts'

const hex = (text: string) => Buffer.from(text, 'hex')

// D. J. Bernstein, "The Poly1305-AES message-authentication code" (2005), appendix B.
const bernstein = [
  {
    message: 'f3f6',
    r: '851fc40c3467ac0be05cc20404f3f700',
    k: 'ec074c835580741701425b623235add6',
    nonce: 'fb447350c4e868c52ac3275cf9d4327e',
    mac: 'f4c633c3044fc145f84f335cb81953de',
  },
  {
    message: '',
    r: 'a0f3080000f46400d0c7e9076c834403',
    k: '75deaa25c09f208e1dc4ce6b5cad3fbf',
    nonce: '61ee09218d29b0aaed7e154a2c5509cc',
    mac: 'dd3fab2251f11ac759f0887129cc2ee7',
  },
  {
    message: '663cea190ffb83d89593f3f476b6bc24d7e679107ea26adb8caf6652d0656136',
    r: '48443d0bb0d21109c89a100b5ce2c208',
    k: '6acb5f61a7176dd320c5c1eb2edcdc74',
    nonce: 'ae212a55399729595dea458bc621ff0e',
    mac: '0ee1c16bb73f0f4fd19881753c01cdbe',
  },
  {
    message:
      'ab0812724a7f1e342742cbed374d94d136c6b8795d45b3819830f2c04491faf0990c62e48b8018b2c3e4a0fa3134cb67fa83e158c994d961c4cb21095c1bf9',
    r: '12976a08c4426d0ce8a82407c4f48207',
    k: 'e1a5668a4d5b66a5f68cc5424ed5982d',
    nonce: '9ae831e743978d3a23527c7128149e3a',
    mac: '5154ad0d2cb26e01274fc51148491f1b',
  },
]

for (const [number, vector] of bernstein.entries()) {
  test(`the MAC is Poly1305-AES as published: vector ${number + 1} of its paper unseals, and a wrong MAC does not`, () => {
    const key = sealingKey(Buffer.concat([Buffer.alloc(32, 1), hex(vector.k), hex(vector.r)]))
    const sealed = Buffer.concat([hex(vector.nonce), hex(vector.message), hex(vector.mac)])
    assert.ok(unseal(key, sealed))
    sealed[sealed.length - 1]! ^= 1
    assert.equal(unseal(key, sealed), undefined)
  })
}

test('the cipher is AES-256-CTR as published: NIST SP 800-38A F.5.5', () => {
  const encryption = hex('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4')
  const plain = hex('6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51')
  const counter = hex('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff')
  const ciphertext = hex('601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5')
  assert.deepEqual(createDecipheriv('aes-256-ctr', encryption, counter).update(ciphertext), plain)
  // What `seal` writes decrypts with the plain cipher under the nonce it wrote.
  const sealed = seal(sealingKey(Buffer.concat([encryption, Buffer.alloc(32, 7)])), plain)
  const decipher = createDecipheriv('aes-256-ctr', encryption, sealed.subarray(0, 16))
  assert.deepEqual(decipher.update(sealed.subarray(16, sealed.length - 16)), plain)
})

test('unseal gives back what seal took, for any content and for sizes across the slices', () => {
  const key = sealingKey(randomBytes(64))
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), (plain) => {
      const sealed = seal(key, plain)
      assert.equal(sealed.length, plain.length + sealOverheadBytes)
      assert.deepEqual(new Uint8Array(unseal(key, sealed)!), plain)
    }),
  )
  for (const size of [0, 1, 131_071, 131_072, 131_073, 1_000_000]) {
    const plain = randomBytes(size)
    const sealed = seal(key, plain)
    assert.deepEqual(unseal(key, sealed), plain)
    const target = Buffer.alloc(size + 1, 0x55)
    assert.equal(unsealInto(key, sealed, target), true)
    assert.deepEqual(target, Buffer.concat([plain, Buffer.of(0x55)]))
  }
})

test('any flipped bit and any truncation is noticed', () => {
  const key = sealingKey(randomBytes(64))
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), fc.nat(7), (plain, place, bit) => {
      const sealed = seal(key, plain)
      sealed[place % sealed.length]! ^= 1 << bit
      assert.equal(unseal(key, sealed), undefined)
      const target = Buffer.alloc(plain.length)
      assert.equal(unsealInto(key, sealed, target), false)
      assert.ok(
        target.every((byte) => byte === 0),
        'nothing unproven is handed out',
      )
      sealed[place % sealed.length]! ^= 1 << bit
      assert.equal(unseal(key, sealed.subarray(0, place % sealed.length)), undefined)
    }),
  )
})

test('another key does not unseal', () => {
  const sealed = seal(sealingKey(randomBytes(64)), Buffer.from('visit 1'))
  assert.equal(unseal(sealingKey(randomBytes(64)), sealed), undefined)
})

test('no nonce is used twice, also across the batches that nonces are made in', () => {
  const key = sealingKey(randomBytes(64))
  const target = Buffer.alloc(100)
  const seen = new Set<string>()
  for (let round = 0; round < 1000; round += 1) {
    sealInto(key, Buffer.from('x'), target.subarray(3))
    seen.add(target.toString('hex', 3, 19))
  }
  assert.equal(seen.size, 1000)
})
