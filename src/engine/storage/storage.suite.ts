import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { isFault } from '#base/fault.ts'
import { MiB } from '#base/units.ts'
import { folders, marksFolder, type Folder, type Storage, type StorageName } from './storage.ts'

/** A new, empty place for one test; gone when its scope ends. */
export interface Place extends AsyncDisposable {
  readonly storage: Storage
}

const everyFolder: readonly Folder[] = [...folders, marksFolder]

/** The promises of `storage.ts` as tests. Every driver and every wrapper runs all of them. */
export function storageSuite(kind: string, open: () => Promise<Place>): void {
  suite(`storage ${kind}`, () => {
    keepsFiles(open)
    keepsThemOnce(open)
    listsThem(open)
    givesUp(open)
    behavesLikeAMap(open)
  })
}

function keepsFiles(open: () => Promise<Place>): void {
  test('INV-101 the parts come back as one file, whole and by range', async () => {
    await using place = await open()
    const parts = [Buffer.from('first '), Buffer.alloc(0), Buffer.from('second')]
    await place.storage.put(idIn('data', 'a'), parts)
    parts[0]?.fill(0)
    assert.equal((await place.storage.get(idIn('data', 'a'))).toString(), 'first second')
    assert.equal((await place.storage.get(idIn('data', 'a'), { offset: 6, length: 6 })).toString(), 'second')
    assert.equal((await place.storage.get(idIn('data', 'a'), { offset: 12, length: 0 })).length, 0)
    const stat = await place.storage.stat(idIn('data', 'a'))
    assert.equal(stat?.sizeBytes, 12)
  })

  test('INV-101 every folder and config keep a file, empty ones too', async () => {
    await using place = await open()
    const names: StorageName[] = ['config', ...everyFolder.map((folder) => idIn(folder, folder))]
    for (const name of names) await place.storage.put(name, name === 'config' ? [] : [Buffer.from(name)])
    for (const name of names) assert.equal((await place.storage.get(name)).toString(), name === 'config' ? '' : name)
    assert.equal((await place.storage.stat('config'))?.sizeBytes, 0)
    const setAside: StorageName[] = [`damaged/config-${'0'.repeat(16)}`, `damaged/index-${'a'.repeat(64)}-${'1'.repeat(16)}`]
    assert.deepEqual(await Array.fromAsync(place.storage.list('damaged')), [])
    for (const name of setAside) await place.storage.put(name, [Buffer.from(name)])
    for (const name of setAside) assert.equal((await place.storage.get(name)).toString(), name)
    assert.deepEqual((await Array.fromAsync(place.storage.list('damaged'))).map((file) => file.name).toSorted(), setAside)
  })

  test('INV-102 a range beyond the end is damage, not fewer bytes', async () => {
    await using place = await open()
    await place.storage.put(idIn('data', 'a'), [Buffer.from('short')])
    await assert.rejects(place.storage.get(idIn('data', 'a'), { offset: 3, length: 3 }), (error) => isFault(error, 'DAMAGE_PACK'))
    await assert.rejects(place.storage.get(idIn('data', 'a'), { offset: 9, length: 1 }), (error) => isFault(error, 'DAMAGE_PACK'))
  })

  test('the bytes of one call are not those of another', async () => {
    await using place = await open()
    await place.storage.put(idIn('data', 'a'), [Buffer.from('same')])
    const first = await place.storage.get(idIn('data', 'a'))
    first.fill(0)
    assert.equal((await place.storage.get(idIn('data', 'a'))).toString(), 'same')
  })

  test('what is not there is a fault to get, undefined to stat, and fine to remove', async () => {
    await using place = await open()
    await assert.rejects(place.storage.get(idIn('data', 'a')), (error) => isFault(error, 'STORAGE_NOT_FOUND'))
    await assert.rejects(place.storage.get('config'), (error) => isFault(error, 'STORAGE_NOT_FOUND'))
    assert.equal(await place.storage.stat(idIn('index', 'a')), undefined)
    assert.equal(await place.storage.stat('config'), undefined)
    await place.storage.remove(idIn('keys', 'a'))
  })

  test('a name that leaves the storage is refused as our own mistake', async () => {
    await using place = await open()
    for (const name of ['data/../config', 'config/x', `data/${'g'.repeat(64)}`, 'other/a'])
      await assert.rejects(place.storage.put(name as StorageName, []), assert.AssertionError)
  })

  test('it tells its time and perhaps its space, and making the folders again harms nothing', async () => {
    await using place = await open()
    await place.storage.put('config', [Buffer.from('c')])
    await place.storage.create()
    assert.equal((await place.storage.get('config')).toString(), 'c')
    const stat = await place.storage.stat('config')
    assert(stat && (await place.storage.now()).getTime() >= stat.modifiedAt.getTime())
    const freeBytes = await place.storage.freeBytes()
    assert(freeBytes === undefined || freeBytes > 0)
  })
}

