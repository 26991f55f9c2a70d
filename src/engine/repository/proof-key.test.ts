import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { run } from '#host/run.ts'
import { openSmall, smallRepository } from '#test/support/small-repository.ts'
import { canonicalJson } from './canonical-json.ts'
import { fingerprintOf, isSignatureValid, proofKeyFrom, proofPublicKey, signProof } from './proof-key.ts'

test('the public key of a seed is the one of RFC 8032, section 7.1', () => {
  const vectors = [
    [
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    ],
    [
      '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    ],
  ]
  for (const [seed, publicKey] of vectors) assert.equal(proofKeyFrom(Buffer.from(seed!, 'hex')).publicKey, publicKey)
})

test('the canonical text is that of RFC 8785, sections 3.2.2 and 3.2.3', () => {
  const value = {
    numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
    literals: [null, true, false],
    left: undefined,
  }
  assert.equal(
    canonicalJson(value),
    String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  )
  const names = {
    '\u20ac': 'Euro',
    '\r': 'CR',
    '\ufb33': 'Hebrew',
    '1': 'One',
    '\ud83d\ude00': 'Smiley',
    '\u0080': 'Control',
    '\u00f6': 'o',
  }
  const sorted = ['CR', 'One', 'Control', 'o', 'Euro', 'Smiley', 'Hebrew']
  assert.deepEqual(
    [...canonicalJson(names).matchAll(/:"(\w+)"/g)].map(([, name]) => name),
    sorted,
  )
})

test('every machine that opens a repository has its key, and another repository has another', async () => {
  const small = await smallRepository()
  await using one = await small.open()
  await using again = await openSmall(small.storage, small.clock)
  await using other = await (await smallRepository()).open()
  assert.equal(proofPublicKey(one), proofPublicKey(again))
  assert.notEqual(proofPublicKey(one), proofPublicKey(other))
  assert.match(fingerprintOf(proofPublicKey(one)), /^[0-9a-f]{32}$/)
})

test('a signature holds in whatever order the fields come, and ends with any change of any of them', async () => {
  await using repository = await (await smallRepository()).open()
  const document = { b: { deep: [1, 'two', null, true] }, a: 'text' }
  const signed = signProof(repository, document)
  assert.ok(isSignatureValid(signed))
  const reordered = { signature: signed.signature, a: 'text', b: { deep: [1, 'two', null, true] } }
  assert.ok(isSignatureValid(reordered))
  const changed = [
    { ...signed, a: 'texT' },
    { ...signed, b: { deep: [1, 'two', null, false] } },
    { ...signed, b: { deep: [1, 'two', true] } },
    { ...signed, c: 1 },
    { b: signed.b, signature: signed.signature },
    { ...signed, signature: { ...signed.signature, publicKey: otherInTheEnd(signed.signature.publicKey) } },
  ]
  for (const document of changed) assert.equal(isSignatureValid(document), false)
})

function otherInTheEnd(hex: string): string {
  return `${hex.slice(0, -1)}${hex.endsWith('0') ? '1' : '0'}`
}

test('openssl and jq, which are not ours, agree on a signature', async () => {
  await using repository = await (await smallRepository()).open()
  const signed = signProof(repository, { kind: 'drill', rows: 1234567, names: ['Müller', 'ß'], nothing: null, inner: { z: 1, a: [true] } })
  const folder = await mkdtemp(path.join(tmpdir(), 'integrum-test-proof-'))
  try {
    await writeFile(path.join(folder, 'report.json'), JSON.stringify(signed, null, 2))
    // As docs/guide/drills.md shows it.
    const script = `
      { printf '302a300506032b6570032100'; jq -r .signature.publicKey report.json; } | perl -0ne 's/\\s//g; print pack "H*", $_' > key.der
      jq -r .signature.value report.json | base64 -d > signature
      jq -cjS 'del(.signature)' report.json > signed
      openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in signed -sigfile signature`
    const verified = await run('sh', ['-c', script], { cwd: folder })
    assert.match(verified.stdout, /Signature Verified Successfully/, verified.stderr)
    await writeFile(path.join(folder, 'report.json'), JSON.stringify({ ...signed, rows: 1234568 }))
    assert.match((await run('sh', ['-c', script], { cwd: folder })).stdout, /Signature Verification Failure/)
  } finally {
    await rm(folder, { recursive: true })
  }
})
