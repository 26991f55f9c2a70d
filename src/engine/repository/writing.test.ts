import { test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { systemClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import type { BlobId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import type { AskRoom } from '#base/room.ts'
import { MiB } from '#base/units.ts'
import { backUp, fileNode, namesIn, newRepository, reopen, restored } from '#test/support/repository.ts'
import { diskFull, faulty } from '#engine/storage/faulty.ts'
import { memory } from '#engine/storage/memory.ts'
import type { Storage, StorageName } from '#engine/storage/storage.ts'

const level = { compressionLevel: 1 }

async function assertNothingVisible(storage: Storage): Promise<void> {
  assert.deepEqual(await namesIn(storage, 'snapshots'), [])
  assert.deepEqual(await namesIn(storage, 'index'), [])
  assert.deepEqual(await namesIn(storage, 'locks'), [])
}

/** The storage itself, telling the name of each file once it is stored. */
function telling(storage: Storage, stored: (name: StorageName) => void): Storage {
  return {
    ...storage,
    put: async (name, parts, signal) => {
      await storage.put(name, parts, signal)
      stored(name)
    },
  }
}

test('any files come back byte for byte, in one session or the next, however their streams are cut', async () => {
  const storage = memory(systemClock)
  await using repository = await newRepository(storage)
  const anyFile = fc.oneof(
    { weight: 4, arbitrary: fc.uint8Array({ maxLength: 3000 }) },
    { weight: 1, arbitrary: fc.nat(2_500_000).map((size) => randomBytes(size)) },
    { weight: 1, arbitrary: fc.nat(12_000_000).map((size) => Buffer.alloc(size, 'row\t') as Uint8Array) },
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyFile, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 3_000_000 }),
      async (files, pieceBytes) => {
        async function* pieces(bytes: Uint8Array): AsyncIterable<Uint8Array> {
          for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + Math.max(pieceBytes, 1000))
        }
        const sized = files.map((file) => (pieceBytes < 1000 ? file.subarray(0, 0) : file))
        await repository.write(level, async (session) => {
          const stored = await Promise.all(sized.map((file) => session.content(pieces(file))))
          const nodes = stored.map(({ content, sizeBytes }, at) => fileNode(String(at), content, sizeBytes))
          const tree = await session.tree(nodes)
          await session.snapshot({ time: new Date(), tree, paths: [], hostname: '', username: '', tags: [] })
          for (const [at, { content, sizeBytes }] of stored.entries()) {
            assert.equal(sizeBytes, sized[at]!.length)
            const read = Buffer.concat(await Array.fromAsync(repository.read(content)))
            assert.ok(read.equals(sized[at]!))
          }
        })
      },
    ),
    { numRuns: 12 },
  )
  await using again = await reopen(storage)
  await restored(again)
})

test('the same bytes get the same chunks whatever pieces they come in, and are stored once', async () => {
  await using repository = await newRepository(memory(systemClock))
  const bytes = randomBytes(9_000_000)
  await repository.write(level, async (session) => {
    const whole = await session.content([bytes])
    const stored = session.statistics.newBytes
    const pieces = [bytes.subarray(0, 1), bytes.subarray(1, 700_001), Buffer.alloc(0), bytes.subarray(700_001)]
    assert.deepEqual(await session.content(pieces), whole)
    assert.ok(whole.content.length > 2)
    assert.equal(session.statistics.newBytes, stored)
    assert.equal(session.statistics.newBytes, bytes.length)
    assert.equal(session.has(whole.content), true)
    assert.equal(session.has(['00'.repeat(32) as BlobId]), false)
    await backUp(session, { bytes })
    assert.ok(session.statistics.storedBytes > bytes.length)
  })
  await repository.write(level, async (session) => {
    await backUp(session, { bytes })
    assert.equal(session.statistics.newBlobs, 0)
    assert.equal(session.statistics.storedBytes, 0)
  })
})