function keepsThemOnce(open: () => Promise<Place>): void {
  test('INV-103 a file is never replaced', async () => {
    await using place = await open()
    await place.storage.put(idIn('snapshots', 'a'), [Buffer.from('old')])
    await assert.rejects(place.storage.put(idIn('snapshots', 'a'), [Buffer.from('new')]), (error) => isFault(error, 'STORAGE_EXISTS'))
    assert.equal((await place.storage.get(idIn('snapshots', 'a'))).toString(), 'old')
  })

  test('INV-103 of many writers of one name exactly one succeeds, and its bytes are there', async () => {
    await using place = await open()
    const contents = Array.from({ length: 8 }, () => randomBytes(200_000))
    const puts = await Promise.allSettled(contents.map((bytes) => place.storage.put(idIn('locks', 'a'), [bytes])))
    const winners = contents.filter((_, index) => puts[index]?.status === 'fulfilled')
    assert.equal(winners.length, 1)
    for (const put of puts) assert(put.status === 'fulfilled' || isFault(put.reason, 'STORAGE_EXISTS'))
    assert((await place.storage.get(idIn('locks', 'a'))).equals(winners[0] ?? Buffer.alloc(0)))
  })

  test('INV-104 while a file is being written nobody sees a part of it', async () => {
    await using place = await open()
    const bytes = randomBytes(12 * MiB)
    const name = idIn('data', 'a')
    const writing = place.storage.put(name, [bytes.subarray(0, 5 * MiB), bytes.subarray(5 * MiB)]).then(() => true)
    // The pause lets timers and the file system go on, which a loop of promises alone would starve.
    const pause = () => new Promise<false>((resolve) => setImmediate(() => resolve(false)))
    while (!(await Promise.race([writing, pause()]))) {
      const listed = await Array.fromAsync(place.storage.list('data'))
      for (const file of listed) assert.deepEqual([file.name, file.sizeBytes], [name, bytes.length])
      const stat = await place.storage.stat(name)
      assert(stat === undefined || stat.sizeBytes === bytes.length)
    }
    assert((await place.storage.get(name)).equals(bytes))
  })

  test('a removed name can be written again', async () => {
    await using place = await open()
    await place.storage.put('config', [Buffer.from('one')])
    await place.storage.remove('config')
    await place.storage.remove('config')
    assert.equal(await place.storage.stat('config'), undefined)
    await place.storage.put('config', [Buffer.from('two')])
    assert.equal((await place.storage.get('config')).toString(), 'two')
  })
}

function listsThem(open: () => Promise<Place>): void {
  test('INV-105 a listing shows every file of its folder with its size, and no other', async () => {
    await using place = await open()
    const names = Array.from({ length: 150 }, (_, index) => idIn('data', `${index}`))
    await Promise.all(names.map((name, index) => place.storage.put(name, [Buffer.alloc(index)])))
    for (const folder of ['index', 'snapshots'] as const) await place.storage.put(idIn(folder, 'x'), [Buffer.from('x')])
    await place.storage.put('config', [])
    const listed = new Map((await Array.fromAsync(place.storage.list('data'))).map((file) => [file.name, file.sizeBytes]))
    assert.deepEqual(listed, new Map(names.map((name, index) => [name, index])))
    assert.deepEqual(await Array.fromAsync(place.storage.list(marksFolder)), [])
    assert.deepEqual(
      (await Array.fromAsync(place.storage.list('index'))).map((file) => file.name),
      [idIn('index', 'x')],
    )
  })

  test('a file removed during a listing does not end it', async () => {
    await using place = await open()
    const names = Array.from({ length: 100 }, (_, index) => idIn('index', `${index}`))
    for (const name of names) await place.storage.put(name, [Buffer.alloc(1)])
    const seen = new Set<StorageName>()
    for await (const file of place.storage.list('index')) {
      seen.add(file.name)
      await place.storage.remove(file.name)
    }
    assert.equal(seen.size, names.length)
    assert.deepEqual(await Array.fromAsync(place.storage.list('index')), [])
  })
}

