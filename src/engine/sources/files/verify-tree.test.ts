import { test } from 'node:test'
import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import {
  appendFile,
  chmod,
  chown,
  copyFile,
  link,
  lstat,
  mkdir,
  open,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import path from 'node:path'
import { isFault } from '#base/fault.ts'
import { MiB } from '#base/units.ts'
import { makeSpecialFile, setTimes, setXattr } from '#host/libc.ts'
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

test('INV-608 whatever was changed of a small file is named, and of several the first in the order of the tree', async () => {
  await using shop = await workshop()
  await mkdir(shop.at('source', 'reports'), { recursive: true })
  for (let file = 10; file < 60; file += 1) await writeFile(shop.at('source', 'reports', `f${file}`), `report ${file}`)
  const tree = await staged(shop)
  assert.equal((await tree.verify()).report.files, 50)
  const reports = path.join(tree.path, 'reports')
  const aside = shop.at('aside')
  const times = await lstat(reports, { bigint: true })
  const changes: readonly [string, (file: string) => Promise<void>, RegExp][] = [
    ['mode', (file) => chmod(file, 0o604), /has mode 604 instead of 644/],
    ['setuid', (file) => chmod(file, 0o4644), /has mode 4644 instead of 644/],
    ['owner', (file) => chown(file, 7, 0), /belongs to 7:0 instead of 0:0/],
    ['group', (file) => chown(file, 0, 7), /belongs to 0:7 instead of 0:0/],
    ['time', (file) => utimes(file, 1000, 2000), /has mtime 2000000000000 ns instead of/],
    ['attribute', async (file) => setXattr(file, 'user.note', Buffer.of(1)), /has other extended attributes/],
    ['second name', (file) => link(file, shop.at('second')), /has 2 names instead of 1/],
    ['symlink', async (file) => replace(file, () => symlink(aside, file)), /is a symlink instead of a file/],
    ['directory', async (file) => replace(file, () => mkdir(file)), /is a dir instead of a file/],
    ['pipe', async (file) => replace(file, async () => makeSpecialFile(file, 0o644, { kind: 'fifo' })), /is a fifo instead of a file/],
    ['removed', (file) => rename(file, `${aside}-removed`), /ENOENT/],
    ['longer', (file) => atItsTime(file, () => appendFile(file, '!')), /has 10 bytes instead of 9/],
    ['shorter', (file) => atItsTime(file, () => truncate(file, 8)), /has 8 bytes instead of 9/],
  ]
  for (const [what, change, expected] of changes) {
    const file = path.join(reports, 'f30')
    await rename(file, aside)
    await copyAlike(aside, file)
    setTimes(reports, times)
    await tree.verify()
    await change(file)
    setTimes(reports, times)
    await assertDiffers(tree, new RegExp(`the first at reports/f30: .*${expected.source}`)).catch((error: unknown) => {
      throw new Error(`${what} was not seen`, { cause: error })
    })
    await rm(file, { recursive: true, force: true })
    await rm(shop.at('second'), { force: true })
    await rename(aside, file)
  }
  setTimes(reports, times)
  await chmod(path.join(reports, 'f55'), 0o600)
  await alter(path.join(reports, 'f12'), 0)
  await chmod(path.join(reports, 'f41'), 0o600)
  await assertDiffers(tree, /^3 differences .* at reports\/f12: piece 1 of 1 has other content/)
})

async function atItsTime(file: string, change: () => Promise<void>): Promise<void> {
  const times = await lstat(file, { bigint: true })
  await change()
  setTimes(file, times)
}

async function replace(file: string, make: () => Promise<unknown>): Promise<void> {
  await rm(file)
  await make()
}

async function copyAlike(from: string, to: string): Promise<void> {
  await copyFile(from, to)
  const { mode } = await lstat(from)
  await chmod(to, mode)
  setTimes(to, await lstat(from, { bigint: true }))
}
