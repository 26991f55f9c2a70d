import { test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Fault, isFault } from '#base/fault.ts'
import { systemClock } from '#base/clock.ts'
import type { BlobId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import { MiB } from '#base/units.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import { madeNode } from '#engine/made-node.ts'
import type { WriteSession } from '#engine/repository/repository.ts'
import { memory } from '#engine/storage/memory.ts'
import type { Entry, FileEntry, Gap } from '#engine/sources/source.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { newRepository } from '#test/support/repository.ts'
import { walk } from './walk.ts'

const at = new Date('2026-01-02T03:04:05Z')

function node(name: string, fields: Partial<TreeNode> = {}): TreeNode {
  return { ...madeNode(at), name: byteStringOf(name), type: 'file', mode: 0o640, ...fields }
}

function file(name: string, text: string, fields: Partial<FileEntry> = {}): FileEntry {
  return {
    kind: 'file',
    node: node(name, { sizeBytes: text.length, links: 2, inode: 7n }),
    async *open() {
      yield Buffer.from(text)
    },
    settle: async () => ({ state: 'unchanged' }),
    ...fields,
  }
}

const options = (session: WriteSession) => ({
  source: 'test',
  session,
  before: undefined,
  width: 4,
  capturedAt: at,
  onGap: (gap: Gap) => assert.fail(gap.detail),
  onFile: () => {},
  onBytes: () => {},
  signal: AbortSignal.timeout(60_000),
})

test('a link has the content of the file it names, wherever in the tree that one stands', async () => {
  async function* entries(): AsyncGenerator<Entry> {
    yield { kind: 'enter', name: byteStringOf('folder') }
    yield file('first', 'the content', { isLinkTarget: true })
    yield { kind: 'leave', node: node('folder', { type: 'dir' }) }
    yield { kind: 'link', node: node('second', { links: 2, inode: 7n }), target: byteStringOf('folder/first') }
  }
  await using repository = await newRepository(memory(systemClock))
  const nodes = await repository.write({ compressionLevel: 1 }, async (session) => {
    const walked = await walk(entries, options(session))
    await session.snapshot({ time: at, tree: walked.subtree, paths: ['/'], hostname: '', username: '', tags: [] })
    return await repository.tree(walked.subtree)
  })
  const second = nodes.find(({ name }) => name === byteStringOf('second'))
  assert.equal(second?.sizeBytes, 11)
  assert.equal(Buffer.concat(await Array.fromAsync(repository.read(second.content ?? []))).toString(), 'the content')
})

test('a source that waits for its entry to be read is told when that will never be', async () => {
  async function* entries(signal: AbortSignal): AsyncGenerator<Entry> {
    const failing = new Fault('DAMAGE_TREE', 'it cannot be read')
    yield file('one', 'x', { open: () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(failing) }) }) })
    await systemClock.sleep(60_000, signal)
  }
  await using repository = await newRepository(memory(systemClock))
  const stored = repository.write({ compressionLevel: 1 }, async (session) => await walk(entries, options(session)))
  await assert.rejects(stored, (error) => isFault(error, 'DAMAGE_TREE'))
})

test('an unchanged file is taken over with its attributes and not looked at; without the backup before being whole it is', async () => {
  await using repository = await newRepository(memory(systemClock))
  const xattrs = [{ name: byteStringOf('user.patient-id'), value: Buffer.from('17') }]
  for (const isBeforeWhole of [true, false]) {
    await repository.write({ compressionLevel: 1 }, async (session) => {
      const { content } = await session.content([Buffer.from(`stored before ${String(isBeforeWhole)}`)])
      const seen = ['same', 'written', 'touched', 'moved', 'unknown'].map((name) =>
        node(name, { sizeBytes: 5, inode: 3n, mtimeNs: 5n, ctimeNs: 6n }),
      )
      const before = new Map(seen.slice(0, 4).map((one) => [one.name, { ...one, xattrs, content }]))
      const changes: Record<string, Partial<TreeNode>> = { written: { mtimeNs: 9n }, touched: { ctimeNs: 9n }, moved: { inode: 9n } }
      const lookedAt: string[] = []
      async function* entries(): AsyncGenerator<Entry> {
        for (const one of seen) {
          const bareNode = { ...one, ...changes[one.name] }
          yield {
            ...file(one.name, 'whole'),
            bareNode,
            get node() {
              lookedAt.push(one.name)
              return { ...bareNode, user: 'looked at' }
            },
            readWhole: () => ({ node: bareNode, bytes: Buffer.from('whole') }),
          }
        }
      }
      const folder = { listing: async () => ({ id: undefined, nodes: before }), folder: () => folder }
      const walked = await walk(entries, { ...options(session), before: folder, isBeforeWhole })
      await session.snapshot({ time: at, tree: walked.subtree, paths: ['/'], hostname: '', username: '', tags: [] })
      const same = (await repository.tree(walked.subtree)).filter((one) => one.content?.[0] === content[0])
      assert.deepEqual(
        same.map(({ name }) => name),
        ['same'],
      )
      assert.deepEqual(lookedAt, isBeforeWhole ? [] : ['same'])
      assert.deepEqual(
        same[0]!.xattrs?.map(({ name }) => name),
        isBeforeWhole ? ['user.patient-id'] : undefined,
      )
    })
  }
})

