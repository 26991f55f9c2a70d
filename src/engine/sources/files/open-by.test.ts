import { test } from 'node:test'
import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { run } from '#host/run.ts'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'
import { processesUsing } from './open-by.ts'

/** A shell that does `script`, becomes another that says so, and stays until its scope ends. `exec` keeps the pid that was spawned. */
async function staying(command: readonly string[], script: string, cwd = '/'): Promise<AsyncDisposable & { readonly child: ChildProcess }> {
  const [program = '', ...args] = [...command, 'bash', '-c', `${script}; exec sh -c 'echo ready; read line'`]
  const child = spawn(program, args, { cwd, stdio: ['pipe', 'pipe', 'inherit'] })
  assert(child.stdout)
  await once(child.stdout, 'data')
  return {
    child,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

const mayUnshare = spawnSync('unshare', ['-m', 'true']).status === 0
const needsUnshare = { skip: !mayUnshare && 'this machine does not let us make a mount namespace' }

test('SAFETY rule 5: a process is found by its working directory, its open files and its mapped ones', async () => {
  await using place = await temporaryDirectory()
  const root = path.join(place.path, 'root')
  mkdirSync(path.join(root, 'with space'), { recursive: true })
  writeFileSync(path.join(root, 'f'), 'x')
  assert.deepEqual(await processesUsing(root), [])
  {
    await using idle = await staying([], ':', path.join(root, 'with space'))
    assert.deepEqual(await processesUsing(root), [{ pid: idle.child.pid, command: 'sh', how: 'working directory' }])
  }
  {
    await using writer = await staying([], `exec 7>"${root}/with space/o" 8<"${root}/f"`)
    assert.deepEqual(await processesUsing(root), [{ pid: writer.child.pid, command: 'sh', how: '2 open files' }])
    symlinkSync(root, path.join(place.path, 'link'))
    assert.equal((await processesUsing(path.join(place.path, 'link'))).length, 1)
  }
  {
    // A running program is mapped, not open.
    copyFileSync('/bin/sh', path.join(root, 'program'))
    chmodSync(path.join(root, 'program'), 0o755)
    const child = spawn(path.join(root, 'program'), ['-c', 'echo ready; read line'], { cwd: '/', stdio: ['pipe', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    assert.deepEqual(await processesUsing(root), [{ pid: child.pid, command: 'program', how: '1 mapped file' }])
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  assert.deepEqual(await processesUsing(root), [])
})

test('SAFETY rule 5: a process is found in a directory whose path is longer than the kernel prints, and one elsewhere is not', async () => {
  await using place = await temporaryDirectory()
  const [root, beside] = [path.join(place.path, 'root'), path.join(place.path, 'beside')]
  mkdirSync(root)
  mkdirSync(beside)
  const name = 'd'.repeat(200)
  const deep = `for i in $(seq 30); do mkdir ${name} && cd -P ${name} || exit 1; done`
  {
    await using inside = await staying([], deep, root)
    await using outside = await staying([], deep, beside)
    assert.ok(inside.child.pid !== outside.child.pid)
    assert.deepEqual(await processesUsing(root), [{ pid: inside.child.pid, command: 'sh', how: 'working directory' }])
  }
  // Longer than what Node removes.
  await run('rm', ['-rf', root, beside])
})

test('SAFETY rule 5: what lies beside the root, or begins like it, is not in it', async () => {
  await using place = await temporaryDirectory()
  const root = path.join(place.path, 'root')
  mkdirSync(root)
  mkdirSync(`${root}2`)
  await using _idle = await staying([], ':', `${root}2`)
  await using _above = await staying([], ':', place.path)
  assert.deepEqual(await processesUsing(root), [])
  assert.equal((await processesUsing(place.path)).length, 2)
})

test('SAFETY rule 5: another mount namespace with a bind mount of the root, as a container has, is found', needsUnshare, async () => {
  await using place = await temporaryDirectory()
  const root = path.join(place.path, 'root')
  mkdirSync(path.join(root, 'inner'), { recursive: true })
  mkdirSync(path.join(place.path, 'inside'))
  const inside = path.join(place.path, 'inside')
  {
    await using container = await staying(['unshare', '-m', '--propagation', 'private'], `mount --bind ${root} ${inside}`)
    assert.deepEqual(await processesUsing(root), [{ pid: container.child.pid, command: 'sh', how: `mounted at ${inside}` }])
    assert.deepEqual(await processesUsing(path.join(root, 'inner')), [])
  }
  {
    // A mount of a part of the root stays with the old tree as well.
    await using container = await staying(
      ['unshare', '-m', '--propagation', 'private'],
      `mount --bind ${root}/inner ${inside}; cd ${inside}`,
    )
    const [found] = await processesUsing(root)
    assert.deepEqual(found, { pid: container.child.pid, command: 'sh', how: `mounted at ${inside}, working directory` })
  }
})

test(
  'SAFETY rule 5: a namespace that sees the root through a mount above it holds nothing, but its open files do',
  needsUnshare,
  async () => {
    await using place = await temporaryDirectory()
    const root = path.join(place.path, 'root')
    mkdirSync(root)
    const unshare = ['unshare', '-m', '--propagation', 'private']
    await using _copy = await staying(unshare, ':')
    assert.deepEqual(await processesUsing(root), [])
    mkdirSync(path.join(place.path, 'elsewhere'))
    await using other = await staying(unshare, `mount --bind ${place.path} /mnt; exec 7>/mnt/root/f`)
    assert.deepEqual(await processesUsing(root), [{ pid: other.child.pid, command: 'sh', how: '1 open file' }])
  },
)

test('SAFETY rule 6: a root that is a mount point is swapped by its entries, so its own mounts are no obstacle', needsUnshare, async () => {
  await using place = await temporaryDirectory()
  const mounted = path.join(place.path, 'mounted')
  mkdirSync(mounted)
  const made = spawnSync('mount', ['-t', 'tmpfs', 'none', mounted])
  assert.equal(made.status, 0)
  try {
    await using _copy = await staying(['unshare', '-m', '--propagation', 'private'], ':')
    assert.deepEqual(await processesUsing(mounted), [])
    await using idle = await staying([], ':', mounted)
    assert.deepEqual(
      (await processesUsing(mounted)).map(({ pid }) => pid),
      [idle.child.pid],
    )
  } finally {
    spawnSync('umount', ['-l', mounted])
  }
})
