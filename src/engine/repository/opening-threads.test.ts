import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { run } from '#host/run.ts'

test('threads are waited for to their end, also when one of them still has a job that nobody waits for', async () => {
  const { exitCode, stdout, stderr } = await run(process.execPath, [path.resolve('test/support/abandoned-opening.ts')])
  assert.equal(stdout, 'closed\n', stderr)
  assert.equal(exitCode, 0)
})
