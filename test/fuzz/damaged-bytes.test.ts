import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { systemClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import type { BlobId, PackId, SnapshotId } from '#base/ids.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import { parseEnd, parseHead } from '#engine/archive/archive-document.ts'
import { parsePaxTime } from '#engine/archive/pax-records.ts'
import { parseHeader } from '#engine/archive/tar-header.ts'
import { parseManifest, printManifest, type Manifest } from '#engine/backup/manifest.ts'
import { openBlob } from '#engine/repository/blob.ts'
import { decodeDocument, decompress, encodeDocument } from '#engine/repository/compression.ts'
import { loadConfig, newConfig, saveConfig } from '#engine/repository/config.ts'
import { goQuote, goUnquote, parseGoTime } from '#engine/repository/go-json.ts'
import { decodeIndex } from '#engine/repository/index-file.ts'
import { openKey } from '#engine/repository/keys.ts'
import { listLocks } from '#engine/repository/locks.ts'
import { decodePackHeader, encodePackHeader, readPackHeader, sealPackHeader, type PackedBlob } from '#engine/repository/pack.ts'
import { parseProof } from '#engine/repository/proofs.ts'
import { readRecoveryKey } from '#engine/repository/recovery-key.ts'
import { seal, sealingKey, unseal } from '#engine/repository/seal.ts'
import { decodeSnapshot, encodeSnapshot } from '#engine/repository/snapshot.ts'
import { decodeTree, encodeTree } from '#engine/repository/tree.ts'
import { parsePlan } from '#engine/restore/plan.ts'
import { memory } from '#engine/storage/memory.ts'
import { systemRandom } from '#host/random.ts'
import { addCheapKey, smallPassword } from '#test/support/small-repository.ts'

const id = 'ab'.repeat(32)
const key = sealingKey(randomBytes(64))
const blob: PackedBlob = { id: id as BlobId, type: 'data', offset: 0, sizeBytes: 133, plainSizeBytes: 400, isCompressed: true }
const node = {
  name: byteStringOf('Größe "1".txt'),
  type: 'file',
  mode: 0o640,
  mtimeNs: 1_795_313_946_089_824_914n,
  atimeNs: 0n,
  ctimeNs: 0n,
  uid: 0,
  gid: 0,
  user: 'root',
  group: 'root',
  inode: 2n ** 63n,
  deviceId: 1n,
  sizeBytes: 3,
  links: 1,
  holes: [[0, 4096]],
  content: [id as BlobId],
} as const
const snapshot = { time: new Date(0), tree: id as BlobId, paths: ['/'], hostname: 'h', username: 'u', tags: ['integrum'], uid: 1, gid: 1 }

const manifest: Manifest = {
  format: 1,
  product: 'integrum',
  version: '1.0.0',
  backup: '12345678-1234-8234-8234-123456789abc',
  name: 'clinic',
  system: 'clinic',
  type: 'files',
  purpose: 'regular',
  hostname: 'host',
  startedAt: new Date(0).toISOString(),
  isQuiesced: false,
  compressionLevel: 1,
  databases: [],
  roots: [
    {
      name: 'files',
      path: '/srv/files',
      instant: new Date(0).toISOString(),
      isMountPoint: false,
      files: 1,
      directories: 1,
      specials: 0,
      bytes: 5,
      newer: { count: 0, paths: [] },
      exactness: [],
    },
  ],
  references: { checked: 0, dangling: 0 },
  gaps: { count: 0, first: [] },
  statistics: { readBytes: 0, newBytes: 0, newBlobs: 0, reusedBlobs: 0 },
}

interface Reader {
  readonly name: string
  /** Something that it takes, for being damaged; or the beginning of such a thing. */
  readonly sound: Uint8Array
  readonly isBeginning?: true
  readonly read: (bytes: Buffer) => unknown
  /** What it may refuse with, besides `undefined`. */
  readonly codes: RegExp
}

const text = (bytes: Buffer) => bytes.toString('utf8')
const readers: readonly Reader[] = [
  { name: 'a tree', sound: encodeTree([node]), read: (bytes) => decodeTree(bytes, id as BlobId), codes: /^DAMAGE_TREE$/ },
  {
    name: 'a snapshot',
    sound: Buffer.from(encodeSnapshot(snapshot)),
    read: (bytes) => decodeSnapshot(text(bytes), id as SnapshotId),
    codes: /^DAMAGE_SNAPSHOT$/,
  },
  {
    name: 'an index',
    sound: Buffer.from(
      `{"packs":[{"id":"${id}","blobs":[{"id":"${id}","type":"data","offset":0,"length":133,"uncompressed_length":400}]}]}`,
    ),
    read: (bytes) => decodeIndex(text(bytes), id),
    codes: /^DAMAGE_INDEX$/,
  },
  { name: 'the header of a pack', sound: encodePackHeader([blob]), read: decodePackHeader, codes: /^none$/ },
  {
    name: 'the end of a pack',
    sound: sealPackHeader(key, encodePackHeader([blob])),
    read: (bytes) => readPackHeader(key, { id: id as PackId, sizeBytes: 133 + 77 }, bytes),
    codes: /^DAMAGE_PACK$/,
  },
  { name: 'a sealed document', sound: seal(key, encodeDocument('{"a":1}')), read: (bytes) => unseal(key, bytes), codes: /^none$/ },
  { name: 'a document', sound: encodeDocument('{"a":1}'), read: decodeDocument, codes: /^none$/ },
  {
    name: 'a compressed piece',
    sound: encodeDocument('x'.repeat(400)).subarray(1),
    read: (bytes) => decompress(bytes, 400),
    codes: /^none$/,
  },
  { name: 'a quoted name', sound: Buffer.from(goQuote(node.name)), read: (bytes) => goUnquote(text(bytes)), codes: /^DAMAGE_TREE$/ },
  { name: 'a time', sound: Buffer.from('2001-09-09T03:46:40.5+02:00'), read: (bytes) => parseGoTime(text(bytes)), codes: /^none$/ },
  {
    name: 'a recovery key',
    isBeginning: true,
    sound: Buffer.from('ABCDEF-'.repeat(6)),
    read: (bytes) => readRecoveryKey(text(bytes)),
    codes: /^none$/,
  },
  { name: 'a manifest', sound: printManifest(manifest), read: parseManifest, codes: /^DAMAGE_MANIFEST$/ },
  {
    name: 'a proof',
    isBeginning: true,
    sound: Buffer.from('{"format":1,"kind":"drill"}'),
    read: (bytes) => parseProof(text(bytes), 'it'),
    codes: /^INPUT_INVALID$/,
  },
  {
    name: 'a restore plan',
    isBeginning: true,
    sound: Buffer.from('{"format":1}'),
    read: (bytes) => parsePlan(text(bytes), 'it'),
    codes: /^PLAN_INVALID$/,
  },
  {
    name: 'the head of an archive',
    isBeginning: true,
    sound: Buffer.from('{"format":1,"product":"integrum","version":"1","kind":"portable archive"}'),
    read: parseHead,
    codes: /^(DAMAGE_ARCHIVE|ARCHIVE_VERSION)$/,
  },
  { name: 'the end of an archive', isBeginning: true, sound: Buffer.from('{"files":1}'), read: parseEnd, codes: /^DAMAGE_ARCHIVE$/ },
  { name: 'a time in an archive', sound: Buffer.from('-1.5'), read: (bytes) => parsePaxTime(text(bytes)), codes: /^DAMAGE_ARCHIVE$/ },
  {
    name: 'a header of an archive',
    sound: tarBlock(),
    read: (bytes) => parseHeader(Buffer.concat([bytes, Buffer.alloc(512)]).subarray(0, 512), false),
    codes: /^DAMAGE_ARCHIVE$/,
  },
]

/** A ustar header of a file of five bytes, with its checksum. */
function tarBlock(): Buffer {
  const block = Buffer.alloc(512)
  block.write('name', 0)
  block.write('0000640\0', 100)
  block.write('00000000005\0', 124)
  block.write('00000000000\0', 136)
  block.write('        ', 148)
  block.write('0ustar\x0000', 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

/** One damage to some bytes: a bit, a cut, a stretch that is gone, doubled or replaced. */
const damage = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: fc.nat(), bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
  fc.record({ kind: fc.constant('splice' as const), at: fc.nat(), length: fc.nat(40), by: fc.uint8Array({ maxLength: 20 }) }),
  fc.record({ kind: fc.constant('repeat' as const), at: fc.nat(), length: fc.nat(40), times: fc.nat(50) }),
)

function damaged(sound: Uint8Array, how: typeof damage extends fc.Arbitrary<infer T> ? T : never): Buffer {
  const bytes = Buffer.from(sound)
  const at = how.at % (bytes.length + 1)
  switch (how.kind) {
    case 'flip':
      if (at < bytes.length) bytes[at]! ^= 1 << how.bit
      return bytes
    case 'cut':
      return bytes.subarray(0, at)
    case 'splice':
      return Buffer.concat([bytes.subarray(0, at), how.by, bytes.subarray(at + how.length)])
    case 'repeat':
      return Buffer.concat([bytes, ...Array.from({ length: how.times }, () => bytes.subarray(at, at + how.length))])
  }
}

const json = fc.json({ depthSize: 'large', maxDepth: 20 }).map((value) => Buffer.from(value))
const nasty = [
  '['.repeat(300_000),
  '{"nodes":'.repeat(50_000),
  `{"nodes":[${'null,'.repeat(100_000)}null]}`,
  '{"__proto__":{"nodes":[]},"constructor":1}',
  '{"nodes":[{"name":"a","type":"file","mode":1e308}]}',
  `"${'\\u0000'.repeat(50_000)}"`,
  '',
  '\u0002',
].map((value) => Buffer.from(value))

function refusesWell({ read, codes, name }: Reader, bytes: Buffer): void {
  try {
    read(bytes)
  } catch (error) {
    assert.ok(isFault(error), `${name}: ${String(error)}`)
    assert.match(error.code, codes)
  }
}

for (const reader of readers) {
  test(`whatever bytes are given for ${reader.name}, they are read or refused with a fault that says damage`, () => {
    if (!reader.isBeginning) reader.read(Buffer.from(reader.sound))
    for (const bytes of nasty) refusesWell(reader, bytes)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => refusesWell(reader, Buffer.from(bytes))),
      { numRuns: 150 },
    )
    fc.assert(
      fc.property(json, (bytes) => refusesWell(reader, bytes)),
      { numRuns: 100 },
    )
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 4 }), (hows) =>
        refusesWell(
          reader,
          hows.reduce((bytes: Buffer, how) => damaged(bytes, how), Buffer.from(reader.sound)),
        ),
      ),
      { numRuns: 300 },
    )
  })
}

