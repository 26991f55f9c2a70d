import { createHash } from 'node:crypto'
import type { FaultCode } from '#base/fault-codes.ts'
import type { BlobId, PackId } from '#base/ids.ts'
import { limits } from '#base/limits.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import { sealDocument } from '#engine/repository/document.ts'
import { loadIndexFile, saveIndex } from '#engine/repository/index-file.ts'
import { newMasterKey } from '#engine/repository/keys.ts'
import { repack } from '#engine/repository/repacking.ts'
import type { RepairAct } from '#engine/repository/repair-plan.ts'
import type { Storage, StorageName } from '#engine/storage/storage.ts'
import { addCheapKey, overwrite, smallPassword } from '#test/support/small-repository.ts'
import { bytesOfSeed, plant, plantSnapshot, type Exhibit } from './exhibit.ts'

type Seen = readonly [code: FaultCode, name: StorageName]

/** What is wrong now, and what everybody must say and do about it. */
export interface Expected {
  /** Findings of a quick check; of a full one where it sees more. */
  readonly quick: readonly Seen[]
  readonly full?: readonly Seen[]
  /** Files that are refused before the repair, and after it. Everything else must come out right. */
  readonly refused: readonly string[]
  readonly lost?: readonly string[]
  /** What a repair after a full look decides. */
  readonly repair: readonly (readonly [RepairAct, StorageName])[]
  /** Findings that stay: what is lost is named, not hidden. */
  readonly stays?: readonly FaultCode[]
  /**
   * Whether restic's check finds an error before; it finds none afterwards unless something stays. Not asked where it would
   * try to read a missing file again for a minute.
   */
  readonly restic: 'finds it' | 'does not see it' | 'cannot open it' | 'is not asked'
}

export interface Damage {
  readonly title: string
  readonly make: (storage: Storage, exhibit: Exhibit) => Promise<Expected>
}

const all = ['first: a', 'first: sub/b', 'first: sub/c', 'second: a', 'second: other/d']
const ofFirst = ['first: a', 'first: sub/b', 'first: sub/c']
const later = { at: '2026-03-03T12:00:00Z' }
const nowhere = createHash('sha256').update('nowhere').digest('hex') as BlobId
const flip = (at: number) => (bytes: Buffer) => {
  bytes[at < 0 ? bytes.length + at : at]! ^= 0x04
  return bytes
}
const inMiddle = (bytes: Buffer) => flip(bytes.length >> 1)(bytes)

