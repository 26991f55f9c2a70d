import { after, before, test } from 'node:test'
import { strict as assert } from 'node:assert'
import { appendFile, chmod, mkdir, rename, stat, symlink, truncate, unlink, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { systemClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { run } from '#host/run.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import type { Capture, Entry, FileEntry, Gap } from '#engine/sources/source.ts'
import { captureFiles } from './capture.ts'
import type { RootSection } from './root-section.ts'
import { entriesToMemory, testContext } from '#test/support/entries-to-memory.ts'
import { sharedFolder } from '#test/support/shared.ts'
import { mounted, workshop, type Workshop } from '#test/support/workshop.ts'

async function capture(
  root: string,
  gaps: Gap[] = [],
  order: { exclude?: string[]; newerThan?: Date[] } = {},
): Promise<Capture<RootSection>> {
  return await captureFiles({ name: 'uploads', root, newerThan: [], ...order }, testContext(gaps))
}

async function entriesOf(captured: Capture<RootSection>): Promise<Entry[]> {
  return await Array.fromAsync(captured.entries())
}

async function contentOf(entry: FileEntry): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of entry.open()) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}

function fileEntry(entries: readonly Entry[], name: string): FileEntry {
  const found = entries.find((entry) => entry.kind === 'file' && entry.node.name === byteStringOf(name))
  assert(found?.kind === 'file', `${name} is an entry`)
  return found
}

test('a tree comes depth first, in byte order, framed by enter and leave, its own node last', async () => {
  await using shop = await workshop()
  await mkdir(shop.at('b'))
  await writeFile(shop.at('b', 'x'), '1')
  await writeFile(shop.at('a'), '2')
  await symlink('a', shop.at('é'))
  await using captured = await capture(shop.folder)
  const entries = await entriesOf(captured)
  assert.deepEqual(
    entries.map((entry) => `${entry.kind} ${'node' in entry ? entry.node.name : 'name' in entry ? entry.name : ''}`),
    ['file a', 'enter b', 'file x', 'leave b', `special ${byteStringOf('é')}`, 'leave '],
  )
  const section = await captured.section()
  assert.deepEqual([section.files, section.directories, section.specials, section.bytes], [2, 1, 1, 2])
})

let hardTree: Workshop

before(async () => {
  hardTree = await workshop()
  await run('bash', [path.join(sharedFolder(), 'cases/hard-tree.sh'), hardTree.folder])
})

after(async () => {
  await hardTree[Symbol.asyncDispose]()
})

test('everything of the hard tree is seen: counts are those of find', async () => {
  const shop = hardTree
  const gaps: Gap[] = []
  await using captured = await capture(shop.folder, gaps)
  const stored = await entriesToMemory(captured, (gap) => gaps.push(gap))
  const section = await captured.section()
  const count = async (...tests: string[]) => (await run('find', [shop.folder, '-mindepth', '1', ...tests, '-printf', '.'])).stdout.length
  assert.equal(section.files, await count('-type', 'f'))
  assert.equal(section.directories, await count('-type', 'd'))
  assert.equal(section.specials, await count('-not', '-type', 'f', '-not', '-type', 'd'))
  const sizes = (await run('find', [shop.folder, '-type', 'f', '-printf', '%s\n'])).stdout.trim().split('\n')
  assert.equal(
    section.bytes,
    sizes.reduce((sum, size) => sum + Number(size), 0),
  )
  assert.deepEqual(gaps, [])
  assert.ok(stored.blobs.size < 2100, 'holes are one piece')
})