test('what is read straight into its room is stored as what is copied there, however the two are mixed', async () => {
  await using repository = await newRepository(memory(systemClock))
  const anyStream = fc.record({
    sizeBytes: fc.integer({ min: 1, max: 25_000_000 }),
    isNoise: fc.boolean(),
    pieces: fc.array(fc.record({ sizeBytes: fc.integer({ min: 1, max: 3_000_000 }), takesRoom: fc.boolean() }), {
      minLength: 1,
      maxLength: 5,
    }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(anyStream, { minLength: 1, maxLength: 6 }), async (streams) => {
      const plain = streams.map(({ sizeBytes, isNoise }) => (isNoise ? randomBytes(sizeBytes) : Buffer.alloc(sizeBytes, 'a row of it\t')))
      await repository.write(level, async (session) => {
        const stored = await Promise.all(streams.map(({ pieces }, at) => session.content((askRoom) => mixed(plain[at]!, pieces, askRoom))))
        for (const [at, bytes] of plain.entries()) {
          assert.deepEqual(await session.content([bytes]), stored[at])
          assert.equal(stored[at]!.sizeBytes, bytes.length)
        }
        await backUp(session, { last: plain[0]! })
        const read = Buffer.concat(await Array.fromAsync(repository.read(stored.at(-1)!.content)))
        assert.ok(read.equals(plain.at(-1)!))
      })
    }),
    { numRuns: 10 },
  )
})

/** Pieces of a stream, some of them written into the room that is given for them, as if they were read from a disk. */
async function* mixed(
  bytes: Buffer,
  pieces: readonly { readonly sizeBytes: number; readonly takesRoom: boolean }[],
  askRoom: AskRoom,
): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const { sizeBytes, takesRoom } = pieces[turn % pieces.length]!
    // Millions of single bytes would show no more than some hundred do.
    const piece = bytes.subarray(at, at + Math.max(sizeBytes, turn < 300 ? 1 : 500_000))
    const room = takesRoom ? await askRoom(piece.length) : undefined
    await nextTurn()
    // Less than asked for, as a read may be: only so much of the room is taken.
    const taken = room ? Math.ceil(room.length / (1 + (turn % 2))) : piece.length
    room?.set(piece.subarray(0, taken))
    at += taken
    yield room?.subarray(0, taken) ?? piece
  }
}

test('INV-1 packs are written before the index, and the index before the snapshot', async () => {
  const stored: StorageName[] = []
  const storage = telling(memory(systemClock), (name) => stored.push(name))
  await using repository = await newRepository(storage)
  stored.length = 0
  await repository.write(level, async (session) => {
    await backUp(session, { one: randomBytes(20 * MiB), two: Buffer.from('small') })
  })
  const order = stored.map((name) => name.split('/')[0]).filter((folder) => folder !== 'locks')
  assert.deepEqual([...new Set(order)], ['data', 'index', 'snapshots'])
  assert.equal(order.lastIndexOf('data') + 1, order.indexOf('index'))
  assert.equal(order.lastIndexOf('index') + 1, order.indexOf('snapshots'))
})

test('INV-2 no index names a pack whose upload failed, and the failure is told as it was', async () => {
  const real = memory(systemClock)
  await (await newRepository(real))[Symbol.asyncDispose]()
  for (const folder of ['data', 'index', 'snapshots'] as const) {
    const storage = faulty(real, [{ verb: 'put', nth: 1, folder, fail: diskFull }])
    await using repository = await reopen(storage)
    const writing = repository.write(level, (session) => backUp(session, { one: randomBytes(20 * MiB), two: Buffer.from('small') }))
    await assert.rejects(writing, (error) => isFault(error, 'STORAGE_FULL'))
    storage.assertFired()
    assert.deepEqual(await namesIn(real, 'snapshots'), [])
    assert.deepEqual(await namesIn(real, 'locks'), [])
    // What an index names is there: the next session may rely on it.
    await using next = await reopen(real)
    await next.refreshIndex()
    if (folder === 'data') assert.deepEqual(await namesIn(real, 'index'), [])
  }
  await using repository = await reopen(real)
  const bytes = randomBytes(3 * MiB)
  await repository.write(level, (session) => backUp(session, { bytes }))
  assert.ok((await restored(repository))['bytes']!.equals(bytes))
})

