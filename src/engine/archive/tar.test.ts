import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import fc from 'fast-check'
import { Fault, isFault } from '#base/fault.ts'
import { run } from '#host/run.ts'
import { byteString, byteStringOf, type ByteString } from '#engine/byte-string.ts'
import { workshop } from '#test/support/workshop.ts'
import type { TarMember } from './tar-member.ts'
import { dataSpans } from './tar-member.ts'
import { deviceOf, tarEnd, tarMember } from './tar-writer.ts'
import { readTar } from './tar-reader.ts'

interface Whole {
  readonly member: TarMember
  readonly data: Buffer
}

const plain = { mode: 0o640, uid: 0, gid: 0, user: '', group: '', mtimeNs: 1_600_000_000n * 1_000_000_000n, sizeBytes: 0 }

async function pack(wholes: readonly Whole[]): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for (const { member, data } of wholes) {
    for await (const part of tarMember(member, member.type === 'file' ? chunks(withoutHoles(member, data)) : undefined)) parts.push(part)
  }
  const bytes = Buffer.concat(parts)
  return Buffer.concat([bytes, tarEnd(bytes.byteLength)])
}

async function unpack(bytes: Uint8Array, pieceBytes = 1000): Promise<Whole[]> {
  const wholes: Whole[] = []
  for await (const { content, position: _p, sha256Before: _s, ...member } of readTar(chunks(bytes, pieceBytes))) {
    const parts: Uint8Array[] = []
    for await (const part of content()) parts.push(Buffer.from(part))
    wholes.push({ member, data: Buffer.concat(parts) })
  }
  return wholes
}

async function* chunks(bytes: Uint8Array, length = 777): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += length) yield bytes.subarray(at, at + length)
}

function withoutHoles({ sizeBytes, holes = [] }: TarMember, data: Buffer): Buffer {
  return Buffer.concat(dataSpans(sizeBytes, holes).map(([offset, length]) => data.subarray(offset, offset + length)))
}

const byteArray = (minLength: number, maxLength: number) =>
  fc.array(fc.integer({ min: 1, max: 255 }), { minLength, maxLength }).map((bytes) => byteString(Uint8Array.from(bytes)))
const name = byteArray(1, 40).map((text) => text.replaceAll('/', '_') as ByteString)
const path = fc.array(name, { minLength: 1, maxLength: 60 }).map((parts) => parts.join('/') as ByteString)
const owner = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !text.includes('\0'))
const time = fc.bigInt({ min: -5_000_000_000n * 1_000_000_000n, max: 20_000_000_000n * 1_000_000_000n })
const common = fc.record({
  path,
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.integer({ min: 0, max: 2 ** 32 - 2 }),
  gid: fc.integer({ min: 0, max: 2 ** 32 - 2 }),
  user: owner,
  group: owner,
  mtimeNs: time,
  atimeNs: time,
  ctimeNs: time,
  xattrs: fc.uniqueArray(
    fc.record(
      { name: byteArray(1, 60), value: fc.uint8Array({ maxLength: 300 }).map((value) => Buffer.from(value)) },
      { noNullPrototype: true },
    ),
    {
      minLength: 1,
      maxLength: 3,
      selector: ({ name: attribute }) => attribute,
    },
  ),
})
const file = fc
  .tuple(common, fc.uint8Array({ maxLength: 5000 }), fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 8 }))
  .map(([fields, bytes, cuts]): Whole => {
    const data = Buffer.from(bytes)
    const holes: [number, number][] = []
    const edges = [...new Set(cuts.filter((cut) => cut <= data.byteLength))].toSorted((a, b) => a - b)
    for (let index = 0; index + 1 < edges.length; index += 2) holes.push([edges[index]!, edges[index + 1]! - edges[index]!])
    for (const [offset, length] of holes) data.fill(0, offset, offset + length)
    return { member: { ...fields, type: 'file', sizeBytes: data.byteLength, ...(holes.length > 0 && { holes }) }, data }
  })
const other = fc.oneof(
  fc.tuple(common, path).map(([fields, linkTarget]): TarMember => ({ ...fields, type: 'symlink', linkTarget, sizeBytes: 0 })),
  fc.tuple(common, path).map(([fields, linkTarget]): TarMember => ({ ...fields, type: 'link', linkTarget, sizeBytes: 0 })),
  fc
    .tuple(common, fc.constantFrom('dir' as const, 'fifo' as const))
    .map(([fields, type]): TarMember => ({ ...fields, type, sizeBytes: 0 })),
  fc
    .tuple(common, fc.constantFrom('dev' as const, 'chardev' as const), fc.nat({ max: 4095 }), fc.nat({ max: 0xf_ffff }))
    .map(([fields, type, major, minor]): TarMember => ({ ...fields, type, device: deviceOf(major, minor), sizeBytes: 0 })),
)
const whole = fc.oneof(
  file,
  other.map((member): Whole => ({ member, data: Buffer.alloc(0) })),
)

function sorted({ member, data }: Whole): Whole {
  const { atimeNs, ctimeNs, xattrs = [], ...rest } = member
  return {
    member: {
      ...rest,
      ...(atimeNs !== undefined && atimeNs !== member.mtimeNs && { atimeNs }),
      ...(ctimeNs !== undefined && ctimeNs !== member.mtimeNs && { ctimeNs }),
      xattrs: xattrs.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    },
    data,
  }
}

test('INV-701 whatever is written is read back: bytes of names, times to the nanosecond, attributes, holes, devices', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(whole, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 3000 }), async (wholes, pieceBytes) => {
      assert.deepEqual((await unpack(await pack(wholes), pieceBytes)).map(sorted), wholes.map(sorted))
    }),
    { numRuns: 150 },
  )
})

