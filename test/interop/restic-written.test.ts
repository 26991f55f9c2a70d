import { test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { systemClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import type { BlobId } from '#base/ids.ts'
import { systemRandom } from '#host/random.ts'
import { bytesOf } from '#engine/byte-string.ts'
import { coreOf } from '#engine/repository/core.ts'
import { openRepository } from '#engine/repository/open.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { encodeTree } from '#engine/repository/tree.ts'
import { hash } from 'node:crypto'
import { openLocal } from '#engine/storage/local.ts'
import { copyText, restic, scratch } from './restic.ts'

const password = 'a password of restic'
const options = { clock: systemClock, random: systemRandom }

test('we open what restic wrote, read every blob of it, and write its trees again with the same hash', async () => {
  await using place = await scratch()
  const source = path.join(place.root, 'source')
  await mkdir(path.join(source, 'sub'), { recursive: true })
  const files: Record<string, Buffer> = {
    'large.copy': copyText(12_000_000, 11),
    'random.bin': randomBytes(2_500_000),
    empty: Buffer.alloc(0),
    'tab\t"quote" \\ Größe <&>.txt': Buffer.from('awkward name'),
    'sub/small': Buffer.from('small'),
  }
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(source, name), content)
  await writeFile(Buffer.concat([Buffer.from(`${source}/`), Buffer.of(0x66, 0xff, 0x6f)]), 'no UTF-8')
  await symlink('sub/small', path.join(source, 'link'))
  await link(path.join(source, 'random.bin'), path.join(source, 'sub/hard'))
  await restic(place, password, ['init', '--repository-version', '2'])
  await restic(place, password, ['backup', '--tag', 'made-by-restic', source])

  await using repository = await openRepository(openLocal(place.repository), password, options)
  const [snapshot] = await repository.snapshots()
  assert.deepEqual(snapshot!.tags, ['made-by-restic'])
  assert.deepEqual(snapshot!.paths, [source])
  const found = await filesBelow(repository, snapshot!.tree, '')
  for (const [name, content] of Object.entries(files)) {
    const read = found.get(path.join(source, name))
    assert.ok(read?.equals(content), name)
  }
  assert.equal(found.get(`${source}/f\\xffo`)?.toString(), 'no UTF-8')

  let blobs = 0
  for (const blob of coreOf(repository).index.blobs()) {
    if (blob.type === 'data') assert.equal(Buffer.concat(await Array.fromAsync(repository.read([blob.id]))).length, blob.plainSizeBytes)
    else assert.equal(hash('sha256', encodeTree(await repository.tree(blob.id)), 'hex'), blob.id)
    blobs += 1
  }
  assert.ok(blobs > 8)
})

/** Content of every file by its path, read through our own reader. Bytes that are no text are shown as escapes. */
async function filesBelow(repository: Repository, tree: BlobId, folder: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  for (const node of await repository.tree(tree)) {
    const name = `${folder}/${bytesOf(node.name).equals(Buffer.of(0x66, 0xff, 0x6f)) ? 'f\\xffo' : bytesOf(node.name).toString('utf8')}`
    if (node.subtree) for (const [below, content] of await filesBelow(repository, node.subtree, name)) files.set(below, content)
    else if (node.content) files.set(name, Buffer.concat(await Array.fromAsync(repository.read(node.content))))
  }
  return files
}

test('a repository of restic format 1 is refused by its version', async () => {
  await using place = await scratch()
  await restic(place, password, ['init', '--repository-version', '1'])
  await assert.rejects(openRepository(openLocal(place.repository), password, options), (error) => isFault(error, 'REPOSITORY_VERSION'))
  assert.ok((await readFile(path.join(place.repository, 'config'))).length > 0)
})

test('while we hold the exclusive lock restic refuses to write, and the reverse', async () => {
  await using place = await scratch()
  await restic(place, password, ['init', '--repository-version', '2'])
  await using repository = await openRepository(openLocal(place.repository), password, options)
  await repository.exclusively(async () => {
    await assert.rejects(restic(place, password, ['backup', '/etc/hostname']), /already locked exclusively/)
  })
  await repository.reading(async () => {
    await restic(place, password, ['backup', '/etc/hostname'])
    await assert.rejects(restic(place, password, ['prune']), /already locked/)
  })
  await restic(place, password, ['prune'])
})
