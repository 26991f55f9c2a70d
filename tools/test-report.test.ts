import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { run } from '#host/run.ts'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'
import { hasCode } from './coverage.ts'

const runner = fileURLToPath(new URL('run-tests.ts', import.meta.url))

async function reportOf(files: Record<string, string>, ...args: string[]) {
  await using place = await temporaryDirectory()
  for (const [name, source] of Object.entries(files)) await writeFile(path.join(place.path, name), source)
  // Without NODE_TEST_CONTEXT the inner run is one of its own instead of a part of this one.
  const env = { PATH: process.env['PATH'] }
  const ended = await run(process.execPath, [runner, ...(args.length > 0 ? args : ['.'])], { cwd: place.path, env })
  return { ...ended, lines: ended.stdout.trimEnd().split('\n') }
}

const passing = `import test from 'node:test'\ntest('fine', () => {})\n`

test('the last line counts what passed, and the exit code is 0', async () => {
  const report = await reportOf({ 'a.test.ts': passing, 'b.test.ts': passing })
  assert.equal(report.lines.at(-1), '2 passed, 0 failed')
  assert.equal(report.exitCode, 0)
})

test('a failure is named with its error, counted once with its parents, and the exit code is 1', async () => {
  const source = `import test from 'node:test'
    test('outer', async (t) => { await t.test('inner', () => { throw new Error('the bytes differ') }) })
    test('not now', { skip: 'no server here' }, () => {})\n`
  const report = await reportOf({ 'a.test.ts': source, 'b.test.ts': passing })
  assert.equal(report.lines.at(-1), '1 passed, 1 failed, 1 skipped')
  assert.match(report.stdout, /FAIL {2}a\.test\.ts:2: inner\n +Error: the bytes differ/)
  assert.equal(report.exitCode, 1)
})

test('what a test remarks is shown although it passes', async () => {
  const source = `import test from 'node:test'\ntest('sweep', (context) => context.diagnostic('39 crash points'))\n`
  const report = await reportOf({ 'a.test.ts': source })
  assert.equal(report.lines[0], 'note  a.test.ts: 39 crash points')
  assert.equal(report.lines.at(-1), '1 passed, 0 failed')
})

test('a file that cannot be loaded is a failure that shows what it printed', async () => {
  const report = await reportOf({ 'a.test.ts': `throw new Error('broken at load')\n`, 'b.test.ts': passing })
  assert.equal(report.lines.at(-1), '1 passed, 1 failed')
  assert.match(report.stdout, /broken at load/)
  assert.equal(report.exitCode, 1)
})

test('a run without a test, a file without one, and a path that is not there all fail', async () => {
  for (const report of [await reportOf({}), await reportOf({ 'a.test.ts': 'export {}\n' }), await reportOf({}, 'nowhere')]) {
    assert.equal(report.lines.at(-1), '0 passed, 1 failed')
    assert.equal(report.exitCode, 1)
  }
})

test('a file of types alone has no code to cover', () => {
  assert.equal(
    hasCode(`import type { A } from './a.ts'\n/** Shape. */\nexport interface B {\n  readonly a: A\n}\nexport type C = B | A\n`),
    false,
  )
  assert.equal(hasCode(`// Why.\nexport const a = 1\n`), true)
  assert.equal(hasCode(`import {\n  a,\n} from './a.ts'\nexport const b = { a }\n`), true)
  assert.equal(hasCode(`export function a() {\n  return 1\n}\n`), true)
})
