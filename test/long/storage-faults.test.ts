import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { effectsOf, expectedOf, faultyVerbs, strikeAt } from '#test/support/repository-sweep.ts'
import { repositoryVerbs, verbNames, type RepositoryVerb } from '#test/support/repository-verbs.ts'
import { newSeed } from '#test/support/seed.ts'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'

const seed = newSeed()
let root: Awaited<ReturnType<typeof temporaryDirectory>>
let verbs: readonly RepositoryVerb[]
before(async () => {
  root = await temporaryDirectory()
  verbs = await repositoryVerbs(root.path)
})
after(() => root[Symbol.asyncDispose]())

for (const name of verbNames) {
  test(`whatever fails, hangs, lies or is short in the storage: ${name} is done and true, or a fault, and the repository is sound`, async (context) => {
    const verb = verbs.find((one) => one.name === name)!
    const expected = await expectedOf(verb)
    let faults = 0
    for (const call of faultyVerbs) {
      for (let nth = 1, hasCall = true; hasCall; nth += 1) {
        for (const effect of seed.half(effectsOf(call, seed))) {
          hasCall = await strikeAt({ verb: call, nth, ...effect }, verb, expected)
          if (!hasCall) break
          faults += 1
        }
      }
    }
    assert(faults >= 8, `only ${faults} faults fired`)
    context.diagnostic(`${name}: ${faults} faults, SWEEP_SEED=${seed.value}`)
  })
}
