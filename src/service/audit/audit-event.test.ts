import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSignatureValid, signedWith } from '#engine/repository/proof-key.ts'
import { contentHashOf, linked, linkHash, noHash, storable, type AuditEvent } from './audit-event.ts'
import { trailKeysFrom } from './trail-keys.ts'

const event: AuditEvent = {
  seq: 1,
  id: '00000000-0000-4000-8000-000000000001',
  tenantId: null,
  at: '2026-01-02T03:04:05.678Z',
  actorKind: 'nobody',
  actorId: null,
  actorName: 'nobody',
  address: '127.0.0.1',
  requestId: null,
  action: 'systems.create',
  outcome: 'refused',
  subjectKind: null,
  subjectId: null,
  subjectName: null,
  reason: null,
  before: null,
  after: { b: 1, a: [true, 'é'] },
  facts: {},
}

test('the hash of an event is over its canonical text and the hash before it', () => {
  // jq -cjS . | sha256sum says the same.
  assert.equal(contentHashOf(event), 'defa47f80df208f758d437163c7f0ad98e9053700a82e26b70360249746ea356')
  const { hash, previousHash } = linked(event, noHash)
  assert.equal(previousHash, noHash)
  assert.equal(hash, linkHash(noHash, contentHashOf(event)))
  assert.notEqual(linked(event, 'a'.repeat(64)).hash, hash)
})

test('what PostgreSQL does not keep is not hashed either', () => {
  const after = { at: new Date(0), gone: undefined, text: 'a\u0000b', half: 'x\ud800', list: [undefined, -0] }
  assert.deepEqual(storable(after), { at: '1970-01-01T00:00:00.000Z', text: 'a\uFFFDb', half: 'x\uFFFD', list: [null, 0] })
})

test('the keys of a trail come out of the sealing key, each of its own, and each generation has another', () => {
  const keysOf = (letter: string) => trailKeysFrom(Buffer.alloc(32, letter))
  const [ours, again, other] = [keysOf('a'), keysOf('a'), keysOf('b')] as const
  assert.equal(ours.installation, again.installation)
  assert.equal(ours.signing(1).publicKey, again.signing(1).publicKey)
  assert.equal(ours.stamp('x'), again.stamp('x'))
  const publicKeys = [ours.signing(1), ours.signing(2), other.signing(1)].map(({ publicKey }) => publicKey)
  assert.equal(new Set(publicKeys).size, 3)
  assert.notEqual(ours.stamp('x'), other.stamp('x'))
  assert.notEqual(ours.installation, other.installation)
  const signed = signedWith(ours.signing(2), { kind: 'audit-head', seq: 7 })
  assert.ok(isSignatureValid(signed))
  const changed = { ...signed, seq: 8 }
  assert.ok(!isSignatureValid(changed))
})
