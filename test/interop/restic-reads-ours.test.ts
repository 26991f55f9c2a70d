import { test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { systemClock } from '#base/clock.ts'
import type { BlobId } from '#base/ids.ts'
import { run } from '#host/run.ts'
import { systemRandom } from '#host/random.ts'
import { byteString, byteStringOf, type ByteString } from '#engine/byte-string.ts'
import { createRepository } from '#engine/repository/create.ts'
import { openRepository } from '#engine/repository/open.ts'
import type { WriteSession } from '#engine/repository/repository.ts'
import { openLocal } from '#engine/storage/local.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { copyText, restic, scratch } from './restic.ts'

const clock = systemClock
const random = systemRandom
const password = 'interop password'

function node(name: ByteString, type: TreeNode['type'], rest: Partial<TreeNode>): TreeNode {
  const ns = 1_700_000_000_123_456_789n
  return {
    name,
    type,
    mode: type === 'dir' ? 0o750 : 0o640,
    mtimeNs: ns,
    atimeNs: ns,
    ctimeNs: ns,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    user: 'root',
    group: 'root',
    inode: 1n,
    deviceId: 1n,
    sizeBytes: 0,
    links: 1,
    ...rest,
  }
}

async function storeFile(session: WriteSession, name: ByteString, content: Buffer): Promise<TreeNode> {
  const stored = await session.content([content])
  assert.equal(stored.sizeBytes, content.length)
  return node(name, 'file', { content: stored.content, sizeBytes: stored.sizeBytes })
}

async function storeDirectory(session: WriteSession, name: string, nodes: readonly TreeNode[]): Promise<TreeNode> {
  return node(byteStringOf(name), 'dir', { subtree: await session.tree(nodes) })
}

async function storeSnapshot(session: WriteSession, tree: BlobId): Promise<void> {
  await session.snapshot({
    time: clock.now(),
    tree,
    paths: ['/files'],
    hostname: 'clinic',
    username: 'backup',
    tags: ['integrum', 'type=files'],
  })
}

test('Debian restic finds no error in what we wrote, lists it and restores the same bytes', async () => {
  await using place = await scratch()
  const contents = new Map<string, Buffer>([
    ['large.copy', copyText(20_000_000, 7)],
    ['random.bin', randomBytes(3_000_000)],
    ['zeros.bin', Buffer.alloc(9_000_000)],
    ['empty', Buffer.alloc(0)],
    ['Größe "日本" \\ tab\t.txt', Buffer.from('small')],
  ])
  for (let number = 0; number < 300; number += 1) contents.set(`small-${number}`, Buffer.from(`patient ${number}\n`.repeat(number)))
  const broken = byteString(Buffer.from([0x62, 0xff, 0xfe, 0x2e]))

  const storage = openLocal(place.repository)
  await createRepository(storage, password, { clock, random })
  await using repository = await openRepository(storage, password, { clock, random })
  await repository.write({ compressionLevel: 1 }, async (session) => {
    const files = await Promise.all([...contents].map(([name, content]) => storeFile(session, byteStringOf(name), content)))
    files.push(await storeFile(session, broken, Buffer.from('a name that is no UTF-8')))
    files.push(node(byteStringOf('link'), 'symlink', { mode: 0o777, linkTarget: byteString(Buffer.from([0xff, 0x41])) }))
    const sub = await storeDirectory(session, 'sub', [await storeFile(session, byteStringOf('same'), contents.get('random.bin')!)])
    await storeSnapshot(session, await session.tree([await storeDirectory(session, 'files', [...files, sub])]))
    assert.ok(session.statistics.reusedBlobs > 0)
  })

  const checked = await restic(place, password, ['check', '--read-data'])
  assert.match(checked, /no errors were found/)
  const [listed] = JSON.parse(await restic(place, password, ['snapshots', '--json'])) as {
    hostname: string
    tags: string[]
    paths: string[]
  }[]
  assert.deepEqual([listed?.hostname, listed?.tags, listed?.paths], ['clinic', ['integrum', 'type=files'], ['/files']])
  assert.match(await restic(place, password, ['ls', 'latest', '/files/sub']), /\/files\/sub\/same/)

  await restic(place, password, ['restore', 'latest', '--target', place.target])
  for (const [name, content] of contents) assert.ok((await readFile(path.join(place.target, 'files', name))).equals(content), name)
  const brokenPath = Buffer.concat([Buffer.from(path.join(place.target, 'files') + path.sep), Buffer.from(broken, 'latin1')])
  assert.equal(await readFile(brokenPath, 'utf8'), 'a name that is no UTF-8')
  const target = await run('readlink', ['-n', path.join(place.target, 'files/link')])
  assert.equal(target.exitCode, 0)
  assert.ok((await readFile(path.join(place.target, 'files/sub/same'))).equals(contents.get('random.bin')!))
})

test('restic opens with the recovery key as its password', async () => {
  await using place = await scratch()
  const { recoveryKey } = await createRepository(openLocal(place.repository), password, { clock, random })
  assert.match(await restic(place, recoveryKey, ['check']), /no errors were found/)
})

test('restic backs up into a repository of ours, dedups its trees, prunes it, and we still read everything', async () => {
  await using place = await scratch()
  const storage = openLocal(place.repository)
  await createRepository(storage, password, { clock, random })
  const source = path.join(place.root, 'source')
  await mkdir(source)
  await writeFile(path.join(source, 'a.txt'), 'from restic')
  await restic(place, password, ['backup', source])
  {
    await using repository = await openRepository(storage, password, { clock, random })
    await repository.write({ compressionLevel: 3 }, async (session) => {
      await storeSnapshot(session, await session.tree([await storeFile(session, byteStringOf('b.txt'), copyText(3_000_000, 3))]))
    })
  }
  await restic(place, password, ['prune', '--max-unused', '0', '--repack-small'])
  await using repository = await openRepository(storage, password, { clock, random })
  const snapshots = await repository.snapshots()
  assert.equal(snapshots.length, 2)
  const ours = snapshots.find((snapshot) => snapshot.hostname === 'clinic')!
  const [file] = await repository.tree(ours.tree)
  const read = Buffer.concat(await Array.fromAsync(repository.read(file!.content!)))
  assert.ok(read.equals(copyText(3_000_000, 3)))
})
