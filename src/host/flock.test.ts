import { test } from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, stat, symlink } from 'node:fs/promises'
import { once } from 'node:events'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'
import { lockRoot } from './flock.ts'

test('SAFETY rule 2: one restore at a time per root, also under another name of it', async () => {
  await using place = await temporaryDirectory()
  const locks = path.join(place.path, 'locks')
  const root = path.join(place.path, 'root')
  await mkdir(root)
  await symlink('root', path.join(place.path, 'link'))
  {
    await using _held = await lockRoot(root, locks)
    await assert.rejects(() => lockRoot(root, locks), { code: 'TARGET_BUSY' })
    await assert.rejects(() => lockRoot(`${root}/../root/`, locks), { code: 'TARGET_BUSY' })
    await assert.rejects(() => lockRoot(path.join(place.path, 'link'), locks), { code: 'TARGET_BUSY' })
    await using _other = await lockRoot(path.join(place.path), locks)
  }
  await using _again = await lockRoot(root, locks)
  assert.equal((await stat(locks)).mode & 0o7777, 0o1777)
})

test('SAFETY rule 2: a root that does not exist yet is locked by the path it will have', async () => {
  await using place = await temporaryDirectory()
  const locks = path.join(place.path, 'locks')
  await mkdir(path.join(place.path, 'real'))
  await symlink('real', path.join(place.path, 'link'))
  await using _held = await lockRoot(path.join(place.path, 'real/a/b'), locks)
  await assert.rejects(() => lockRoot(path.join(place.path, 'link/a/b'), locks), { code: 'TARGET_BUSY' })
  await mkdir(path.join(place.path, 'real/a/b'), { recursive: true })
  await assert.rejects(() => lockRoot(path.join(place.path, 'link/a/b'), locks), { code: 'TARGET_BUSY' })
})

test('SAFETY rule 2: a lock is held against other processes and ends with a killed one', async () => {
  await using place = await temporaryDirectory()
  const locks = path.join(place.path, 'locks')
  const script = `
    const { lockRoot } = await import(${JSON.stringify(fileURLToPath(new URL('./flock.ts', import.meta.url)))})
    globalThis.held = await lockRoot(process.argv[1], process.argv[2])
    process.stdout.write('held')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, place.path, locks], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  await assert.rejects(() => lockRoot(place.path, locks), { code: 'TARGET_BUSY' })
  child.kill('SIGKILL')
  await once(child, 'exit')
  await using _held = await lockRoot(place.path, locks)
})
