import assert from 'node:assert/strict'
import fc from 'fast-check'
import { checkRepository } from '#engine/repository/check.ts'
import type { RepairPlace } from '#engine/repository/repair-plan.ts'
import { executeRepair, planRepair } from '#engine/repository/repair.ts'
import type { Storage, StorageName } from '#engine/storage/storage.ts'
import { systemRandom } from '#host/random.ts'
import { namesOf, overwrite, smallPassword } from '#test/support/small-repository.ts'
import { bytesOfSeed, copied, takeOut, type Exhibit, type Taken } from './exhibit.ts'

/** One thing that happens to one file, by its number, or to two. */
const accident = fc.record({
  kind: fc.constantFrom('flip', 'cut', 'grow', 'empty', 'remove', 'replace', 'exchange'),
  file: fc.nat(),
  other: fc.nat(),
  at: fc.nat(),
})
type Accident = typeof accident extends fc.Arbitrary<infer T> ? T : never

/**
 * Whatever happens to a repository, as long as its password opens: no wrong byte comes out, a full check names something if
 * anything is refused, and after a repair everything is there that was there before it, and nothing is left to repair.
 */
export async function survivesAccidents(exhibit: Exhibit, numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(accident, { minLength: 1, maxLength: 3 }), async (accidents) => {
      const storage = await copied(exhibit)
      for (const one of accidents) await happen(exhibit, storage, one)
      const place: RepairPlace = { storage, password: smallPassword, clock: exhibit.clock, random: systemRandom }
      const before = await takenRight(exhibit, storage)
      const report = await checkRepository(place, { depth: 'full' })
      const isSnapshotGone = (await Array.fromAsync(storage.list('snapshots'))).length < 2
      assert.ok(before.whole.size === exhibit.contents.size || !report.isIntact || isSnapshotGone, 'what is refused is named')
      const plan = await planRepair(place, { depth: 'full' })
      await executeRepair(place, plan)
      const after = await takenRight(exhibit, storage)
      for (const file of before.whole.keys()) assert.ok(after.whole.has(file), `${file} was there before the repair`)
      assert.deepEqual((await planRepair(place, { depth: 'full' })).decisions, [])
    }),
    { numRuns },
  )
}

async function takenRight(exhibit: Exhibit, storage: Storage): Promise<Taken> {
  const taken = await takeOut(exhibit, storage)
  for (const [file, hash] of taken.whole) assert.equal(hash, exhibit.contents.get(file), `${file} came out wrong`)
  return taken
}

async function happen(exhibit: Exhibit, storage: Storage, { kind, file, other, at }: Accident): Promise<void> {
  // Without the password's own key file nobody can look at all.
  const names = (await namesOf(storage)).filter((name) => name !== exhibit.keyFile)
  const present: StorageName[] = []
  for (const name of names) if (await storage.stat(name)) present.push(name)
  const name = present[file % present.length]!
  const second = present[other % present.length]!
  switch (kind) {
    case 'flip':
      return await overwrite(storage, name, (bytes) => {
        if (bytes.length > 0) bytes[at % bytes.length]! ^= 1 << (at % 8)
        return bytes
      })
    case 'cut':
      return await overwrite(storage, name, (bytes) => bytes.subarray(0, at % (bytes.length + 1)))
    case 'grow':
      return await overwrite(storage, name, (bytes) => Buffer.concat([bytes, bytesOfSeed('more', 1 + (at % 200))]))
    case 'empty':
      return await overwrite(storage, name, () => Buffer.alloc(0))
    case 'remove':
      return await storage.remove(name)
    case 'replace': {
      const bytes = await storage.get(second)
      return await overwrite(storage, name, () => bytes)
    }
    case 'exchange': {
      const [one, two] = [await storage.get(name), await storage.get(second)]
      await overwrite(storage, name, () => two)
      await overwrite(storage, second, () => one)
      return
    }
  }
}
