import { test } from 'node:test'
import { strict as assert } from 'node:assert'
import { statSync } from 'node:fs'
import { mkdir, rm, symlink, unlink, utimes, writeFile } from 'node:fs/promises'
import { isFault } from '#base/fault.ts'
import { entriesToMemory, testContext, type MemorySource } from '#test/support/entries-to-memory.ts'
import { mounted, workshop } from '#test/support/workshop.ts'
import { captureFiles } from './capture.ts'
import { compareRoot, surveyRoot } from './survey.ts'

async function backupOf(root: string): Promise<MemorySource> {
  await using captured = await captureFiles({ name: 'uploads', root, newerThan: [] }, testContext())
  return await entriesToMemory(captured)
}

test('a survey counts what is there and says where it stands', async () => {
  await using shop = await workshop()
  await mkdir(shop.at('root', 'sub'), { recursive: true })
  await mkdir(shop.at('root', '.integrum-0123456789ab-kept'))
  await writeFile(shop.at('root', 'a'), '123')
  await writeFile(shop.at('root', 'sub', 'b'), '45')
  await symlink('a', shop.at('root', 'link'))
  const survey = await surveyRoot(shop.at('root'))
  const found = statSync(shop.at('root'), { bigint: true })
  const { freeBytes, supportsExchange: _, ...exact } = survey
  assert.deepEqual(exact, {
    path: shop.at('root'),
    exists: true,
    deviceId: String(found.dev),
    inode: String(found.ino),
    isMountPoint: false,
    mountsBelow: [],
    files: 2,
    directories: 1,
    specials: 1,
    bytes: 5,
  })
  assert.ok(freeBytes > 0)
})

test('a root that does not exist is surveyed at its nearest parent, and one with mounts names them', async () => {
  await using shop = await workshop()
  await mkdir(shop.at('disk'))
  await using _disk = await mounted(shop.at('disk'), 1024 * 1024)
  const absent = await surveyRoot(shop.at('disk', 'not', 'yet'))
  assert.deepEqual([absent.exists, absent.inode, absent.files, absent.freeBytes], [false, null, 0, 1024 * 1024])
  assert.equal(absent.supportsExchange, true)
  const above = await surveyRoot(shop.folder)
  assert.deepEqual([above.isMountPoint, above.mountsBelow], [false, [shop.at('disk')]])
  assert.equal((await surveyRoot(shop.at('disk'))).isMountPoint, true)
})

test('a root that is no directory is refused', async () => {
  await using shop = await workshop()
  await writeFile(shop.at('file'), '')
  await symlink('.', shop.at('link'))
  await assert.rejects(surveyRoot(shop.at('file')), (error) => isFault(error, 'ROOT_NOT_DIRECTORY'))
  await assert.rejects(surveyRoot(shop.at('link')), (error) => isFault(error, 'ROOT_SYMLINK'))
})

test('a comparison lists what a restore would add, change and take away', async () => {
  await using shop = await workshop()
  for (const folder of ['same', 'gone', 'gone/deep', 'turned', 'new']) await mkdir(shop.at('root', folder), { recursive: true })
  for (const file of ['same/file', 'bigger', 'touched', 'deleted', 'gone/deep/x', 'turned/y']) await writeFile(shop.at('root', file), file)
  const stored = await backupOf(shop.at('root'))
  await writeFile(shop.at('root', 'bigger'), 'bigger still')
  await utimes(shop.at('root', 'touched'), 1, 1)
  await unlink(shop.at('root', 'deleted'))
  await rm(shop.at('root', 'gone'), { recursive: true })
  await rm(shop.at('root', 'turned'), { recursive: true })
  await writeFile(shop.at('root', 'turned'), 'now a file')
  await mkdir(shop.at('root', 'new', 'deep'))
  await writeFile(shop.at('root', 'new', 'deep', 'z'), '')
  await writeFile(shop.at('root', 'extra'), '')
  await mkdir(shop.at('root', '.integrum-0123456789ab-kept'))
  await mkdir(shop.at('root', 'whole'))
  await writeFile(shop.at('root', 'whole', 'w'), '')
  const comparison = await compareRoot(shop.at('root'), stored)
  const sorted = ({ count, first }: { count: number; first: string[] }) => [count, first.toSorted()]
  assert.deepEqual(sorted(comparison.added), [3, ['deleted', 'gone/deep/x', 'turned/y']])
  assert.deepEqual(sorted(comparison.changed), [3, ['bigger', 'touched', 'turned']])
  assert.deepEqual(sorted(comparison.removed), [3, ['extra', 'new/deep/z', 'whole/w']])
})

test('compared with a root that does not exist, everything is added', async () => {
  await using shop = await workshop()
  await mkdir(shop.at('root', 'sub'), { recursive: true })
  await writeFile(shop.at('root', 'sub', 'a'), '')
  const comparison = await compareRoot(shop.at('absent'), await backupOf(shop.at('root')))
  assert.deepEqual(comparison, {
    added: { count: 1, first: ['sub/a'] },
    changed: { count: 0, first: [] },
    removed: { count: 0, first: [] },
  })
})
