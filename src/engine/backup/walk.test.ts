import { test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Fault, isFault } from '#base/fault.ts'
import { systemClock } from '#base/clock.ts'
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
      const folder = { nodes: async () => before, folder: () => folder }
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
