import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { poly1305, viaOpenSsl, viaSodium } from './poly1305.ts'

const hex = (text: string) => Buffer.from(text, 'hex')

const ours = viaOpenSsl()
const sodium = await viaSodium()

// RFC 8439, appendix A.3: vectors 2, 3 and those that carries and the modulus make hard, 7 to 10.
const ietf =
  'Any submission to the IETF intended by the Contributor for publication as all or part of an IETF Internet-Draft or RFC and any ' +
  'statement made within the context of an IETF activity is considered an "IETF Contribution". Such statements include oral ' +
  'statements in IETF sessions, as well as written and electronic communications made at any time or place, which are addressed to'
const vectors = [
  { key: `${'00'.repeat(16)}36e5f6b5c5e06070f0efca96227a863e`, message: Buffer.from(ietf), tag: '36e5f6b5c5e06070f0efca96227a863e' },
  { key: `36e5f6b5c5e06070f0efca96227a863e${'00'.repeat(16)}`, message: Buffer.from(ietf), tag: 'f3477e7cd95417af89a6b8794c310cf0' },
  { key: `02${'00'.repeat(31)}`, message: hex('ff'.repeat(16)), tag: `03${'00'.repeat(15)}` },
  { key: `02${'00'.repeat(15)}${'ff'.repeat(16)}`, message: hex(`02${'00'.repeat(15)}`), tag: `03${'00'.repeat(15)}` },
  {
    key: `01${'00'.repeat(31)}`,
    message: hex(`${'ff'.repeat(16)}f0${'ff'.repeat(15)}11${'00'.repeat(15)}`),
    tag: `05${'00'.repeat(15)}`,
  },
  {
    key: `01${'00'.repeat(31)}`,
    message: hex(`${'ff'.repeat(16)}fb${'fe'.repeat(15)}${'01'.repeat(16)}`),
    tag: '00'.repeat(16),
  },
]

for (const [name, compute] of [
  ['openssl', ours],
  ['libsodium', sodium],
] as const) {
  test(`poly1305 with ${name} answers as published: RFC 8439, appendix A.3`, { skip: !compute && 'this Node does not show it' }, () => {
    for (const { key, message, tag } of vectors) assert.equal(Buffer.from(compute!(message, hex(key))).toString('hex'), tag)
  })
}

test(
  'OpenSSL is what authenticates where Node shows it, and both ways give the same answer',
  { skip: !ours && 'this Node does not' },
  () => {
    const key = fc.uint8Array({ minLength: 32, maxLength: 32 })
    // A length, then bytes: shared memory as the threads use it, at any offset.
    fc.assert(
      fc.property(key, fc.uint8Array({ maxLength: 4096 }), fc.nat(15), (oneTimeKey, bytes, offset) => {
        const shared = new Uint8Array(new SharedArrayBuffer(bytes.byteLength + offset), offset)
        shared.set(bytes)
        const expected = Buffer.from(sodium(bytes, oneTimeKey))
        assert.deepEqual(Buffer.from(ours!(shared, oneTimeKey)), expected)
        assert.deepEqual(Buffer.from(poly1305(shared, oneTimeKey)), expected)
      }),
    )
    const long = Buffer.alloc(3 * 131_072 + 5, 'a long message goes in slices')
    const oneTimeKey = Buffer.alloc(32, 9)
    assert.deepEqual(Buffer.from(ours!(long, oneTimeKey)), Buffer.from(sodium(long, oneTimeKey)))
  },
)