test('a name that comes out of any tree is one entry of a directory, and no name comes twice', () => {
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (hows) => {
      const bytes = hows.reduce((before: Buffer, how) => damaged(before, how), encodeTree([node, { ...node, name: byteStringOf('..2') }]))
      let names: string[]
      try {
        names = decodeTree(bytes, id as BlobId).map(({ name }) => name)
      } catch (error) {
        assert.ok(isFault(error, 'DAMAGE_TREE'))
        return
      }
      assert.equal(new Set(names).size, names.length)
      for (const name of names) assert.ok(name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name), name)
    }),
    { numRuns: 500 },
  )
})

test('a small frame that would become larger than is stated is damage, and takes no more memory than that', () => {
  const bomb = encodeDocument(' '.repeat(64 * 1024 * 1024)).subarray(1)
  assert.ok(bomb.byteLength < 10_000)
  const before = process.memoryUsage().arrayBuffers
  assert.equal(decompress(bomb, 1000), undefined)
  assert.ok(process.memoryUsage().arrayBuffers - before < 1024 * 1024)
  // A size that nobody has memory for, stated by a header, is damage as well and not the end of the process.
  const sealed = seal(key, bomb)
  const opened = openBlob(key, { ...blob, sizeBytes: sealed.byteLength, plainSizeBytes: 0xfffffffe }, sealed)
  assert.deepEqual(opened, { kind: 'damaged', damage: 'does not decompress' })
})