/** The museum: every damage that check claims to see. A new one is one entry here. */
export const damages: readonly Damage[] = [
  {
    title: 'a flipped bit in the config',
    make: async (storage) => {
      await overwrite(storage, 'config', flip(20))
      return { quick: [['DAMAGE_CONFIG', 'config']], refused: all, lost: [], repair: [['make', 'config']], restic: 'cannot open it' }
    },
  },
  {
    title: 'a missing config',
    make: async (storage) => {
      await storage.remove('config')
      return { quick: [['DAMAGE_CONFIG', 'config']], refused: all, lost: [], repair: [['make', 'config']], restic: 'cannot open it' }
    },
  },
  {
    title: 'a flipped bit in the key file of another password',
    make: async (storage, { otherKeyFile }) => {
      await overwrite(storage, otherKeyFile, flip(40))
      return { quick: [['DAMAGE_KEY', otherKeyFile]], refused: [], repair: [['set-aside', otherKeyFile]], restic: 'does not see it' }
    },
  },
  {
    title: 'a missing key file of another password',
    make: async (storage, { otherKeyFile }) => {
      await storage.remove(otherKeyFile)
      return { quick: [], refused: [], repair: [], restic: 'does not see it' }
    },
  },
  ...(['a flipped bit in an index file', 'a truncated index file'] as const).map((title, truncates) => ({
    title,
    make: async (storage: Storage, exhibit: Exhibit): Promise<Expected> => {
      const packs = [exhibit.packOf('first: sub/b'), exhibit.treePackOf(exhibit.first)]
      const name = exhibit.indexOf(packs[0]!)
      await overwrite(storage, name, truncates ? (bytes) => bytes.subarray(0, -9) : flip(-1))
      return {
        quick: [['DAMAGE_INDEX', name], ...lostWithFirstIndex(exhibit, packs)],
        refused: [...ofFirst, 'second: a'],
        lost: [],
        repair: [['set-aside', name], ...packs.map((pack) => ['index', `data/${pack}`] as const)],
        restic: 'finds it',
      }
    },
  })),
  {
    title: 'a missing index file',
    make: async (storage, exhibit) => {
      const packs = [exhibit.packOf('first: sub/b'), exhibit.treePackOf(exhibit.first)]
      await storage.remove(exhibit.indexOf(packs[0]!))
      return {
        quick: lostWithFirstIndex(exhibit, packs),
        refused: [...ofFirst, 'second: a'],
        lost: [],
        repair: packs.map((pack) => ['index', `data/${pack}`] as const),
        restic: 'finds it',
      }
    },
  },
  {
    title: 'an index that points to the wrong offset',
    make: async (storage, exhibit) => {
      const pack = exhibit.packOf('second: other/d')
      const name = exhibit.indexOf(pack)
      const { packs } = await loadIndexFile({ ...exhibit, storage }, name.slice('index/'.length))
      await storage.remove(name)
      const wrong = packs.map(({ id, blobs }) => ({
        id,
        blobs: id === pack ? blobs.map((blob) => ({ ...blob, offset: blob.offset + 1 })) : blobs,
      }))
      const [lying] = await saveIndex({ ...exhibit, storage }, wrong)
      return {
        quick: [],
        full: [['DAMAGE_PACK', `data/${pack}`]],
        refused: ['second: other/d'],
        lost: [],
        repair: [
          ['replace', `index/${lying}`],
          ['index', `data/${pack}`],
        ],
        restic: 'finds it',
      }
    },
  },
  {
    title: 'two index files that say different things of one pack',
    make: async (storage, exhibit) => {
      const pack = exhibit.packOf('second: other/d')
      const blobs = exhibit.blobsIn(pack).map((blob) => ({ ...blob, offset: blob.offset + 1 }))
      const [lying] = await saveIndex({ ...exhibit, storage }, [{ id: pack, blobs }])
      // The first that is read counts: for check by name, here by age. Nothing wrong comes out either way.
      const isLiarFirst = `index/${lying}` < exhibit.indexOf(pack)
      return {
        quick: [],
        full: isLiarFirst ? [['DAMAGE_PACK', `data/${pack}`]] : [],
        refused: [],
        lost: [],
        repair: [
          ['replace', `index/${lying}`],
          ['replace', exhibit.indexOf(pack)],
          ['index', `data/${pack}`],
        ],
        restic: 'finds it',
      }
    },
  },
  {
    title: 'a flipped bit in a snapshot',
    make: async (storage, { first }) => {
      await overwrite(storage, `snapshots/${first}`, flip(30))
      return {
        quick: [['DAMAGE_SNAPSHOT', `snapshots/${first}`]],
        refused: ofFirst,
        repair: [['set-aside', `snapshots/${first}`]],
        restic: 'finds it',
      }
    },
  },
  {
    title: 'an empty snapshot file',
    make: async (storage, { first }) => {
      await overwrite(storage, `snapshots/${first}`, () => Buffer.alloc(0))
      return {
        quick: [['DAMAGE_SNAPSHOT', `snapshots/${first}`]],
        refused: ofFirst,
        repair: [['set-aside', `snapshots/${first}`]],
        restic: 'finds it',
      }
    },
  },
  {
    title: 'a snapshot under another name',
    make: async (storage, { first }) => {
      const wrong: StorageName = `snapshots/${'5'.repeat(64)}`
      await storage.put(wrong, [await storage.get(`snapshots/${first}`)])
      await storage.remove(`snapshots/${first}`)
      return { quick: [['DAMAGE_SNAPSHOT', wrong]], refused: ofFirst, lost: [], repair: [['rename', wrong]], restic: 'finds it' }
    },
  },
  {
    title: 'two snapshots that exchanged their content',
    make: async (storage, { first, second }) => {
      const bytes = await storage.get(`snapshots/${first}`)
      const others = await storage.get(`snapshots/${second}`)
      await overwrite(storage, `snapshots/${first}`, () => others)
      await overwrite(storage, `snapshots/${second}`, () => bytes)
      const both: Seen[] = [first, second].map((id) => ['DAMAGE_SNAPSHOT', `snapshots/${id}`])
      return { quick: both, refused: all, lost: [], repair: both.map(([, name]) => ['rename', name] as const), restic: 'finds it' }
    },
  },
  {
    title: 'a flipped bit in a piece of content',
    make: async (storage, exhibit) => {
      const pack = exhibit.packOf('first: sub/b')
      const { offset } = exhibit.blobOf('first: sub/b')
      await overwrite(storage, `data/${pack}`, flip(offset + 1000))
      return brokenPack(exhibit, pack, { quick: [], lost: ['first: sub/b'] })
    },
  },
  {
    title: 'a flipped bit in a tree',
    make: async (storage, exhibit) => {
      const pack = exhibit.treePackOf(exhibit.first)
      const sub = exhibit.blobsIn(pack)[0]!
      await overwrite(storage, `data/${pack}`, flip(sub.offset + 20))
      const expected = brokenPack(exhibit, pack, { quick: [['DAMAGE_TREE', `data/${pack}`]], lost: ['first: sub/b', 'first: sub/c'] })
      return { ...expected, full: [['DAMAGE_TREE', `data/${pack}`]] }
    },
  },
  ...(
    [
      ['a flipped bit in the header of a pack', flip(-40)],
      ['a flipped bit in the length of the header', flip(-3)],
    ] as const
  ).map(([title, change]) => ({
    title,
    make: async (storage: Storage, exhibit: Exhibit): Promise<Expected> => {
      const pack = exhibit.packOf('first: sub/b')
      await overwrite(storage, `data/${pack}`, change)
      return brokenPack(exhibit, pack, { quick: [], lost: [] })
    },
  })),
  {
    title: 'a pack without its last byte',
    make: async (storage, exhibit) => {
      const pack = exhibit.packOf('first: sub/b')
      await overwrite(storage, `data/${pack}`, (bytes) => bytes.subarray(0, -1))
      return brokenPack(exhibit, pack, { quick: [['DAMAGE_PACK', `data/${pack}`]], lost: [] })
    },
  },
  {
    title: 'a pack that was cut off within a piece',
    make: async (storage, exhibit) => {
      const pack = exhibit.packOf('first: sub/b')
      const blob = exhibit.blobOf('first: sub/b')
      await overwrite(storage, `data/${pack}`, (bytes) => bytes.subarray(0, blob.offset + 500))
      const lost = all.filter((file) => exhibit.packOf(file) === pack && exhibit.blobOf(file).offset >= blob.offset)
      return brokenPack(exhibit, pack, { quick: [['DAMAGE_PACK', `data/${pack}`]], lost })
    },
  },
  {
    title: 'an empty pack',
    make: async (storage, exhibit) => {
      const pack = exhibit.packOf('second: other/d')
      await overwrite(storage, `data/${pack}`, () => Buffer.alloc(0))
      const expected = brokenPack(exhibit, pack, { quick: [['DAMAGE_PACK', `data/${pack}`]], lost: ['second: other/d'] })
      return { ...expected, repair: [['set-aside', `data/${pack}`], ...expected.repair.slice(1)] }
    },
  },
  {
    title: 'a pack with something appended',
    make: async (storage, exhibit) => {
      const pack = exhibit.packOf('first: sub/b')
      await overwrite(storage, `data/${pack}`, (bytes) => Buffer.concat([bytes, bytesOfSeed('rubbish', 100)]))
      return brokenPack(exhibit, pack, { quick: [['DAMAGE_PACK', `data/${pack}`]], lost: [] })
    },
  },
  {
    title: 'a missing pack of content',
    make: async (storage, exhibit) => {
      const pack = exhibit.packOf('second: other/d')
      await storage.remove(`data/${pack}`)
      return {
        quick: [['DAMAGE_MISSING_PACK', `data/${pack}`]],
        refused: ['second: other/d'],
        repair: [
          ['replace', exhibit.indexOf(pack)],
          ['forget', `data/${pack}`],
        ],
        stays: ['DAMAGE_BLOB'],
        restic: 'finds it',
      }
    },
  },
  {
    title: 'a missing pack of trees',
    make: async (storage, exhibit) => {
      const pack = exhibit.treePackOf(exhibit.first)
      await storage.remove(`data/${pack}`)
      return {
        quick: [
          ['DAMAGE_MISSING_PACK', `data/${pack}`],
          ['DAMAGE_MISSING_PACK', `data/${pack}`],
        ],
        refused: ofFirst,
        repair: [
          ['replace', exhibit.indexOf(pack)],
          ['forget', `data/${pack}`],
        ],
        stays: ['DAMAGE_TREE'],
        restic: 'is not asked',
      }
    },
  },
  {
    title: 'two packs that exchanged their content',
    make: async (storage, exhibit) => {
      const [one, other] = [exhibit.packOf('first: sub/b'), exhibit.packOf('second: other/d')]
      const bytes = await storage.get(`data/${one}`)
      const others = await storage.get(`data/${other}`)
      await overwrite(storage, `data/${one}`, () => others)
      await overwrite(storage, `data/${other}`, () => bytes)
      return {
        quick: [
          ['DAMAGE_PACK', `data/${one}`],
          ['DAMAGE_PACK', `data/${other}`],
        ],
        refused: all,
        lost: [],
        repair: [
          ['replace', exhibit.indexOf(one)],
          ['replace', exhibit.indexOf(other)],
          ['copy', `data/${one}`],
          ['copy', `data/${other}`],
        ],
        restic: 'finds it',
      }
    },
  },
  {
    title: 'a pack under another name',
    make: async (storage, exhibit) => {
      const pack = exhibit.packOf('second: other/d')
      const wrong: StorageName = `data/${'7'.repeat(64)}`
      await storage.put(wrong, [await storage.get(`data/${pack}`)])
      await storage.remove(`data/${pack}`)
      return {
        quick: [['DAMAGE_MISSING_PACK', `data/${pack}`]],
        full: [
          ['DAMAGE_MISSING_PACK', `data/${pack}`],
          ['DAMAGE_PACK', wrong],
        ],
        refused: ['second: other/d'],
        lost: [],
        repair: [
          ['replace', exhibit.indexOf(pack)],
          ['rename', wrong],
          ['forget', `data/${pack}`],
        ],
        restic: 'finds it',
      }
    },
  },
  {
    title: 'a pack of rubbish that no index names',
    make: async (storage) => {
      const rubbish: StorageName = `data/${'9'.repeat(64)}`
      await storage.put(rubbish, [bytesOfSeed('rubbish', 5000)])
      return { quick: [], full: [['DAMAGE_PACK', rubbish]], refused: [], repair: [['set-aside', rubbish]], restic: 'does not see it' }
    },
  },
  {
    title: 'a whole pack that no index names, with pieces that are elsewhere, too',
    make: async (storage, exhibit) => {
      await repack({ ...exhibit, storage }, [{ ...exhibit.blobOf('first: sub/b'), packId: exhibit.packOf('first: sub/b') }])
      return { quick: [], refused: [], repair: [], restic: 'does not see it' }
    },
  },
  {
    title: 'a piece in two packs, one of them damaged',
    make: async (storage, exhibit) => {
      const pack = exhibit.packOf('second: other/d')
      const { packs } = await repack({ ...exhibit, storage }, [{ ...exhibit.blobOf('second: other/d'), packId: pack }])
      await saveIndex({ ...exhibit, storage }, packs)
      await overwrite(storage, `data/${pack}`, inMiddle)
      return {
        quick: [],
        full: [['DAMAGE_PACK', `data/${pack}`]],
        refused: [],
        repair: [
          ['replace', exhibit.indexOf(pack)],
          ['set-aside', `data/${pack}`],
        ],
        restic: 'finds it',
      }
    },
  },
  {
    title: 'a piece in two packs, both whole',
    make: async (storage, exhibit) => {
      const blob = { ...exhibit.blobOf('second: other/d'), packId: exhibit.packOf('second: other/d') }
      const { packs } = await repack({ ...exhibit, storage }, [blob])
      await saveIndex({ ...exhibit, storage }, packs)
      return { quick: [], refused: [], repair: [], restic: 'does not see it' }
    },
  },
  {
    title: 'a piece that is not what its name says, though it is sealed as it should be',
    make: async (storage, exhibit) => {
      const id = createHash('sha256').update('something else').digest('hex') as BlobId
      const neighbour = Buffer.from('a good neighbour')
      const ids = [id, createHash('sha256').update(neighbour).digest('hex') as BlobId]
      const { packs, index } = await plant(exhibit, storage, [
        { type: 'data', plains: [Buffer.from('sealed under a wrong name'), neighbour], ids },
      ])
      const pack = packs[0]!.id
      await plantSnapshot(exhibit, storage, {
        ...later,
        tree: await plantTree(storage, exhibit, [fileLine('wrong', ids[0]!), fileLine('good', ids[1]!)]),
      })
      return {
        quick: [],
        full: [['DAMAGE_PACK', `data/${pack}`]],
        refused: [],
        repair: [
          ['replace', index],
          ['copy', `data/${pack}`],
        ],
        stays: ['DAMAGE_BLOB'],
        restic: 'finds it',
      }
    },
  },
  {
    title: 'a snapshot without its tree',
    make: async (storage, exhibit) => {
      const id = await plantSnapshot(exhibit, storage, { ...later, tree: nowhere })
      return { quick: [['DAMAGE_TREE', `snapshots/${id}`]], refused: [], repair: [], stays: ['DAMAGE_TREE'], restic: 'finds it' }
    },
  },
  {
    title: 'a tree without its content',
    make: async (storage, exhibit) => {
      const tree = await plantTree(storage, exhibit, [fileLine('nothing', nowhere)])
      const id = await plantSnapshot(exhibit, storage, { ...later, tree })
      return { quick: [['DAMAGE_BLOB', `snapshots/${id}`]], refused: [], repair: [], stays: ['DAMAGE_BLOB'], restic: 'finds it' }
    },
  },
  ...(
    [
      ['a tree that is no JSON', 'finds it', () => '{"nodes":[{"name":'],
      ['a tree with a name that leads upward', 'does not see it', (id) => treeText([fileLine('..', id)])],
      ['a tree with a path for a name', 'does not see it', (id) => treeText([fileLine('etc/passwd', id)])],
      ['a tree with an absolute path for a name', 'does not see it', (id) => treeText([fileLine('/etc/passwd', id)])],
      ['a tree with one name twice', 'does not see it', (id) => treeText([fileLine('twice', id), fileLine('twice', id)])],
    ] as const satisfies readonly (readonly [string, Expected['restic'], (id: BlobId) => string])[]
  ).map(([title, restic, text]) => ({
    title,
    make: async (storage: Storage, exhibit: Exhibit): Promise<Expected> => {
      const plains = [Buffer.from(text(exhibit.blobOf('first: a').id))]
      const { packs } = await plant(exhibit, storage, [{ type: 'tree', plains }])
      const id = await plantSnapshot(exhibit, storage, { ...later, tree: packs[0]!.blobs[0]!.id })
      return { quick: [['DAMAGE_TREE', `snapshots/${id}`]], refused: [], repair: [], stays: ['DAMAGE_TREE'], restic }
    },
  })),
  {
    title: 'a tree whose names are in no order, which harms nothing',
    make: async (storage, exhibit) => {
      const id = exhibit.blobOf('first: a').id
      const tree = await plantTree(storage, exhibit, [fileLine('z', id), fileLine('a', id)])
      await plantSnapshot(exhibit, storage, { ...later, tree })
      return { quick: [], refused: [], repair: [], restic: 'does not see it' }
    },
  },
  {
    title: 'a lock of a machine that died',
    make: async (storage, exhibit) => {
      const lock = '{"time":"2026-03-01T12:00:00Z","exclusive":true,"hostname":"gone","username":"u","pid":1}'
      const { id, sealed } = sealDocument(exhibit, lock)
      await storage.put(`locks/${id}`, [sealed])
      exhibit.clock.advance(limits.lockStaleAfterMs + 1)
      return { quick: [], refused: [], repair: [], restic: 'does not see it' }
    },
  },
  {
    title: 'a damaged lock of a machine that died',
    make: async (storage, exhibit) => {
      await storage.put(`locks/${'3'.repeat(64)}`, [bytesOfSeed('lock', 100)])
      exhibit.clock.advance(limits.lockStaleAfterMs + 1)
      return { quick: [], refused: [], repair: [], restic: 'does not see it' }
    },
  },
]

