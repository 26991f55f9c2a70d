import assert from 'node:assert/strict'
import { chmod, lstat, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { isFault } from '#base/fault.ts'
import { run } from '#host/run.ts'
import { openLocal } from './local.ts'
import { idIn, storageSuite, type Place } from './storage.suite.ts'

storageSuite('local', newPlace)

test('it lies where restic looks for it, and no stranger may read it', async () => {
  await using place = await newPlace()
  const name = idIn('data', 'a')
  const id = name.slice('data/'.length)
  await place.storage.put(name, [Buffer.from('x')])
  await place.storage.put('config', [Buffer.from('x')])
  for (const [at, mode] of [
    ['data', 0o40750],
    [`data/${id.slice(0, 2)}/${id}`, 0o100440],
    ['config', 0o100440],
  ] as const)
    assert.equal((await lstat(path.join(place.root, at))).mode, mode, at)
  assert.deepEqual(await readdir(place.root), ['config', 'data', 'index', 'keys', 'locks', 'snapshots'])
})

test('INV-106 what a killed writer left is not listed, and is removed once it is old', async () => {
  await using place = await newPlace()
  const id = 'ab'.repeat(32)
  const old = new Date('2020-01-01T00:00:00Z')
  const leftovers = [`data/ab/${id}-tmp-1`, `index/${id}-tmp-2`, 'config-tmp-3']
  for (const leftover of leftovers) await writeFile(path.join(place.root, leftover), 'half')
  await utimes(path.join(place.root, `index/${id}-tmp-2`), old, old)
  await utimes(path.join(place.root, 'config-tmp-3'), old, old)
  await place.storage.put(`data/${id}`, [Buffer.from('whole')])
  assert.deepEqual(
    (await Array.fromAsync(place.storage.list('data'))).map((file) => file.sizeBytes),
    [5],
  )
  assert.deepEqual(await Array.fromAsync(place.storage.list('index')), [])
  assert.equal(await place.storage.removeLeftovers(new Date('2021-01-01T00:00:00Z')), 2)
  assert.deepEqual((await readdir(path.join(place.root, 'data/ab'))).toSorted(), [id, `${id}-tmp-1`])
  assert.deepEqual(await readdir(path.join(place.root, 'index')), [])
})

test('files that are none of ours are neither listed nor removed', async () => {
  await using place = await newPlace()
  await writeFile(path.join(place.root, 'index', 'README'), 'mine')
  await mkdir(path.join(place.root, 'data', 'lost+found'))
  await mkdir(path.join(place.root, 'keys', 'ab'.repeat(32)))
  for (const folder of ['index', 'data', 'keys'] as const) assert.deepEqual(await Array.fromAsync(place.storage.list(folder)), [])
  await place.storage.removeLeftovers(new Date(8.64e15))
  assert.deepEqual(await readdir(path.join(place.root, 'index')), ['README'])
})

test('a disk that is not mounted is a fault, never an empty repository', async () => {
  await using place = await newPlace()
  for (const folder of ['data', 'index', 'snapshots', 'keys'] as const) {
    await rm(path.join(place.root, folder), { recursive: true })
    await assert.rejects(Array.fromAsync(place.storage.list(folder)), (error) => isFault(error, 'STORAGE_UNREACHABLE'))
    await assert.rejects(place.storage.put(idIn(folder, 'a'), [Buffer.from('x')]), (error) => isFault(error, 'STORAGE_UNREACHABLE'))
  }
  assert.deepEqual(await readdir(place.root), ['locks'])
})

test('locks and marks may be absent, as copying programs leave them out while they are empty', async () => {
  await using place = await newPlace()
  await rm(path.join(place.root, 'locks'), { recursive: true })
  await rm(path.join(place.root, 'data', 'ca'), { recursive: true })
  for (const folder of ['locks', 'prune-marks'] as const) {
    assert.deepEqual(await Array.fromAsync(place.storage.list(folder)), [])
    await place.storage.put(idIn(folder, 'a'), [Buffer.from('x')])
    assert.equal((await Array.fromAsync(place.storage.list(folder))).length, 1)
  }
  await place.storage.put(`data/${'ca'.repeat(32)}`, [Buffer.from('x')])
})

test('a place that may not be written is STORAGE_DENIED', async (t) => {
  await using place = await newPlace()
  // Root may write anywhere, so the refusal comes from the file system itself.
  if ((await run('mount', ['--bind', place.root, place.root])).exitCode !== 0) return t.skip('needs the right to mount')
  await using _ = { [Symbol.asyncDispose]: async () => void (await run('umount', [place.root])) }
  assert.equal((await run('mount', ['-o', 'remount,ro,bind', place.root])).exitCode, 0)
  await assert.rejects(place.storage.put(idIn('data', 'a'), [Buffer.from('x')]), (error) => isFault(error, 'STORAGE_DENIED'))
  await assert.rejects(place.storage.now(), (error) => isFault(error, 'STORAGE_DENIED'))
})

test('INV-107 a full disk is STORAGE_FULL, nothing of the file is seen, and what was there stays', async (t) => {
  await using place = await newPlace()
  if ((await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', place.root])).exitCode !== 0) return t.skip('needs the right to mount')
  await using _ = { [Symbol.asyncDispose]: async () => void (await run('umount', [place.root])) }
  await place.storage.create()
  const kept = Buffer.alloc(300_000, 1)
  await place.storage.put(idIn('data', 'kept'), [kept])
  await assert.rejects(place.storage.put(idIn('data', 'large'), [Buffer.alloc(500_000), Buffer.alloc(500_000)]), (error) =>
    isFault(error, 'STORAGE_FULL'),
  )
  assert.deepEqual(
    (await Array.fromAsync(place.storage.list('data'))).map((file) => file.name),
    [idIn('data', 'kept')],
  )
  assert.equal(await place.storage.removeLeftovers(new Date(8.64e15)), 0)
  assert((await place.storage.get(idIn('data', 'kept'))).equals(kept))
  await place.storage.put(idIn('data', 'small'), [Buffer.alloc(500_000)])
})

async function newPlace(): Promise<Place & { readonly root: string }> {
  const root = await mkdtemp(path.join(tmpdir(), 'integrum-storage-'))
  await chmod(root, 0o750)
  const storage = openLocal(root)
  await storage.create()
  return { root, storage, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) }
}