test('INV-702 a tar cut anywhere is a fault, and altered bytes never are anything but a fault or another tar', async () => {
  const bytes = await pack(fc.sample(whole, { numRuns: 8, seed: 5 }))
  const end = bytes.byteLength - tarEnd(0).byteLength
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: Math.max(1, end) }), async (length) => {
      await assert.rejects(unpack(bytes.subarray(0, length)), (error) => isFault(error, length < 512 ? 'ARCHIVE_FORMAT' : 'DAMAGE_ARCHIVE'))
    }),
    { numRuns: 150 },
  )
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: bytes.byteLength - 1 }), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
      const altered = Buffer.from(bytes)
      altered[at]! ^= mask
      try {
        await unpack(altered)
      } catch (error) {
        assert.ok(error instanceof Fault, String(error))
      }
    }),
    { numRuns: 300 },
  )
})

test('sizes from 8 GiB on stand in an extended header, and GNU tar reads them there', async () => {
  const member: TarMember = { ...plain, path: byteStringOf('large'), type: 'file', sizeBytes: 9 * 1024 ** 3 + 5 }
  const { tarHeader } = await import('./tar-writer.ts')
  const header = tarHeader(member)
  await using place = await workshop()
  await writeFile(place.at('head.tar'), header)
  const listed = await run('tar', ['-tvf', place.at('head.tar')], { env: { LC_ALL: 'C', TZ: 'UTC', PATH: process.env['PATH'] } })
  assert.match(listed.stdout, /^-rw-r----- (0\/0|root\/root) +9663676421 2020-09-13 12:26 large$/m)
  for await (const entry of readTar(chunks(header))) {
    assert.equal(entry.sizeBytes, member.sizeBytes)
    break
  }
})

test('the SHA-256 before an entry is that of all bytes before its first header', async () => {
  const bytes = await pack(fc.sample(file, { numRuns: 5, seed: 7 }))
  let entries = 0
  for await (const { position, sha256Before } of readTar(chunks(bytes), { isHashed: true })) {
    assert.equal(sha256Before(), createHash('sha256').update(bytes.subarray(0, position)).digest('hex'))
    entries += 1
  }
  assert.equal(entries, 5)
})

test('tars of GNU tar in each of its formats are read, sparse files and long names among them', async () => {
  await using place = await workshop()
  const long = `${'d'.repeat(120)}/${'e'.repeat(120)}`
  await mkdir(place.at('in', long), { recursive: true })
  await writeFile(place.at('in', long, 'file'), 'deep')
  await writeFile(place.at('in', 'small'), 'small')
  await run('truncate', ['-s', '3M', place.at('in/sparse')])
  await run(
    'bash',
    [
      '-c',
      `printf middle | dd of=sparse bs=1 seek=1500000 conv=notrunc; for i in $(seq 60); do printf x | dd of=sparse bs=1 seek=$((i*40000)) conv=notrunc; done; ln small hard; ln -s ${'t'.repeat(150)} soft; setfacl -m u:54321:rw small`,
    ],
    {
      cwd: place.at('in'),
    },
  )
  const sparse = await readFile(place.at('in/sparse'))
  for (const format of ['gnu', 'pax', 'oldgnu']) {
    const made = await run('tar', [`--format=${format}`, '--acls', '-S', '-cf', place.at('x.tar'), '-C', place.at('in'), '.'])
    assert.equal(made.exitCode, 0, made.stderr)
    const found = new Map((await unpack(await readFile(place.at('x.tar')))).map((entry) => [entry.member.path, entry]))
    assert.equal(found.get(`./${long}/file` as ByteString)?.data.toString(), 'deep')
    assert.deepEqual(found.get('./sparse' as ByteString)?.data, sparse, format)
    assert.ok((found.get('./sparse' as ByteString)?.member.holes?.length ?? 0) > 10)
    assert.equal(found.get('./soft' as ByteString)?.member.linkTarget, 't'.repeat(150))
    const [one, two] = [found.get('./small' as ByteString)!.member, found.get('./hard' as ByteString)!.member]
    assert.deepEqual([one.type, two.type].toSorted(), ['file', 'link'])
    if (format === 'pax') {
      const acl = await run('getfattr', ['--only-values', '-n', 'system.posix_acl_access', place.at('in/small')])
      const first = one.type === 'file' ? one : two
      assert.equal(Buffer.from(first.xattrs?.[0]?.value ?? []).toString('utf8'), acl.stdout)
    }
  }
})

test('members of a type that is not taken, a file that is no tar, and bytes after the end are refused by name', async () => {
  const [some] = fc.sample(file, { numRuns: 1, seed: 9 })
  const bytes = await pack([some!])
  const { tarHeader } = await import('./tar-writer.ts')
  const odd = tarHeader({ ...plain, path: byteStringOf('x'), type: 'file' })
  odd.write('V', 156, 'latin1')
  odd.fill(' ', 148, 156)
  odd.write(
    `${odd
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
    'latin1',
  )
  await assert.rejects(
    unpack(Buffer.concat([odd, tarEnd(512)])),
    (error) => isFault(error, 'ARCHIVE_FORMAT') && /type "V"/.test(error.message),
  )
  await assert.rejects(unpack(Buffer.alloc(2000, 'no tar at all ')), (error) => isFault(error, 'ARCHIVE_FORMAT'))
  await assert.rejects(unpack(Buffer.concat([bytes, Buffer.from('more')])), (error) => isFault(error, 'ARCHIVE_FORMAT'))
})