function givesUp(open: () => Promise<Place>): void {
  test('an aborted call is cancelled and leaves nothing to be seen', async () => {
    await using place = await open()
    const { storage } = place
    const name = idIn('data', 'a')
    const aborted = AbortSignal.abort()
    const calls = [
      storage.put(name, [Buffer.from('x')], aborted),
      storage.get('config', undefined, aborted),
      storage.stat(name, aborted),
      storage.remove(name, aborted),
      Array.fromAsync(storage.list('data', aborted)),
    ]
    const ends = await Promise.allSettled(calls)
    for (const end of ends) assert(end.status === 'rejected' && isFault(end.reason, 'CANCELLED'), `${end.status}`)
    assert.deepEqual(await Array.fromAsync(storage.list('data')), [])
    assert.equal(await storage.removeLeftovers(new Date(8.64e15)), 0)
  })

  test('an abort in the middle of a put leaves the whole file or none', async () => {
    await using place = await open()
    const name = idIn('data', 'a')
    const abort = new AbortController()
    const parts = Array.from({ length: 64 }, () => randomBytes(100_000))
    const writing = place.storage.put(name, parts, abort.signal)
    await new Promise((resolve) => setImmediate(resolve))
    abort.abort()
    const [end] = await Promise.allSettled([writing])
    const stat = await place.storage.stat(name)
    assert.equal(stat?.sizeBytes, end?.status === 'fulfilled' ? 6_400_000 : undefined)
  })
}

type Step = { act: 'put' | 'get' | 'stat' | 'remove' | 'list'; file: number; bytes: Uint8Array }

function behavesLikeAMap(open: () => Promise<Place>): void {
  const steps: fc.Arbitrary<Step[]> = fc.array(
    fc.record({
      act: fc.constantFrom('put', 'get', 'stat', 'remove', 'list'),
      file: fc.nat({ max: fileMax }),
      bytes: fc.uint8Array({ maxLength: 40 }),
    }),
    { maxLength: 40 },
  )
  test('it is a map whose entries are written once, whatever is asked in whatever order', async () => {
    await using place = await open()
    await fc.assert(
      fc.asyncProperty(steps, async (asked) => {
        for (let file = 0; file <= fileMax; file += 1) await place.storage.remove(nameOf(file))
        const model = new Map<StorageName, Buffer>()
        for (const step of asked) await compare(place.storage, model, step)
      }),
      { numRuns: 25 },
    )
  })
}

const fileMax = 5
const nameOf = (file: number) => idIn(file % 2 === 0 ? 'data' : 'keys', `${file}`)

async function compare(storage: Storage, model: Map<StorageName, Buffer>, step: Step): Promise<void> {
  const name = nameOf(step.file)
  const known = model.get(name)
  if (step.act === 'put') {
    const put = storage.put(name, [step.bytes])
    if (known) await assert.rejects(put, (error) => isFault(error, 'STORAGE_EXISTS'))
    else model.set(name, (await put, Buffer.from(step.bytes)))
  } else if (step.act === 'get') {
    const get = storage.get(name)
    if (known) assert.deepEqual(await get, known)
    else await assert.rejects(get, (error) => isFault(error, 'STORAGE_NOT_FOUND'))
  } else if (step.act === 'stat') {
    assert.equal((await storage.stat(name))?.sizeBytes, known?.length)
  } else if (step.act === 'remove') {
    await storage.remove(name)
    model.delete(name)
  } else {
    const listed = (await Array.fromAsync(storage.list('data'))).map((file) => file.name).toSorted()
    assert.deepEqual(listed, [...model.keys()].filter((one) => one.startsWith('data/')).toSorted())
  }
}

/** A name that is as good as random and always the same. */
export function idIn(folder: Folder, seed: string): StorageName {
  return `${folder}/${createHash('sha256').update(seed).digest('hex')}`
}