test('INV-3 a session that is cancelled or fails leaves nothing visible and no lock', async () => {
  const storage = memory(systemClock)
  await using repository = await newRepository(storage)
  const stop = new AbortController()
  async function* endless(): AsyncIterable<Uint8Array> {
    for (let pieces = 0; ; pieces += 1) {
      if (pieces === 60) stop.abort()
      yield randomBytes(MiB)
    }
  }
  const cancelled = repository.write(level, (session) => session.content(endless()), stop.signal)
  await assert.rejects(cancelled, (error) => isFault(error, 'CANCELLED'))
  await assertNothingVisible(storage)
  const failed = repository.write(level, async (session) => {
    await session.content([randomBytes(3 * MiB)])
    throw new Error('the source failed')
  })
  await assert.rejects(failed, /the source failed/)
  await assertNothingVisible(storage)
})

test('a stream that fails ends alone: the others of the session go on', async () => {
  await using repository = await newRepository(memory(systemClock))
  const good = randomBytes(5 * MiB)
  async function* broken(): AsyncIterable<Uint8Array> {
    yield randomBytes(2 * MiB)
    throw new Error('the disk is bad here')
  }
  await repository.write(level, async (session) => {
    for (let round = 0; round < 2 * limits.writeLanes; round += 1) await assert.rejects(session.content(broken()), /bad here/)
    await backUp(session, { good })
  })
  assert.ok((await restored(repository))['good']!.equals(good))
})

test('INV-4 SAFETY rule 26: a writer whose lock was removed makes nothing visible', async () => {
  const storage = memory(systemClock)
  await using repository = await newRepository(storage)
  const writing = repository.write(level, async (session) => {
    await session.content([randomBytes(MiB)])
    await storage.remove(`locks/${session.lease.lockId}`)
    await backUp(session, { one: randomBytes(MiB) })
  })
  await assert.rejects(writing, (error) => isFault(error, 'REPOSITORY_LOCK_LOST'))
  await assertNothingVisible(storage)
})

test('INV-5 SAFETY rule 26: a backup that relied on a pack which is gone fails, also when it only asked `has`', async () => {
  const storage = memory(systemClock)
  await using repository = await newRepository(storage)
  const bytes = randomBytes(2 * MiB)
  await repository.write(level, (session) => backUp(session, { bytes }))
  const packs = await namesIn(storage, 'data')
  const before = await namesIn(storage, 'snapshots')
  const [file] = await repository.tree((await repository.snapshots())[0]!.tree)
  const isVanished = (error: unknown) => isFault(error, 'REPOSITORY_PACK_VANISHED')
  const relying = repository.write(level, async (session) => {
    const { content } = await session.content([bytes])
    const tree = await session.tree([fileNode('other', content, bytes.length)])
    for (const pack of packs) await storage.remove(pack as StorageName)
    await session.snapshot({ time: new Date(), tree, paths: [], hostname: '', username: '', tags: [] })
  })
  await assert.rejects(relying, isVanished)
  const asking = repository.write(level, async (session) => {
    assert.ok(session.has(file!.content!))
    const tree = await session.tree([fileNode('asked', file!.content!, bytes.length)])
    await session.snapshot({ time: new Date(), tree, paths: [], hostname: '', username: '', tags: [] })
  })
  await assert.rejects(asking, isVanished)
  assert.deepEqual(await namesIn(storage, 'snapshots'), before)
})

test('INV-6 a tree that names what was never stored is our mistake and does not reach the storage', async () => {
  const storage = memory(systemClock)
  await using repository = await newRepository(storage)
  const writing = repository.write(level, (session) => session.tree([fileNode('lost', ['00'.repeat(32) as BlobId], 5)]))
  await assert.rejects(writing, { code: 'ERR_ASSERTION' })
  await assertNothingVisible(storage)
})

