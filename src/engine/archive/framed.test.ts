import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isFault } from '#base/fault.ts'
import type { FaultCode } from '#base/fault-codes.ts'
import { byteStringOf, type ByteString } from '#engine/byte-string.ts'
import { framed } from './framed.ts'
import { LinkTargets } from './link-targets.ts'
import type { TarEntry } from './tar-reader.ts'

function entry(path: string, type: TarEntry['type'] = 'file', fields: Partial<TarEntry> = {}): TarEntry {
  return {
    path: byteStringOf(path),
    type,
    mode: 0o640,
    uid: 0,
    gid: 0,
    user: '',
    group: '',
    mtimeNs: 0n,
    sizeBytes: 0,
    position: 0,
    content: async function* () {},
    sha256Before: () => '',
    ...fields,
  }
}

async function walked(...entries: TarEntry[]): Promise<string[]> {
  async function* all() {
    yield* entries
  }
  const steps = await Array.fromAsync(framed(all()))
  return steps.map(({ kind, path }) => `${kind} ${path}`)
}

function refused(code: FaultCode, ...entries: TarEntry[]): Promise<void> {
  return assert.rejects(walked(...entries), (error) => isFault(error, code))
}

test('members become folders that are entered and left once, also where a directory has no member or comes after its content', async () => {
  const steps = await walked(
    entry('./', 'dir'),
    entry('./a/b/one'),
    entry('./a/two'),
    entry('./a/', 'dir'),
    entry('three'),
    entry('c/', 'dir'),
  )
  assert.deepEqual(steps, [
    'enter a',
    'enter a/b',
    'member a/b/one',
    'leave a/b',
    'member a/two',
    'leave a',
    'member three',
    'enter c',
    'leave c',
    'leave ',
  ])
})

test('INV-707 no path leads out of the archive', async () => {
  for (const path of ['../x', 'a/../../x', '/etc/passwd', 'a/..', '..']) await refused('ARCHIVE_UNSAFE', entry(path))
  await refused('ARCHIVE_UNSAFE', entry('x'.repeat(256)))
  await refused('ARCHIVE_UNSAFE', entry('d/'.repeat(10_000)))
  await refused('ARCHIVE_UNSAFE', entry('a\0b'))
  await refused('ARCHIVE_UNSAFE', entry('.', 'file'))
})

test('INV-707 nothing is written through a symlink, and nothing is there twice', async () => {
  await refused('ARCHIVE_UNSAFE', entry('out', 'symlink', { linkTarget: '/etc' as ByteString }), entry('out/passwd'))
  await refused('ARCHIVE_UNSAFE', entry('file'), entry('file/below'))
  await refused('ARCHIVE_UNSAFE', entry('one'), entry('./one'))
  await refused('ARCHIVE_UNSAFE', entry('d/', 'dir'), entry('d/x'), entry('d/', 'dir'))
  await refused('ARCHIVE_UNSAFE', entry('d/', 'dir'), entry('y'), entry('d'))
  await refused('ARCHIVE_ORDER', entry('a/1'), entry('b/1'), entry('a/2'))
})

test('INV-707 a hard link names a member that came before it, nothing outside', () => {
  const links = new LinkTargets()
  for (const target of ['../../etc/passwd', '/etc/passwd', 'self']) {
    const path = byteStringOf('self')
    assert.throws(
      () => links.add(path, entry('self', 'link', { linkTarget: byteStringOf(target) })),
      (error) => isFault(error, 'ARCHIVE_UNSAFE'),
    )
  }
  links.add(byteStringOf('b'), entry('b', 'link', { linkTarget: byteStringOf('./a') }))
  links.add(byteStringOf('c'), entry('c', 'link', { linkTarget: byteStringOf('b') }))
  assert.equal(links.of(byteStringOf('a'))?.links, 3)
  assert.throws(
    () => links.targetOf(byteStringOf('c')),
    (error) => isFault(error, 'ARCHIVE_UNSAFE'),
  )
})

test('more bytes than anybody backs up are refused when they are announced, not when they come', async () => {
  await refused('ARCHIVE_LIMIT', entry('x', 'file', { sizeBytes: Number.MAX_SAFE_INTEGER }))
})

test('INV-707 whatever paths come, each folder is entered and left in pairs and never left by its members', async () => {
  const part = fc.constantFrom('a', 'b', 'c', '.', '..', '')
  const path = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(path, fc.constantFrom('file' as const, 'dir' as const)), { maxLength: 8 }), async (members) => {
      async function* all() {
        for (const [name, type] of members) yield entry(name, type)
      }
      const open: string[] = ['']
      const seen = new Set<string>()
      try {
        for await (const { kind, path: where } of framed(all())) {
          if (kind === 'leave') assert.equal(open.pop(), where)
          else {
            assert.equal(seen.has(where), false)
            seen.add(where)
            assert.equal(where.includes('/') ? where.slice(0, where.lastIndexOf('/')) : '', open.at(-1))
            if (kind === 'enter') open.push(where)
          }
        }
        assert.equal(open.length, 0)
      } catch (error) {
        assert.ok(isFault(error), String(error))
      }
    }),
    { numRuns: 500 },
  )
})
