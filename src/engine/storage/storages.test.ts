import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { systemRandom } from '#host/random.ts'
import { openStorage, storageKinds } from './storages.ts'

const open = (location: string) => openStorage(location, systemClock, systemRandom).location

test('a plain path and one with its kind are the same place', () => {
  assert.equal(open('/data/backups'), '/data/backups')
  assert.equal(open('local:/data/backups'), '/data/backups')
  assert.equal(open('backups'), path.resolve('backups'))
  assert.equal(open('./with:colon'), path.resolve('with:colon'))
})

test('an unknown kind or an empty place is a usage fault that names the known ones', () => {
  assert.throws(
    () => open('ftp:/x'),
    (error) => isFault(error, 'STORAGE_KIND') && error.message.includes(storageKinds.join(', ')) && error.exitCode === 2,
  )
  assert.throws(
    () => open('constructor:/x'),
    (error) => isFault(error, 'STORAGE_KIND'),
  )
  assert.throws(
    () => open('local:'),
    (error) => isFault(error, 'STORAGE_KIND'),
  )
  assert.throws(
    () => open(''),
    (error) => isFault(error, 'STORAGE_KIND'),
  )
})
