import { test } from 'node:test'
import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { mkdir, open, truncate, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { isFault } from '#base/fault.ts'
import { MiB } from '#base/units.ts'
import { setTimes } from '#host/libc.ts'
import { entriesToMemory, testContext } from '#test/support/entries-to-memory.ts'
import { workshop, type Workshop } from '#test/support/workshop.ts'
import { captureFiles } from './capture.ts'
import { stageFiles, type StagedRoot } from './stage.ts'

async function staged(shop: Workshop): Promise<StagedRoot> {
  await using captured = await captureFiles({ name: 'uploads', root: shop.at('source'), newerThan: [] }, testContext())
  const stored = await entriesToMemory(captured)
  const stagePath = shop.at('.integrum-0123456789ab-stage')
  return await stageFiles({ stored, section: await captured.section(), root: shop.at('target'), stagePath, onProgress: () => {} })
}

/** Changes a file in place, its size and time as before. */
async function alter(file: string, offset: number): Promise<void> {
  await using handle = await open(file, 'r+')
  const times = await handle.stat({ bigint: true })
  const [byte] = (await handle.read(Buffer.alloc(1), 0, 1, offset)).buffer
  await handle.write(Buffer.of(byte! ^ 1), 0, 1, offset)
  setTimes(file, times)
}

async function assertDiffers(tree: StagedRoot, expected: RegExp): Promise<void> {
  await assert.rejects(tree.verify(), (error) => {
    assert.ok(isFault(error, 'RESTORE_VERIFY'), String(error))
    assert.match(error.message, expected)
    return true
  })
}

test('INV-608 one bit anywhere in a large file is seen by the threads that read it again, and its piece is named', async () => {
  await using shop = await workshop()
  await mkdir(shop.at('source'))
  await writeFile(shop.at('source', 'large'), randomBytes(18 * MiB + 5))
  await utimes(shop.at('source', 'large'), 1000, 2000)
  const tree = await staged(shop)
  assert.equal((await tree.verify()).report.bytes, 18 * MiB + 5)
  const file = path.join(tree.path, 'large')
  for (const at of [0, 9 * MiB + 17, 18 * MiB + 4]) {
    await alter(file, at)
    await assertDiffers(tree, new RegExp(`^1 differences .* at large: piece ${Math.floor(at / MiB) + 1} of 19 has other content`))
    await alter(file, at)
  }
  await tree.verify()
  await truncate(file, 7 * MiB)
  await assertDiffers(tree, /at large: has \d+ bytes|at large: has mtime/)
})

test('INV-608 of many small files, some in directories that were left long ago, every difference counts and the first is named', async () => {
  await using shop = await workshop()
  for (let folder = 0; folder < 40; folder += 1) {
    const name = String(folder).padStart(2, '0')
    await mkdir(shop.at('source', name), { recursive: true })
    for (let file = 0; file < 10; file += 1) await writeFile(shop.at('source', name, `f${file}`), randomBytes(1 + 911 * file))
  }
  const tree = await staged(shop)
  assert.equal((await tree.verify()).report.files, 400)
  for (const name of ['39/f9', '07/f3', '20/f0']) await alter(path.join(tree.path, name), 0)
  await assertDiffers(tree, /^3 differences .* at 07\/f3: piece 1 of 1 has other content/)
})