test('nodes keep nanoseconds before 1970, every mode bit, owners, link targets, devices, xattrs, holes', async () => {
  await using captured = await capture(hardTree.at('hard'))
  const nodes = new Map<string, TreeNode>()
  for (const entry of await entriesOf(captured)) if ('node' in entry) nodes.set(entry.node.name, entry.node)
  const node = (name: string) => nodes.get(name)!
  assert.equal(node('t-1950').mtimeNs, -631151999500000000n)
  assert.equal(node('setuid').mode, 0o4755)
  assert.deepEqual([node('own-unknown').uid, node('own-unknown').user], [54321, ''])
  assert.equal(node('setuid').user, 'root')
  assert.equal(node('sym-long').linkTarget?.length, 4000)
  assert.equal(node('chardev').device, 0x103n)
  assert.equal(node('hl-a').inode, node('hl-c').inode)
  assert.equal(node('hl-a').links, 3)
  assert.deepEqual(
    node('xattr').xattrs?.map(({ name }) => name),
    ['user.bin', 'user.empty', 'user.patient-id'].concat(node('xattr').xattrs?.length === 4 ? ['user.big'] : []).toSorted(),
  )
  assert.ok(node('acl').xattrs?.some(({ name }) => name === 'system.posix_acl_access'))
  assert.ok(node('cap').xattrs?.some(({ name }) => name === 'security.capability'))
  assert.deepEqual(node('all-hole').holes, [[0, 65536]])
  assert.equal(node('sparse-1g').holes?.length, 3)
  assert.equal(node('real-zeros').holes, undefined)
})

test('reading alone makes no tree another one: times of access are left out, as restic leaves them', async () => {
  await using shop = await workshop()
  await mkdir(shop.at('b'))
  await writeFile(shop.at('b', 'x'), '1')
  const nodes = async () => {
    await using captured = await capture(shop.folder)
    return (await entriesOf(captured)).flatMap((entry) => ('node' in entry ? [{ ...entry.node, ctimeNs: 0n }] : []))
  }
  const first = await nodes()
  for (const place of [shop.at('b'), shop.at('b', 'x')]) await utimes(place, new Date(0), (await stat(place)).mtime)
  const again = await nodes()
  assert.deepEqual(
    again.map(({ name, atimeNs, mtimeNs }) => [name, atimeNs === mtimeNs]),
    first.map(({ name }) => [name, true]),
  )
})

test('a root that is missing, a file, a symlink or closed is its own fault', async () => {
  await using shop = await workshop()
  await writeFile(shop.at('file'), '')
  await symlink(shop.folder, shop.at('link'))
  await assert.rejects(capture(shop.at('nothing')), (error) => isFault(error, 'ROOT_NOT_FOUND'))
  await assert.rejects(capture(shop.at('file', 'below')), (error) => isFault(error, 'ROOT_NOT_FOUND'))
  await assert.rejects(capture(shop.at('file')), (error) => isFault(error, 'ROOT_NOT_DIRECTORY'))
  await assert.rejects(capture(`${shop.at('link')}/`), (error) => isFault(error, 'ROOT_SYMLINK'))
})

test('a file appended to while it is read is changed, then read whole', async () => {
  await using shop = await workshop()
  await writeFile(shop.at('log'), 'one')
  await using captured = await capture(shop.folder)
  const entry = fileEntry(await entriesOf(captured), 'log')
  for await (const chunk of entry.open()) {
    assert.equal(Buffer.from(chunk).toString(), 'one')
    await appendFile(shop.at('log'), 'two')
  }
  const settled = await entry.settle()
  assert.equal(settled.state, 'changed')
  assert.equal(await contentOf(entry), 'onetwo')
  assert.deepEqual(await entry.settle(), { state: 'unchanged' })
  assert.deepEqual([(await captured.section()).files, (await captured.section()).bytes], [1, 6])
})

test('INV-602 a write of the same length that puts mtime back is still seen, by ctime', async () => {
  await using shop = await workshop()
  const file = shop.at('record')
  await writeFile(file, 'aaa')
  await utimes(file, 1_000_000, 1_000_000)
  await using captured = await capture(shop.folder)
  const entry = fileEntry(await entriesOf(captured), 'record')
  await contentOf(entry)
  await writeFile(file, 'bbb')
  await utimes(file, 1_000_000, 1_000_000)
  assert.equal((await entry.settle()).state, 'changed')
})