test('a document that would become larger than the bound is refused', () => {
  const bomb = encodeDocument(' '.repeat(257 * 1024 * 1024))
  assert.equal(decodeDocument(bomb), undefined)
})

test('any key file, config or lock opens, or is named as damaged', async () => {
  const good = memory(systemClock)
  await addCheapKey(good, key, smallPassword)
  await saveConfig(good, key, newConfig(systemRandom))
  const [keyFile] = await Array.fromAsync(good.list('keys'))
  const keyBytes = await good.get(keyFile!.name)
  const configJson = unseal(key, await good.get('config'))!
  const read = async (bytes: Buffer) => {
    const storage = memory(systemClock)
    const hash = createHash('sha256').update(bytes).digest('hex')
    await storage.put(`keys/${hash}`, [bytes])
    await storage.put('config', [seal(key, bytes)])
    const lock = seal(key, Buffer.concat([Buffer.of(2), encodeDocument(text(bytes)).subarray(1)]))
    await storage.put(`locks/${createHash('sha256').update(lock).digest('hex')}`, [lock])
    await refused(openKey(storage, smallPassword), /^(DAMAGE_KEY|REPOSITORY_PASSWORD)$/)
    await refused(loadConfig(storage, key), /^(DAMAGE_CONFIG|REPOSITORY_VERSION)$/)
    assert.equal((await listLocks({ storage, key, clock: systemClock })).length, 1)
  }
  for (const bytes of nasty) await read(bytes)
  for (const sound of [keyBytes, configJson]) {
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (hows) =>
        read(hows.reduce((bytes: Buffer, how) => damaged(bytes, how), Buffer.from(sound))),
      ),
      { numRuns: 60 },
    )
  }
  // Parameters that ask for all memory there is are refused before any of it is taken.
  const greedy = text(keyBytes).replace('"N":2,"r":8,"p":1', '"N":2097152,"r":32,"p":64')
  assert.notEqual(greedy, text(keyBytes))
  await read(Buffer.from(greedy))
})

async function refused(reading: Promise<unknown>, codes: RegExp): Promise<void> {
  try {
    await reading
  } catch (error) {
    assert.ok(isFault(error), String(error))
    assert.match(error.code, codes)
  }
}
