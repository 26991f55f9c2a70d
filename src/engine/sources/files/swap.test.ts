import { test } from 'node:test'
import { strict as assert } from 'node:assert'
import { chmod, mkdir, open, readFile, readdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { isFault } from '#base/fault.ts'
import { run } from '#host/run.ts'
import { mounted, workshop, type Workshop } from '#test/support/workshop.ts'
import type { RootRecord } from './root-record.ts'
import {
  changedSince,
  exchangeRoot,
  planRoot,
  prepareRoot,
  recoverRoot,
  removeKept,
  removeStage,
  rootState,
  undoRootRecord,
} from './swap.ts'

const hex = '0123456789ab'
const methods = ['exchange', 'renames', 'entries'] as const
type Method = (typeof methods)[number]

interface Scene extends AsyncDisposable {
  readonly shop: Workshop
  readonly root: string
  readonly record: RootRecord
}

/** A live root with `who=old` and a staged one with `who=new`, ready to be swapped. */
async function scene(method: Method): Promise<Scene> {
  await using open = new AsyncDisposableStack()
  const shop = open.use(await workshop())
  const root = shop.at('root')
  await mkdir(root)
  if (method === 'entries') open.use(await mounted(root))
  await fill(root, 'old')
  const planned = await planRoot({ name: 'uploads', path: root, hex, ...(method === 'renames' && { method }) })
  assert.equal(planned.method, method)
  await mkdir(planned.stagePath)
  await fill(planned.stagePath, 'new')
  // Staging inside a mount point puts the times of the root back.
  await utimes(root, 1_000, 1_000.5)
  const record = await prepareRoot(planned)
  const kept = open.move()
  return { shop, root, record, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

async function fill(directory: string, who: 'old' | 'new'): Promise<void> {
  await writeFile(path.join(directory, 'who'), who)
  await mkdir(path.join(directory, 'sub'))
  await writeFile(path.join(directory, 'sub', 'file'), who)
  await writeFile(path.join(directory, `only-${who}`), who)
  await chmod(directory, who === 'old' ? 0o755 : 0o2750)
  await utimes(directory, who === 'old' ? 1_000 : 2_000, who === 'old' ? 1_000.5 : 2_000.5)
}

/** Whose state the directory holds, whole; fails the test when it is a mix. */
async function whose(directory: string): Promise<string> {
  const who = await readFile(path.join(directory, 'who'), 'utf8')
  assert.equal(await readFile(path.join(directory, 'sub', 'file'), 'utf8'), who)
  const names = (await readdir(directory)).filter((name) => !name.startsWith('.integrum-')).toSorted()
  assert.deepEqual(names, [`only-${who}`, 'sub', 'who'].toSorted())
  const found = await stat(directory)
  assert.equal(found.mode & 0o7777, who === 'old' ? 0o755 : 0o2750)
  assert.equal(found.mtimeMs, who === 'old' ? 1_000_500 : 2_000_500)
  return who
}

async function left(record: RootRecord): Promise<string[]> {
  return (await readdir(path.dirname(record.keptPath))).filter((name) => name.startsWith('.integrum-')).toSorted()
}

for (const method of methods) {
  test(`${method}: the staged directory becomes live, the old one is kept, released for good`, async () => {
    await using stage = await scene(method)
    const { root, record } = stage
    assert.equal(await rootState(record), 'staged')
    assert.deepEqual(await exchangeRoot(record), { appeared: [] })
    assert.equal(await whose(root), 'new')
    assert.equal(await whose(record.keptPath), 'old')
    assert.equal(await rootState(record), 'swapped')
    await removeKept(record)
    assert.deepEqual(await left(record), [])
    assert.equal(await whose(root), 'new')
  })

  test(`SAFETY rule 11: ${method}: undo puts the old directory back, keeps the new one, and can be undone`, async () => {
    await using stage = await scene(method)
    await exchangeRoot(stage.record)
    const undo = await prepareRoot(await undoRootRecord(stage.record, { hex: 'ffffffffffff' }))
    await exchangeRoot(undo)
    assert.equal(await whose(stage.root), 'old')
    assert.equal(await whose(undo.keptPath), 'new')
    const again = await prepareRoot(await undoRootRecord(undo, { hex: 'eeeeeeeeeeee' }))
    await exchangeRoot(again)
    assert.equal(await whose(stage.root), 'new')
    assert.equal(await whose(again.keptPath), 'old')
  })

  test(`SAFETY rule 3: ${method}: stopped at any rename, either way, recovery ends whole, old or new, never replayed`, async () => {
    for (const first of ['forward', 'back'] as const) {
      for (let dieAt = 1; ; dieAt += 1) {
        await using stage = await scene(method)
        const { root, record } = stage
        if (first === 'back') await exchangeRoot(record)
        const died = await swapStoppedAt(record, first, dieAt)
        for (const direction of ['forward', 'forward', 'back', 'back', 'forward'] as const) {
          await recoverRoot(record, direction)
          assert.equal(await whose(root), direction === 'forward' ? 'new' : 'old', `${first}, stopped at ${dieAt}, then ${direction}`)
          assert.equal(await whose(direction === 'forward' ? record.keptPath : record.stagePath), direction === 'forward' ? 'old' : 'new')
        }
        if (!died) break
        assert.ok(dieAt < 20)
      }
    }
  })

  test(`INV-609 SAFETY rule 3: ${method}: a directory that is not the recorded one is never touched`, async () => {
    await using stage = await scene(method)
    const { root, record } = stage
    const strange = { ...record, live: { device: record.live!.device, inode: '999999999' } }
    await assert.rejects(exchangeRoot(strange), (error) => isFault(error, 'RESTORE_TARGET_CHANGED'))
    await assert.rejects(recoverRoot(strange, 'forward'), (error) => isFault(error, 'RESTORE_TARGET_CHANGED'))
    await assert.rejects(prepareRoot(strange), (error) => isFault(error, 'RESTORE_TARGET_CHANGED'))
    await assert.rejects(undoRootRecord(record, { hex: 'ffffffffffff' }), (error) => isFault(error, 'RESTORE_TARGET_CHANGED'))
    await assert.rejects(removeKept({ ...record, keptPath: record.stagePath }), (error) => isFault(error))
    assert.equal(await whose(root), 'old')
    assert.equal(await whose(record.stagePath), 'new')
  })
}

async function swapStoppedAt(record: RootRecord, direction: 'forward' | 'back', dieAt: number): Promise<boolean> {
  let step = 0
  const onStep = () => {
    step += 1
    if (step === dieAt) throw new Error('stopped here')
  }
  return await recoverRoot(record, direction, onStep).then(
    () => false,
    () => true,
  )
}

for (const [method, dieAt] of [
  ['exchange', 2],
  ['renames', 2],
  ['entries', 5],
] as const) {
  test(`SAFETY rule 3: ${method}: after kill -9 between the renames recovery ends whole, old or new`, async () => {
    for (const direction of ['forward', 'back'] as const) {
      await using stage = await scene(method)
      assert.ok(await swapKilledAt(stage.shop, stage.record, 'forward', dieAt))
      assert.equal(await rootState(stage.record), 'partly')
      await recoverRoot(stage.record, direction)
      assert.equal(await whose(stage.root), direction === 'forward' ? 'new' : 'old')
    }
  })
}

async function swapKilledAt(shop: Workshop, record: RootRecord, direction: string, step: number): Promise<boolean> {
  await writeFile(shop.at('record.json'), JSON.stringify(record))
  const child = path.resolve(import.meta.dirname, '../../../../test/support/files-child.ts')
  const result = await run(process.execPath, [child, 'swap', shop.at('record.json'), direction, String(step)])
  assert.equal(result.stderr, '')
  return !result.stdout.includes('steps=')
}

test('a root that does not exist yet is made, and taken away by undo, and brought again by undoing that', async () => {
  await using shop = await workshop()
  const root = shop.at('absent')
  const planned = await planRoot({ name: 'uploads', path: root, hex })
  assert.equal(planned.live, null)
  await assert.rejects(prepareRoot(planned), (error) => isFault(error, 'RESTORE_STATE'))
  await mkdir(planned.stagePath)
  await fill(planned.stagePath, 'new')
  const record = await prepareRoot(planned)
  await exchangeRoot(record)
  assert.equal(await whose(root), 'new')
  await recoverRoot(record, 'back')
  await assert.rejects(stat(root), { code: 'ENOENT' })
  await recoverRoot(record, 'forward')
  await removeKept(record)
  assert.equal(await whose(root), 'new')
  const undo = await prepareRoot(await undoRootRecord(record, { hex: 'ffffffffffff' }))
  await exchangeRoot(undo)
  await assert.rejects(stat(root), { code: 'ENOENT' })
  await recoverRoot(undo, 'back')
  assert.equal(await whose(root), 'new')
  await recoverRoot(undo, 'forward')
  const again = await prepareRoot(await undoRootRecord(undo, { hex: 'eeeeeeeeeeee' }))
  await exchangeRoot(again)
  assert.equal(await whose(root), 'new')
})

test('SAFETY rule 6: where there was nothing, a directory that appeared meanwhile is not replaced', async () => {
  await using shop = await workshop()
  const planned = await planRoot({ name: 'uploads', path: shop.at('absent'), hex })
  await mkdir(planned.stagePath)
  await fill(planned.stagePath, 'new')
  const record = await prepareRoot(planned)
  await mkdir(shop.at('absent'))
  await assert.rejects(exchangeRoot(record), (error) => isFault(error, 'RESTORE_TARGET_CHANGED'))
  await rm(shop.at('absent'), { recursive: true })
  const appears = async () => void (await mkdir(shop.at('absent')))
  await assert.rejects(exchangeRoot(record, { onStep: appears }), (error) => isFault(error, 'RESTORE_TARGET_CHANGED'))
  assert.equal(await whose(record.stagePath), 'new')
})

test('INV-610 SAFETY rule 6: between two renames a root that appears is kept and named', async () => {
  await using stage = await scene('renames')
  const { root, record } = stage
  let step = 0
  const onStep = async () => {
    step += 1
    if (step === 2) {
      await mkdir(root)
      await writeFile(path.join(root, 'late'), 'late')
    }
  }
  const { appeared } = await exchangeRoot(record, { onStep })
  assert.deepEqual(appeared, [stage.shop.at(`.integrum-${hex}-appeared`)])
  assert.equal(await readFile(path.join(appeared[0]!, 'late'), 'utf8'), 'late')
  assert.equal(await whose(root), 'new')
  assert.equal(await whose(record.keptPath), 'old')
})

test('SAFETY rule 6: in a mount point, names that appear in the gap are kept and named, on the way there and back', async () => {
  await using stage = await scene('entries')
  const { root, record } = stage
  const appear = (names: string[]) => async (step: { from: string }) => {
    if (!step.from.startsWith(path.dirname(step.from) === record.stagePath ? record.stagePath : record.keptPath)) return
    for (const name of names.splice(0)) await writeFile(path.join(root, name), 'late')
  }
  const there = await exchangeRoot(record, { onStep: appear(['who', 'stray']) })
  const aside = path.join(root, `.integrum-${hex}-appeared`)
  assert.deepEqual(there.appeared.toSorted(), [path.join(aside, 'stray'), path.join(aside, 'who')])
  assert.equal(await whose(root), 'new')
  const back = await recoverRoot(record, 'back', appear(['sub']))
  assert.deepEqual(back.appeared.length, 3)
  assert.equal(await whose(root), 'old')
})

test('SAFETY rule 3: a root replaced in the instant of the exchange goes back to its place', async () => {
  await using stage = await scene('exchange')
  const { shop, root, record } = stage
  const onStep = async () => {
    await rename(root, shop.at('elsewhere'))
    await mkdir(root)
    await writeFile(path.join(root, 'other'), '')
  }
  await assert.rejects(exchangeRoot(record, { onStep }), (error) => isFault(error, 'RESTORE_TARGET_CHANGED'))
  assert.deepEqual(await readdir(root), ['other'])
  assert.equal(await whose(record.stagePath), 'new')
})

test('a swap that stopped half-way is not begun again, and nothing of it is removed', async () => {
  for (const method of ['renames', 'entries'] as const) {
    await using stage = await scene(method)
    const { shop, record } = stage
    await swapKilledAt(shop, record, 'forward', 2)
    assert.equal(await rootState(record), 'partly')
    await assert.rejects(exchangeRoot(record), (error) => isFault(error, 'RESTORE_STATE'))
    await assert.rejects(removeKept(record), (error) => isFault(error, 'RESTORE_STATE'))
    await assert.rejects(removeStage(record), (error) => isFault(error, 'RESTORE_STATE'))
  }
})

test('SAFETY rule 3: a mount point whose swap was not prepared is taken back by leaving it alone', async () => {
  await using stage = await scene('entries')
  const { kind, name, path: place, method, live, stagePath, keptPath } = stage.record
  const planned = { kind, name, path: place, method, live, stagePath, keptPath, stage: null }
  assert.equal(await rootState(planned), 'staged')
  await assert.rejects(exchangeRoot(planned), (error) => isFault(error, 'RESTORE_STATE'))
  assert.deepEqual(await recoverRoot(planned, 'back'), { appeared: [] })
  await removeStage(planned)
  assert.deepEqual(await left(planned), [])
  assert.equal(await whose(stage.root), 'old')
})

test('what was staged and not made live is removed; what an undo would bring back is not', async () => {
  await using stage = await scene('exchange')
  await exchangeRoot(stage.record)
  const undo = await prepareRoot(await undoRootRecord(stage.record, { hex: 'ffffffffffff' }))
  await removeStage(undo)
  assert.equal(await whose(undo.stagePath), 'old')
  await exchangeRoot(undo)
  for (const method of methods) {
    await using other = await scene(method)
    await removeStage(other.record)
    assert.deepEqual(await left(other.record), [])
    assert.equal(await whose(other.root), 'old')
  }
})

test('a plan refuses a symlink, a file and a root that holds a mount', async () => {
  await using shop = await workshop()
  await mkdir(shop.at('root', 'inside'), { recursive: true })
  await writeFile(shop.at('file'), '')
  await symlink('root', shop.at('link'))
  const plan = (name: string) => planRoot({ name: 'uploads', path: shop.at(name), hex })
  await assert.rejects(plan('link'), (error) => isFault(error, 'ROOT_SYMLINK'))
  await assert.rejects(plan('file'), (error) => isFault(error, 'ROOT_NOT_DIRECTORY'))
  await using _disk = await mounted(shop.at('root', 'inside'))
  await assert.rejects(plan('root'), (error) => isFault(error, 'ROOT_HOLDS_MOUNT'))
  assert.equal((await plan('root/inside')).method, 'entries')
})

test('INV-611 a kept tree is removed without following symlinks and without entering mounts', async () => {
  await using stage = await scene('exchange')
  const { shop, root, record } = stage
  await mkdir(shop.at('outside'))
  await writeFile(shop.at('outside', 'file'), '')
  await symlink(shop.at('outside'), path.join(root, 'link'))
  await mkdir(path.join(root, 'closed', 'deep'), { recursive: true })
  await chmod(path.join(root, 'closed'), 0)
  await mkdir(path.join(root, 'disk'))
  await exchangeRoot(record)
  {
    await using _disk = await mounted(path.join(record.keptPath, 'disk'))
    await assert.rejects(removeKept(record), (error) => isFault(error, 'ROOT_HOLDS_MOUNT'))
    assert.equal(await readFile(path.join(record.keptPath, 'who'), 'utf8'), 'old')
  }
  await removeKept(record)
  assert.deepEqual(await left(record), [])
  assert.deepEqual(await readdir(shop.at('outside')), ['file'])
})

test('SAFETY rule 5: what changes in the kept tree after the swap is found', async () => {
  await using stage = await scene('exchange')
  const { record } = stage
  const writer = await open(path.join(record.path, 'sub', 'file'), 'a')
  await exchangeRoot(record)
  await new Promise((resolve) => setImmediate(resolve))
  const swappedAt = new Date()
  assert.deepEqual(await changedSince(record.keptPath, swappedAt), [])
  await run('sleep', ['0.02'])
  await writer.write('late')
  await writer.close()
  assert.deepEqual(await changedSince(record.keptPath, swappedAt), ['sub/file'])
})