test('INV-602 a file younger than a kernel tick is read once it is older', async () => {
  await using shop = await workshop()
  await writeFile(shop.at('record'), 'aaa')
  const changedAt = (await stat(shop.at('record'))).ctimeMs
  const slept: number[] = []
  const clock = {
    ...systemClock,
    now: () => new Date(Math.floor(changedAt) + 5),
    sleep: async (durationMs: number) => void slept.push(durationMs),
  }
  await using captured = await captureFiles({ name: 'uploads', root: shop.folder, newerThan: [] }, { ...testContext(), clock })
  const entry = fileEntry(await entriesOf(captured), 'record')
  assert.equal(entry.readWhole?.(), undefined)
  await contentOf(entry)
  assert.deepEqual(slept, [15])
})

test('INV-602 a small file is read as a whole only while it is the one that the walk saw', async () => {
  await using shop = await workshop()
  const names = ['as-it-was', 'grown', 'rewritten', 'replaced', 'renamed', 'gone', 'link', 'zlarge']
  for (const name of names) await writeFile(shop.at(name), name === 'zlarge' ? Buffer.alloc(300_000) : 'content')
  await systemClock.sleep(30)
  const disturb: Record<string, () => Promise<void>> = {
    grown: () => appendFile(shop.at('grown'), '+'),
    rewritten: async () => {
      const { atime, mtime } = await stat(shop.at('rewritten'))
      await writeFile(shop.at('rewritten'), 'CONTENT')
      await utimes(shop.at('rewritten'), atime, mtime)
    },
    replaced: async () => {
      await writeFile(shop.at('other'), 'CONTENT')
      await rename(shop.at('other'), shop.at('replaced'))
    },
    renamed: () => rename(shop.at('renamed'), shop.at('elsewhere')),
    gone: () => unlink(shop.at('gone')),
    link: async () => {
      await unlink(shop.at('link'))
      await symlink('as-it-was', shop.at('link'))
    },
  }
  await using captured = await capture(shop.folder)
  const whole: string[] = []
  let kept: FileEntry | undefined
  for await (const entry of captured.entries()) {
    if (entry.kind !== 'file') continue
    kept ??= entry
    await disturb[entry.node.name]?.()
    const read = entry.readWhole?.()
    if (read && names.includes(entry.node.name)) whole.push(`${entry.node.name} ${Buffer.from(read.bytes).toString()}`)
  }
  assert.deepEqual(whole, ['as-it-was content'])
  assert.ok(kept?.readWhole?.())
})

test('a file that is cut, removed or replaced while read is told apart', async () => {
  await using shop = await workshop()
  for (const name of ['cut', 'gone', 'replaced', 'linked']) await writeFile(shop.at(name), 'content')
  await using captured = await capture(shop.folder)
  const entries = await entriesOf(captured)
  await truncate(shop.at('cut'), 3)
  assert.equal(await contentOf(fileEntry(entries, 'cut')), 'con')
  assert.equal((await fileEntry(entries, 'cut').settle()).state, 'changed')
  await contentOf(fileEntry(entries, 'gone'))
  await unlink(shop.at('gone'))
  assert.equal((await fileEntry(entries, 'gone').settle()).state, 'vanished')
  await writeFile(shop.at('new'), 'other')
  await rename(shop.at('new'), shop.at('replaced'))
  assert.equal(await contentOf(fileEntry(entries, 'replaced')), 'other')
  assert.equal((await fileEntry(entries, 'replaced').settle()).state, 'changed')
  await unlink(shop.at('linked'))
  await symlink('/etc/passwd', shop.at('linked'))
  await assert.rejects(contentOf(fileEntry(entries, 'linked')), { code: 'ELOOP' })
  assert.equal((await captured.section()).files, 3)
})