test('INV-7 a slow storage holds the stream back: what was read ahead of it is bounded', async () => {
  const real = memory(systemClock)
  let pulledBytes = 0
  let waiting = 0
  let mostAheadBytes = 0
  let isOpen = false
  const gates: (() => void)[] = []
  const slow: Storage = {
    ...real,
    put: async (name, parts, signal) => {
      if (name.startsWith('data/') && !isOpen) {
        waiting += 1
        if (waiting === limits.packBuffers - limits.threads + 1) {
          // Too few buffers are left for the threads: one waits for a buffer, and soon reading must come to rest.
          for (let turns = 0, seen = -1; turns < 50 || seen !== pulledBytes; turns += 1) {
            seen = pulledBytes
            await new Promise((resolve) => setImmediate(resolve))
          }
          mostAheadBytes = pulledBytes
          isOpen = true
          for (const open of gates) open()
        } else await new Promise<void>((resolve) => gates.push(resolve))
      }
      await real.put(name, parts, signal)
    },
  }
  async function* source(): AsyncIterable<Uint8Array> {
    for (; pulledBytes < 200 * MiB; pulledBytes += MiB) yield randomBytes(MiB)
  }
  await using repository = await newRepository(slow)
  await repository.write(level, async (session) => {
    const { content, sizeBytes } = await session.content(source())
    const tree = await session.tree([fileNode('large', content, sizeBytes)])
    await session.snapshot({ time: new Date(), tree, paths: [], hostname: '', username: '', tags: [] })
  })
  const boundBytes = limits.packBuffers * limits.packSizeBytesTarget + limits.writeLaneBytes + 2 * limits.chunkSizeBytesMax
  assert.ok(mostAheadBytes > 0 && mostAheadBytes <= boundBytes, `${mostAheadBytes} of ${boundBytes}`)
})

test('ten thousand small files are packed together', async () => {
  const storage = memory(systemClock)
  await using repository = await newRepository(storage)
  const names = Array.from({ length: 10_000 }, (_, at) => `report ${at} of patient ${at % 700}`)
  await repository.write(level, async (session) => {
    const stored = await Promise.all(names.map((name) => session.content([Buffer.from(name)])))
    const nodes = stored.map(({ content, sizeBytes }, at) => fileNode(names[at]!, content, sizeBytes))
    const tree = await session.tree(nodes)
    await session.snapshot({ time: new Date(), tree, paths: [], hostname: '', username: '', tags: [] })
  })
  assert.ok((await namesIn(storage, 'data')).length <= limits.threads + 1)
  const files = await restored(repository)
  assert.equal(Object.keys(files).length, names.length)
  for (const name of names) assert.equal(files[name]!.toString(), name)
})

test('small content is the same blob as through a stream, however much of it waits for its place', async () => {
  const storage = memory(systemClock)
  const slow: Storage = {
    ...storage,
    put: async (name, parts, signal) => {
      if (name.startsWith('data/')) await systemClock.sleep(20)
      await storage.put(name, parts, signal)
    },
  }
  await using repository = await newRepository(slow)
  // Five times what the batches and the buffers of packs hold: some must wait.
  const texts = Array.from({ length: 700 }, (_, at) => randomBytes(1 + ((at * 7919) % limits.smallBytesMax)))
  const largest = randomBytes(limits.smallBytesMax)
  let waited = 0
  await repository.write(level, async (session) => {
    const nodes = []
    for (const [at, bytes] of [...texts, largest, texts[3]!].entries()) {
      // As the walk does: the same memory for every file.
      const reused = Buffer.from(bytes)
      const id = session.small(reused)
      reused.fill(0)
      if (typeof id !== 'string') waited += 1
      nodes.push(fileNode(String(at), [await id], bytes.byteLength))
    }
    assert.deepEqual((await session.content([texts[5]!])).content, nodes[5]!.content)
    assert.equal(session.statistics.newBlobs, texts.length + 1)
    const tree = await session.tree(nodes)
    await session.snapshot({ time: new Date(), tree, paths: [], hostname: '', username: '', tags: [] })
  })
  assert.ok(waited > 0)
  const files = await restored(repository)
  for (const [at, bytes] of [...texts, largest, texts[3]!].entries()) assert.ok(files[String(at)]!.equals(bytes), `file ${at}`)
})

test('INV-3 a session that ends while small content waits for its place comes to rest', async () => {
  const storage = memory(systemClock)
  const broken = faulty(storage, [{ verb: 'put', nth: 4, fail: diskFull }])
  await using repository = await newRepository(broken)
  const failed = repository.write(level, async (session) => {
    for (let at = 0; at < 600; at += 1) await session.small(randomBytes(limits.smallBytesMax))
  })
  await assert.rejects(failed, (error) => isFault(error, 'STORAGE_FULL'))
  await assertNothingVisible(storage)
})
