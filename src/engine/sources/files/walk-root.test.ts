import { test } from 'node:test'
import { strict as assert } from 'node:assert'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import type { Gap } from '#engine/sources/source.ts'
import { testContext } from '#test/support/entries-to-memory.ts'
import { workshop } from '#test/support/workshop.ts'
import { captureFiles } from './capture.ts'

test('SAFETY rule 16: a directory that is removed while it is walked ends as it was last seen, and what was not seen is named', async () => {
  await using shop = await workshop()
  await mkdir(shop.at('a/deep'), { recursive: true })
  for (const file of ['a/1', 'a/2', 'a/deep/3', 'z']) await writeFile(shop.at(file), file)
  await chmod(shop.at('a'), 0o751)
  const gaps: Gap[] = []
  await using captured = await captureFiles({ name: 'uploads', root: shop.folder, newerThan: [] }, testContext(gaps))
  const seen: string[] = []
  for await (const entry of captured.entries()) {
    const name = entry.kind === 'enter' ? entry.name : 'node' in entry ? entry.node.name : ''
    seen.push(`${entry.kind} ${name}`)
    if (name === '1') await rm(shop.at('a'), { recursive: true })
    if (entry.kind === 'leave' && name === 'a') assert.equal(entry.node.mode, 0o751)
  }
  assert.deepEqual(seen, ['enter a', 'file 1', 'leave a', 'file z', 'leave '])
  assert.deepEqual(
    gaps.map(({ kind, what }) => `${kind} ${what}`),
    ['vanished a/2', 'vanished a/deep', 'vanished a'],
  )
})