test('INV-604 a directory exchanged for a symlink is not followed', async () => {
  await using shop = await workshop()
  const root = shop.at('root')
  await mkdir(path.join(root, 'inside'), { recursive: true })
  await mkdir(shop.at('outside'))
  await writeFile(path.join(root, 'inside', 'file'), 'ours')
  await writeFile(shop.at('outside', 'file'), 'secret')
  await using captured = await capture(root)
  const entry = fileEntry(await entriesOf(captured), 'file')
  await rename(path.join(root, 'inside'), path.join(root, 'moved'))
  await symlink('../outside', path.join(root, 'inside'))
  await assert.rejects(contentOf(entry), (error: NodeJS.ErrnoException) => ['ELOOP', 'ENOTDIR'].includes(error.code ?? ''))
  assert.equal((await entry.settle()).state, 'vanished')
})

test('INV-603 SAFETY rule 16: a directory that changed since it was listed is listed again', async () => {
  await using shop = await workshop()
  await writeFile(shop.at('m'), '1')
  await writeFile(shop.at('z'), '1')
  const gaps: Gap[] = []
  await using captured = await capture(shop.folder, gaps)
  const names: string[] = []
  for await (const entry of captured.entries()) {
    if (entry.kind !== 'file') continue
    names.push(entry.node.name)
    if (entry.node.name === 'm') {
      await writeFile(shop.at('a'), 'came late')
      await unlink(shop.at('z'))
    }
  }
  assert.deepEqual(names, ['m', 'a'])
  assert.deepEqual(
    gaps.map(({ kind, what }) => `${kind} ${what}`),
    ['vanished z'],
  )
})

test('SAFETY rule 16: a directory that never comes to rest is named as a gap', async () => {
  await using shop = await workshop()
  await writeFile(shop.at('f0'), '')
  const gaps: Gap[] = []
  await using captured = await capture(shop.folder, gaps)
  let count = 0
  for await (const entry of captured.entries()) {
    if (entry.kind === 'file') await writeFile(shop.at(`f${(count += 1)}`), '')
  }
  assert.equal(count, 3)
  assert.deepEqual(
    gaps.map(({ kind, what }) => `${kind} ${what}`),
    ['changed .'],
  )
})

test('SAFETY rule 16: entries changed after the instant of the databases are counted and named', async () => {
  await using shop = await workshop()
  await writeFile(shop.at('file'), '')
  await using later = await capture(shop.folder, [], { newerThan: [new Date(new Date().getTime() + 3_600_000)] })
  await entriesOf(later)
  assert.equal((await later.section()).newer.count, 0)
  await using earlier = await capture(shop.folder, [], { newerThan: [new Date(), new Date(new Date().getTime() - 3_600_000)] })
  await entriesOf(earlier)
  assert.deepEqual((await earlier.section()).newer, { count: 1, paths: ['file'] })
})

test('INV-605 what the settings leave out, and what restores leave behind, stays out and is named', async () => {
  await using shop = await workshop()
  const own = '.integrum-0123456789ab-kept'
  for (const folder of [own, 'cache', 'deep/cache', 'deep/er']) await mkdir(shop.at(folder), { recursive: true })
  for (const file of ['a.tmp', 'deep/a.tmp', 'deep/er/a.tmp', 'deep/[x]', 'cache/x', 'deep/cache/x', `${own}/x`])
    await writeFile(shop.at(file), '')
  await using captured = await capture(shop.folder, [], { exclude: ['*.tmp', '/cache/', 'deep/**/a.tm?', 'deep/[x]'] })
  const names = (await entriesOf(captured)).flatMap((entry) => (entry.kind === 'file' ? [entry.node.name] : []))
  assert.deepEqual(names, ['x'])
  const { exactness } = await captured.section()
  assert.deepEqual(
    exactness.map(({ what }) => what).filter((what) => !what.startsWith('times of access')),
    ['excluded entries: 5, first a.tmp, cache, deep/[x]', `staging and kept directories of Integrum: 1, first ${own}`],
  )
})