test('a folder is listed anew if anything of an entry differs, and stays what it was if nothing does', async () => {
  const changesOf = (content: readonly BlobId[], subtree: BlobId): Partial<TreeNode>[] => [
    { name: byteStringOf('other') },
    { type: 'fifo' },
    { mode: 0o600 },
    { mtimeNs: 1n },
    { atimeNs: 1n },
    { ctimeNs: 1n },
    { uid: 5 },
    { gid: 5 },
    { user: 'nurse' },
    { group: 'ward' },
    { inode: 5n },
    { deviceId: 5n },
    { links: 5 },
    { linkTarget: byteStringOf('elsewhere') },
    { device: 5n },
    { sizeBytes: 5 },
    { content },
    { subtree },
    { xattrs: [{ name: byteStringOf('user.ward'), value: Buffer.from('3') }] },
    { holes: [[0, 4096]] },
  ]
  const link = node('link', { type: 'symlink', linkTarget: byteStringOf('here'), device: 1n })
  const listed = async (session: WriteSession, nodes: readonly TreeNode[], before?: readonly TreeNode[]) => {
    async function* entries(): AsyncGenerator<Entry> {
      for (const one of nodes) yield { kind: 'special', node: one }
    }
    const id = before && (await session.tree(before))
    const folder = { listing: async () => ({ id, nodes: new Map(before?.map((one) => [one.name, one])) }), folder: () => folder }
    return (await walk(entries, { ...options(session), before: folder })).subtree
  }
  await using repository = await newRepository(memory(systemClock))
  await repository.write({ compressionLevel: 1 }, async (session) => {
    const { content } = await session.content([Buffer.from('of a file')])
    const changes = changesOf(content, await session.tree([]))
    for (const [one, before] of [
      ...changes.map((change) => [[{ ...link, ...change }], [link]] as const),
      ...changes.map((change) => [[link], [{ ...link, ...change }]] as const),
      [[link, node('more', { type: 'fifo' })], [link]] as const,
      [[link], [link, node('more', { type: 'fifo' })]] as const,
    ]) {
      const anew = await listed(session, one)
      assert.equal(await listed(session, one, before), anew)
      assert.notEqual(await session.tree(before), anew)
    }
    const before = await session.tree([link])
    const { newBlobs } = session.statistics
    assert.equal(await listed(session, [link], [link]), before)
    assert.equal(session.statistics.newBlobs, newBlobs)
    await session.snapshot({ time: at, tree: before, paths: ['/'], hostname: '', username: '', tags: [] })
  })
})

test('what a source makes itself, as the rows of a table that grows, is cut fine', async () => {
  const bytes = randomBytes(10 * MiB)
  async function* entries(): AsyncGenerator<Entry> {
    const name = byteStringOf('000000.copy')
    yield {
      kind: 'stream',
      name,
      mode: 0o640,
      open: () =>
        (async function* () {
          yield bytes
        })(),
    }
  }
  await using repository = await newRepository(memory(systemClock))
  const [stored] = await repository.write({ compressionLevel: 1 }, async (session) => {
    const { subtree } = await walk(entries, options(session))
    await session.snapshot({ time: at, tree: subtree, paths: ['/'], hostname: '', username: '', tags: [] })
    return await repository.tree(subtree)
  })
  assert.ok(stored!.content!.length > bytes.byteLength / limits.chunkSizeBytesMin, String(stored!.content!.length))
})
