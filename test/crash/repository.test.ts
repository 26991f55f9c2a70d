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
    const call = 1 + seed.below(5)
    assert.ok(await dieAt(call, verb, expected), `there is no call ${call}`)
    const nth = 1 + seed.below(2)
    assert.ok(await strikeAt({ verb: 'get', nth, ...seed.oneOf(effectsOf('get', seed)) }, verb, expected), `there is no get ${nth}`)
  })
}
