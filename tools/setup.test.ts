import assert from 'node:assert/strict'
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { symlink, utimes, writeFile, mkdir } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { run } from '#host/run.ts'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'
import { projectFolder } from './tidy/source-file.ts'

const bin = path.join(projectFolder, 'bin/integrum')

test('the launcher becomes the program: through a link, with its exit code, and a signal reaches it', async () => {
  await using place = await temporaryDirectory()
  const link = path.join(place.path, 'integrum')
  await symlink(bin, link)
  const version = await run(link, ['--version'], { env: { PATH: '/usr/bin:/bin' } })
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/)
  assert.equal((await run(bin, ['no-such-command'])).exitCode, 2)

  // It waits for the text of a password that never comes; the process that is killed is the program itself.
  const pipe = path.join(place.path, 'password')
  await run('mkfifo', [pipe])
  const child = spawn(bin, ['backups', 'list', '--repository', place.path, '--password-file', pipe], { stdio: 'ignore' })
  await once(child, 'spawn')
  child.kill('SIGKILL')
  assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL'])
})

test('an unknown verb is a usage error that names the verbs, on stderr', async () => {
  const ended = await run(process.execPath, [path.join(projectFolder, 'tools/setup.mjs'), 'nonsense'])
  assert.equal(ended.exitCode, 1)
  assert.equal(ended.stdout, '')
  assert.match(ended.stderr, /demo\|test\|test-long\|bench\|pictures\|lint\|build/)
})

test('a set-up waits for another that lives, and takes over from one that died', async () => {
  await using place = await temporaryDirectory()
  const lock = path.join(place.path, '.cache/setup.lock')
  await mkdir(path.dirname(lock))
  const script = `import { withSetupLock } from ${JSON.stringify(path.join(projectFolder, 'tools/setup/lock.mjs'))}
    console.log(await withSetupLock(process.argv[1], () => 'done'))`
  const attempt = (timeoutMs: number) => run(process.execPath, ['--input-type=module', '-e', script, place.path], { timeoutMs })
  assert.equal((await attempt(60_000)).stdout, 'done\n')

  await writeFile(lock, `${os.hostname()} ${process.pid}`)
  assert.notEqual((await attempt(1500)).exitCode, 0)

  const dead = spawn('true')
  await once(dead, 'exit')
  await writeFile(lock, `${os.hostname()} ${dead.pid}`)
  assert.equal((await attempt(60_000)).stdout, 'done\n')

  await writeFile(lock, 'another-machine 1')
  await utimes(lock, new Date(0), new Date(0))
  assert.equal((await attempt(60_000)).stdout, 'done\n')
})
