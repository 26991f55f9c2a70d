import assert from 'node:assert/strict'
import test from 'node:test'
import { batched, SharedWork } from './together.ts'

/** Work that ends when it is told to. */
function held() {
  const runs: { end(answer: number): void; fail(error: Error): void }[] = []
  const work = () => new Promise<number>((end, fail) => runs.push({ end, fail }))
  return { runs, work }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

test('those that ask while an answer is found out share the next one, never the one that has begun', async () => {
  const { runs, work } = held()
  const shared = new SharedWork<number>()
  const first = shared.run('list', work)
  await turn()
  const second = shared.run('list', work)
  const third = shared.run('list', work)
  await turn()
  assert.equal(runs.length, 1)
  runs[0]!.end(1)
  assert.equal(await first, 1)
  await turn()
  assert.equal(runs.length, 2)
  runs[1]!.end(2)
  assert.deepEqual(await Promise.all([second, third]), [2, 2])
})

test('another key does not wait, and a failure reaches those alone that shared it', async () => {
  const { runs, work } = held()
  const shared = new SharedWork<number>()
  const failed = shared.run('list', work)
  await turn()
  const later = shared.run('list', work)
  const other = shared.run('details', work)
  await turn()
  assert.equal(runs.length, 2)
  runs[1]!.end(7)
  assert.equal(await other, 7)
  runs[0]!.fail(new Error('the catalog is gone'))
  await assert.rejects(failed, /catalog is gone/)
  await turn()
  runs[2]!.end(8)
  assert.equal(await later, 8)
})

test('keys that wait are found in one go', async () => {
  const asked: string[][] = []
  const find = batched(async (keys) => {
    asked.push([...keys])
    await turn()
    return new Map(keys.filter((key) => key !== 'unknown').map((key) => [key, key.toUpperCase()]))
  })
  const first = find('a')
  await Promise.resolve()
  assert.deepEqual(await Promise.all([first, find('b'), find('c'), find('unknown')]), ['A', 'B', 'C', undefined])
  assert.deepEqual(asked, [['a'], ['b', 'c', 'unknown']])
})
