import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { namesOf, smallRepository, store } from '#test/support/small-repository.ts'
import { executePrune } from './prune.ts'
import { planPrune } from './prune-plan.ts'
import { repositoryStatistics } from './statistics.ts'

test('the statistics count every file of the repository, and content once', async () => {
  const { storage, open } = await smallRepository()
  await using repository = await open()
  const empty = await repositoryStatistics(repository)
  assert.deepEqual([empty.snapshots, empty.packs, empty.blobs, empty.plainBytes, empty.compressionRatio], [0, 0, 0, 0, 0])
  const [noise, text] = [randomBytes(100_000), 'all the same '.repeat(20_000)]
  await store(repository, { noise, text })
  const first = await repositoryStatistics(repository)
  assert.deepEqual([first.snapshots, first.blobs], [1, 3])
  // The lock of the statistics themselves is no part of what is kept for long, but of what is stored.
  const kept = await Promise.all((await namesOf(storage)).map(async (name) => (await storage.stat(name))!.sizeBytes))
  const keptBytes = kept.reduce((sum, bytes) => sum + bytes, 0)
  assert(first.storedBytes > keptBytes && first.storedBytes < keptBytes + 1000)
  assert(first.plainBytes > 360_000 && first.packedBytes < 110_000)
  assert.equal(first.compressionRatio, 1 - first.packedBytes / first.plainBytes)

  const snapshot = await store(repository, { noise })
  for (const { id } of await repository.snapshots()) if (id !== snapshot) await storage.remove(`snapshots/${id}`)
  await executePrune(repository, await planPrune(repository, { wasteShareMax: 0 }))
  const pruned = await repositoryStatistics(repository)
  assert.equal(pruned.blobs, 4)
  assert(pruned.markedPacks >= 1)
})
