import assert from 'node:assert/strict'
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import test from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { run } from '#host/run.ts'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'

test('a process takes the stripped copy of a source as it was, and a source that was written since itself', async () => {
  await using place = await temporaryDirectory()
  const script = path.join(place.path, 'tools/stripped.mjs')
  const source = path.join(place.path, 'src/one.ts')
  for (const folder of ['tools', 'src']) await mkdir(path.join(place.path, folder))
  await cp(fileURLToPath(new URL('stripped.mjs', import.meta.url)), script)
  await writeFile(path.join(place.path, 'package.json'), '{ "type": "module" }')
  await writeFile(source, `const one: number = 1\nconsole.log(one, new Error('here').stack?.match(/one\\.ts:\\d+:\\d+/)?.[0])\n`)
  const env = { PATH: process.env['PATH'] }
  const ran = async () => (await run(process.execPath, ['--import', pathToFileURL(script).href, source], { env })).stdout.trim()

  const before = await ran()
  assert.match(before, /^1 one\.ts:2:\d+$/)
  assert.equal((await run(process.execPath, [script], { env })).exitCode, 0)
  assert.equal(await ran(), before, 'on the same line and column')

  const folder = path.join(place.path, '.cache/stripped', process.version)
  for (const kept of await readdir(folder)) await writeFile(path.join(folder, kept), `console.log('the copy')`)
  assert.equal(await ran(), 'the copy')
  await writeFile(source, 'const two: number = 2\nconsole.log(two)\n')
  assert.equal(await ran(), '2')
})
