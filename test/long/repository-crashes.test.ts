import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { dieAt, expectedOf } from '#test/support/repository-sweep.ts'
import { repositoryVerbs, verbNames, type RepositoryVerb } from '#test/support/repository-verbs.ts'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'

let root: Awaited<ReturnType<typeof temporaryDirectory>>
let verbs: readonly RepositoryVerb[]
before(async () => {
  root = await temporaryDirectory()
  verbs = await repositoryVerbs(root.path)
})
after(() => root[Symbol.asyncDispose]())

for (const name of verbNames) {
  test(`INV-14 SAFETY rule 26 dead at any call of the storage: ${name} leaves old or new, sound, and can be run again`, async (context) => {
    const verb = verbs.find((one) => one.name === name)!
    const expected = await expectedOf(verb)
    let points = 0
    while (await dieAt(points + 1, verb, expected)) points += 1
    // To add a password is the shortest: one or two keys are tried, by the chance of their names, and one is put.
    assert(points >= 4, `only ${points} crash points`)
    context.diagnostic(`${name}: ${points} crash points`)
  })
}
