import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { systemClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { systemRandom } from '#host/random.ts'
import { memory } from '#engine/storage/memory.ts'
import type { Storage } from '#engine/storage/storage.ts'
import { deriveAhead } from './derivation.ts'
import { addKey, checkKeyFile, listKeys, newMasterKey, openKey, removeKey, revocationNotice } from './keys.ts'
import { newRecoveryKey } from './recovery-key.ts'

const clock = systemClock

/** Flips a byte of a file, as a bad disk would. */
async function alter(storage: Storage, id: string): Promise<void> {
  const bytes = await storage.get(`keys/${id}`)
  bytes[bytes.length - 20]! ^= 1
  await storage.remove(`keys/${id}`)
  await storage.put(`keys/${id}`, [bytes])
}

test('every password and the recovery key open the same master key; a removed one no longer does', async () => {
  const storage = memory(clock)
  const master = newMasterKey()
  const recoveryKey = newRecoveryKey(systemRandom)
  const first = await addKey(storage, master, 'first password', { clock })
  await addKey(storage, master, recoveryKey, { clock })
  for (const password of ['first password', recoveryKey, recoveryKey.toLowerCase().replaceAll('-', ' ')]) {
    assert.deepEqual(Buffer.from((await openKey(storage, password)).key.bytes), Buffer.from(master.bytes))
  }
  assert.equal((await openKey(storage, 'first password')).keyFileId, first)
  assert.equal((await listKeys(storage)).length, 2)
  await removeKey(storage, first)
  await assert.rejects(openKey(storage, 'first password'), (error) => isFault(error, 'REPOSITORY_PASSWORD'))
  await openKey(storage, recoveryKey)
})

test('the last key is never removed', async () => {
  const storage = memory(clock)
  const only = await addKey(storage, newMasterKey(), 'only password', { clock })
  await assert.rejects(removeKey(storage, only), (error) => isFault(error, 'REPOSITORY_LAST_KEY'))
  await openKey(storage, 'only password')
})

test('a key whose file is damaged does not count as another key', async () => {
  const storage = memory(clock)
  const master = newMasterKey()
  const one = await addKey(storage, master, 'password one', { clock })
  const two = await addKey(storage, master, 'password two', { clock })
  await alter(storage, two)
  await assert.rejects(removeKey(storage, one), (error) => isFault(error, 'REPOSITORY_LAST_KEY'))
  await assert.rejects(checkKeyFile(storage, two), (error) => isFault(error, 'DAMAGE_KEY'))
})

test('a wrong password is REPOSITORY_PASSWORD, an altered key file is DAMAGE_KEY, none at all is REPOSITORY_NOT_FOUND', async () => {
  const storage = memory(clock)
  await assert.rejects(openKey(storage, 'a password'), (error) => isFault(error, 'REPOSITORY_NOT_FOUND'))
  const id = await addKey(storage, newMasterKey(), 'right password', { clock })
  await assert.rejects(openKey(storage, 'wrong password'), (error) => isFault(error, 'REPOSITORY_PASSWORD'))
  await alter(storage, id)
  await assert.rejects(openKey(storage, 'right password'), (error) => isFault(error, 'DAMAGE_KEY'))
})

test('a mistyped recovery key is told apart in words', async () => {
  const storage = memory(clock)
  const recoveryKey = newRecoveryKey(systemRandom)
  await addKey(storage, newMasterKey(), recoveryKey, { clock })
  const mistyped = (recoveryKey.startsWith('7') ? '8' : '7') + recoveryKey.slice(1)
  await assert.rejects(openKey(storage, mistyped), (error) => isFault(error, 'REPOSITORY_PASSWORD') && /typing error/.test(error.message))
})

test('a short password is refused', async () => {
  await assert.rejects(addKey(memory(clock), newMasterKey(), '', { clock }), (error) => isFault(error, 'PASSWORD_WEAK'))
})

test('SAFETY rule 27: removing a password is not revocation: the old key file put back still opens, and the notice says so', async () => {
  const storage = memory(clock)
  const master = newMasterKey()
  const leaked = await addKey(storage, master, 'leaked password', { clock })
  await addKey(storage, master, 'new password', { clock })
  const copy = await storage.get(`keys/${leaked}`)
  await removeKey(storage, leaked)
  await storage.put(`keys/${leaked}`, [copy])
  assert.deepEqual(Buffer.from((await openKey(storage, 'leaked password')).key.bytes), Buffer.from(master.bytes))
  assert.match(revocationNotice, /does not revoke/)
  assert.match(revocationNotice, /new repository/)
})

test('what is derived ahead opens the same key, and no key file makes it ask for more than the bounds', async () => {
  const storage = memory(clock)
  await storage.create()
  const key = newMasterKey()
  await addKey(storage, key, 'the right password', { clock })
  await deriveAhead(storage, 'the right password')
  assert.deepEqual((await openKey(storage, 'the right password')).key.bytes, key.bytes)
  await deriveAhead(storage, 'some other password')
  await assert.rejects(openKey(storage, 'some other password'), (error) => isFault(error, 'REPOSITORY_PASSWORD'))
  // Once more: what was begun is used up.
  assert.deepEqual((await openKey(storage, 'the right password')).key.bytes, key.bytes)

  const greedy = memory(clock)
  await greedy.create()
  const file = Buffer.from(JSON.stringify({ kdf: 'scrypt', N: 2 ** 40, r: 8, p: 1, salt: 'AAAA', data: 'AAAA' }))
  await greedy.put(`keys/${createHash('sha256').update(file).digest('hex')}`, [file])
  await deriveAhead(greedy, 'the right password')
  await assert.rejects(openKey(greedy, 'the right password'), (error) => isFault(error, 'DAMAGE_KEY'))
})