test('a socket is kept as a node and named as not to be restored', async () => {
  await using shop = await workshop()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(shop.at('socket'), resolve))
  await using captured = await capture(shop.folder)
  const entries = await entriesOf(captured)
  server.close()
  assert.equal(entries[0]?.kind === 'special' && entries[0].node.type, 'socket')
  const { exactness } = await captured.section()
  assert.match(exactness[0]?.what ?? '', /^sockets: 1, first socket$/)
  assert.match(exactness[1]?.what ?? '', /^times of access, change and birth; attributes of chattr/)
})

test('a file system mounted below is walked and named, a kernel one is not walked', async () => {
  await using shop = await workshop()
  for (const folder of ['disk', 'kernel']) await mkdir(shop.at(folder))
  await using _disk = await mounted(shop.at('disk'))
  assert.equal((await run('mount', ['-t', 'proc', 'none', shop.at('kernel')])).exitCode, 0)
  await using _kernel = { [Symbol.asyncDispose]: async () => void (await run('umount', [shop.at('kernel')])) }
  await writeFile(shop.at('disk', 'file'), '')
  await using captured = await capture(shop.folder)
  const entries = await entriesOf(captured)
  assert.equal(fileEntry(entries, 'file').node.sizeBytes, 0)
  assert.equal(entries.length, 6)
  const { exactness, isMountPoint } = await captured.section()
  assert.deepEqual(
    [isMountPoint, exactness.map(({ what }) => what).filter((what) => !what.startsWith('times of access'))],
    [false, ['mounted file systems: 2, first disk, kernel', 'kernel file systems: 1, first kernel']],
  )
  await using disk = await capture(shop.at('disk'))
  await entriesOf(disk)
  assert.equal((await disk.section()).isMountPoint, true)
})

test('a tree deeper than PATH_MAX is walked and read', async () => {
  await using shop = await workshop()
  await run('python3', [
    '-c',
    'import os,sys\nos.chdir(sys.argv[1])\nfor i in range(40):\n  os.mkdir("d"*200); os.chdir("d"*200)\nopen("file","w").write("deep")',
    shop.folder,
  ])
  await using captured = await capture(shop.folder)
  const entry = fileEntry(await entriesOf(captured), 'file')
  assert.equal(await contentOf(entry), 'deep')
  assert.deepEqual(await entry.settle(), { state: 'unchanged' })
})

test('a cancelled walk ends with CANCELLED and closes what it opened', async () => {
  await using shop = await workshop()
  await mkdir(shop.at('a', 'b'), { recursive: true })
  const stop = new AbortController()
  await using captured = await captureFiles({ name: 'uploads', root: shop.folder, newerThan: [] }, testContext([], stop.signal))
  await assert.rejects(
    async () => {
      for await (const entry of captured.entries()) if (entry.kind === 'enter') stop.abort()
    },
    (error) => isFault(error, 'CANCELLED'),
  )
})

test('INV-601 an unprivileged reader gets what it may read, the rest is gaps', async () => {
  await using shop = await workshop()
  await chmod(shop.folder, 0o755)
  for (const folder of ['open', 'closed']) await mkdir(shop.at(folder))
  await writeFile(shop.at('open', 'yes'), 'yes')
  await writeFile(shop.at('open', 'no'), 'no')
  await writeFile(shop.at('closed', 'x'), '')
  await chmod(shop.at('open', 'no'), 0)
  await chmod(shop.at('closed'), 0)
  const child = path.resolve(import.meta.dirname, '../../../../test/support/files-child.ts')
  const asNobody = async (root: string) => (await run(process.execPath, [child, 'capture', root], { uid: 65534, gid: 65534 })).stdout
  assert.equal(await asNobody(shop.folder), 'files=1 directories=2\nunreadable closed\nunreadable open/no\n')
  assert.equal(await asNobody(shop.at('closed')), 'ROOT_DENIED\n')
})
