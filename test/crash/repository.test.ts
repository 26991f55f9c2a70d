import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { dieAt, effectsOf, expectedOf, strikeAt } from '#test/support/repository-sweep.ts'
import { repositoryVerbs, verbNames, type RepositoryVerb } from '#test/support/repository-verbs.ts'
import { newSeed } from '#test/support/seed.ts'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'

// A few by chance every day; test/long has every crash point and every fault.
const seed = newSeed()
let root: Awaited<ReturnType<typeof temporaryDirectory>>
let verbs: readonly RepositoryVerb[]
before(async () => {
  root = await temporaryDirectory()
  verbs = await repositoryVerbs(root.path)
})
after(() => root[Symbol.asyncDispose]())

for (const name of verbNames) {
  test(`INV-14 dead at a call of the storage, or with a fault of it: ${name} leaves old or new, sound (SWEEP_SEED=${seed.value})`, async () => {
    const verb = verbs.find((one) => one.name === name)!
    const expected = await expectedOf(verb)
    assert.ok(await downFrom(1 + seed.below(5), (call) => dieAt(call, verb, expected)), 'there is no call')
    const effect = seed.oneOf(effectsOf('get', seed))
    assert.ok(await downFrom(1 + seed.below(2), (nth) => strikeAt({ verb: 'get', nth, ...effect }, verb, expected)), 'there is no get')
  })
}

/** How many calls a verb makes depends on which of the key files, whose names are random, is tried first. */
async function downFrom(nth: number, strike: (nth: number) => Promise<boolean>): Promise<boolean> {
  for (let at = nth; at > 0; at--) if (await strike(at)) return true
  return false
}