/** Repositories that nobody can look into with this password: nothing is told of them, and nothing is touched. */
export const closed: readonly {
  readonly title: string
  readonly code: FaultCode
  readonly make: (storage: Storage, exhibit: Exhibit) => Promise<void>
}[] = [
  {
    title: 'a flipped bit in the only key file that the password opens',
    code: 'DAMAGE_KEY',
    make: async (storage, { keyFile }) => await overwrite(storage, keyFile, flip(40)),
  },
  {
    title: 'the key file of the password is missing',
    code: 'REPOSITORY_PASSWORD',
    make: async (storage, { keyFile }) => await storage.remove(keyFile),
  },
  {
    title: 'no key file at all',
    code: 'REPOSITORY_NOT_FOUND',
    make: async (storage, { keyFile, otherKeyFile }) => {
      await storage.remove(keyFile)
      await storage.remove(otherKeyFile)
    },
  },
]

/** A key of another repository opens with the same password, and then nothing unseals. */
export async function exchangeKeys(storage: Storage, { keyFile, otherKeyFile }: Exhibit): Promise<void> {
  await storage.remove(keyFile)
  await storage.remove(otherKeyFile)
  await addCheapKey(storage, newMasterKey(), smallPassword)
}

function brokenPack(
  exhibit: Exhibit,
  pack: PackId,
  { quick, lost }: { readonly quick: readonly Seen[]; readonly lost: readonly string[] },
): Expected {
  return {
    quick,
    full: [['DAMAGE_PACK', `data/${pack}`]],
    refused: lost,
    repair: [
      ['copy', `data/${pack}`],
      ['replace', exhibit.indexOf(pack)],
    ],
    stays: lost.length === 0 ? [] : [exhibit.blobsIn(pack)[0]!.type === 'tree' ? 'DAMAGE_TREE' : 'DAMAGE_BLOB'],
    restic: 'finds it',
  }
}

/** Without the first index the second backup still names the file that both share. */
function lostWithFirstIndex(exhibit: Exhibit, packs: readonly PackId[]): Seen[] {
  return [
    ['DAMAGE_TREE', `snapshots/${exhibit.first}`],
    ['DAMAGE_BLOB', `snapshots/${exhibit.second}`],
    ...packs.map((pack): Seen => ['DAMAGE_INDEX', `data/${pack}`]),
  ]
}

async function plantTree(storage: Storage, exhibit: Exhibit, lines: readonly string[]): Promise<BlobId> {
  const { packs } = await plant(exhibit, storage, [{ type: 'tree', plains: [Buffer.from(treeText(lines))] }])
  return packs[0]!.blobs[0]!.id
}

function treeText(lines: readonly string[]): string {
  return `{"nodes":[${lines.join(',')}]}\n`
}

function fileLine(name: string, content: BlobId): string {
  const times = ['mtime', 'atime', 'ctime'].map((field) => `"${field}":"2026-03-01T12:00:00Z"`).join()
  return `{"name":${JSON.stringify(byteStringOf(name))},"type":"file","mode":420,${times},"uid":0,"gid":0,"size":5,"links":1,"content":["${content}"]}`
}
