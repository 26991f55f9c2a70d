import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base/fault.ts'
import { checkRepository, type CheckOptions } from '#engine/repository/check.ts'
import type { RepairPlace } from '#engine/repository/repair-plan.ts'
import { executeRepair, planRepair } from '#engine/repository/repair.ts'
import { openLocal } from '#engine/storage/local.ts'
import type { Storage } from '#engine/storage/storage.ts'
import { systemRandom } from '#host/random.ts'
import { run } from '#host/run.ts'
import { namesOf, smallPassword } from '#test/support/small-repository.ts'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'
import { closed, damages, exchangeKeys, type Expected } from './damages.ts'
import { copied, soundExhibit, takeOut } from './exhibit.ts'

const exhibit = await soundExhibit()

const placeOf = (storage: Storage): RepairPlace => ({ storage, password: smallPassword, clock: exhibit.clock, random: systemRandom })
const full = { depth: 'full' } as const

async function findings(storage: Storage, depth: CheckOptions['depth']): Promise<string[]> {
  const report = await checkRepository(placeOf(storage), { depth })
  assert.equal(report.isIntact, report.findings.length === 0)
  return report.findings.map(({ code, name }) => `${code} ${name}`).toSorted()
}

const words = (pairs: readonly (readonly [string, string])[]) => pairs.map((pair) => pair.join(' ')).toSorted()

/** Nothing wrong ever comes out, and what is refused is exactly this. */
async function expectRefused(storage: Storage, refused: readonly string[]): Promise<ReadonlySet<string>> {
  const taken = await takeOut(exhibit, storage)
  for (const [file, hash] of exhibit.contents) {
    if (taken.whole.has(file)) assert.equal(taken.whole.get(file), hash, `${file} came out wrong`)
  }
  const missing = [...exhibit.contents.keys()].filter((file) => !taken.whole.has(file))
  assert.deepEqual(missing.toSorted(), refused.toSorted())
  for (const code of taken.refusals) assert.match(code, /^(DAMAGE_|REPOSITORY_NOT_FOUND$)/)
  return taken.refusals
}

async function resticAgrees(storage: Storage, expected: Expected['restic'], depth: 'quick' | 'full'): Promise<void> {
  if (expected === 'is not asked') return
  await using directory = await temporaryDirectory()
  const local = openLocal(directory.path)
  await local.create()
  for (const name of await namesOf(storage)) {
    if (await storage.stat(name)) await local.put(name, [await storage.get(name)])
  }
  const args = ['--no-cache', '-r', directory.path, 'check', ...(depth === 'full' ? ['--read-data'] : [])]
  const env = { PATH: process.env['PATH'], HOME: directory.path, RESTIC_PASSWORD: smallPassword }
  const { exitCode, stdout, stderr } = await run('restic', args, { env })
  const said = stdout + stderr
  if (expected === 'does not see it') assert.equal(exitCode, 0, said)
  else {
    assert.notEqual(exitCode, 0, said)
    assert.equal(/load index/.test(said), expected === 'finds it', said)
  }
}

for (const { title, make } of damages) {
  test(`INV-9 ${title}`, async () => {
    const storage = await copied(exhibit)
    const expected = await make(storage, exhibit)
    assert.deepEqual(await findings(storage, 'quick'), words(expected.quick), 'quick')
    assert.deepEqual(await findings(storage, 'full'), words(expected.full ?? expected.quick), 'full')
    const refusals = await expectRefused(storage, expected.refused)
    if (expected.refused.length > 0) assert.ok(refusals.size > 0, 'what is refused is refused with a fault')
    // With --read-data it would try to read what is missing again and again.
    await resticAgrees(storage, expected.restic, expected.quick.length > 0 ? 'quick' : 'full')

    const before = await namesOf(storage)
    const plan = await planRepair(placeOf(storage), full)
    assert.deepEqual(await namesOf(storage), before, 'a plan changes nothing')
    assert.deepEqual(words(plan.decisions.map(({ act, name }) => [act, name])), words(expected.repair))
    await executeRepair(placeOf(storage), plan)

    await expectRefused(storage, expected.lost ?? expected.refused)
    const left = await checkRepository(placeOf(storage), full)
    assert.deepEqual([...new Set(left.findings.map(({ code }) => code))], expected.stays ?? [])
    assert.deepEqual((await planRepair(placeOf(storage), full)).decisions, [], 'there is nothing left to repair')
    if (expected.stays) await resticAgrees(storage, expected.stays.length > 0 ? expected.restic : 'does not see it', 'quick')
    else if (expected.repair.length > 0) await resticAgrees(storage, 'does not see it', 'full')
  })
}

for (const { title, code, make } of closed) {
  test(`INV-9 ${title}: neither check nor repair says anything but that, and nothing is touched`, async () => {
    const storage = await copied(exhibit)
    await make(storage, exhibit)
    const before = await namesOf(storage)
    await assert.rejects(checkRepository(placeOf(storage), full), (error) => isFault(error, code))
    await assert.rejects(planRepair(placeOf(storage), full), (error) => isFault(error, code))
    assert.deepEqual((await takeOut(exhibit, storage)).whole.size, 0)
    assert.deepEqual(await namesOf(storage), before)
  })
}

test('a wrong password is REPOSITORY_PASSWORD for check and repair', async () => {
  const storage = await copied(exhibit)
  const wrong = { ...placeOf(storage), password: 'wrong horse' }
  await assert.rejects(checkRepository(wrong, full), (error) => isFault(error, 'REPOSITORY_PASSWORD'))
  await assert.rejects(planRepair(wrong, full), (error) => isFault(error, 'REPOSITORY_PASSWORD'))
})

test('INV-16 with the key of another repository everything looks damaged: repair refuses to touch anything', async () => {
  const storage = await copied(exhibit)
  await exchangeKeys(storage, exhibit)
  await assert.rejects(
    planRepair(placeOf(storage), full),
    (error) => isFault(error, 'DAMAGE_CONFIG') && /not of this repository/.test(error.message),
  )
})
