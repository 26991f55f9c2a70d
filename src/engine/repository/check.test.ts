import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { smallPassword, smallRepository, store } from '#test/support/small-repository.ts'
import { checkRepository } from './check.ts'

test('a whole repository has no findings, quick or full, and the report says what was looked at', async () => {
  const { storage, clock, open } = await smallRepository()
  await using repository = await open()
  await store(repository, { a: 'hello', sub: { b: randomBytes(3_000_000), c: 'x'.repeat(100_000) } })
  for (const depth of ['quick', 'full'] as const) {
    const report = await checkRepository({ storage, password: smallPassword, clock }, { depth })
    console.log(report)
    assert.deepEqual(report.findings, [])
  }
})
