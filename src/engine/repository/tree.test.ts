import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { isFault } from '#base/fault.ts'
import type { BlobId } from '#base/ids.ts'
import { byteString, byteStringOf } from '#engine/byte-string.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { decodeTree, encodeTree } from './tree.ts'

const id = 'ab'.repeat(32) as BlobId

const plainFile: TreeNode = {
  name: byteStringOf('a'),
  type: 'file',
  mode: 0o644,
  mtimeNs: 1_795_313_946_089_824_914n,
  atimeNs: 1_795_313_946_089_824_914n,
  ctimeNs: 1_795_313_946_089_824_914n,
  uid: 0,
  gid: 0,
  user: 'root',
  group: 'root',
  inode: 2_146_901n,
  deviceId: 65_024n,
  sizeBytes: 3,
  links: 1,
  content: ['98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4' as BlobId],
}

test('a tree is written byte for byte as restic 0.14 wrote it', () => {
  const rest = { uid: 0, gid: 0, user: 'root', group: 'root', deviceId: 65_024n, sizeBytes: 0, links: 0 }
  const at = (ns: bigint) => ({ mtimeNs: ns, atimeNs: ns, ctimeNs: ns })
  const nodes: TreeNode[] = [
    { ...rest, ...at(1_795_313_946_097_528_222n), name: byteStringOf('p'), type: 'fifo', mode: 0o644, inode: 2_146_903n },
    {
      ...rest,
      ...at(1_795_313_946_093_528_221n),
      name: byteStringOf('l'),
      type: 'symlink',
      mode: 0o777,
      inode: 2_146_902n,
      links: 1,
      linkTarget: byteStringOf('a'),
    },
    {
      ...rest,
      ...at(1_795_313_946_097_528_222n),
      name: byteStringOf('empty'),
      type: 'file',
      mode: 0o644,
      inode: 2_146_904n,
      links: 1,
      content: [],
    },
    plainFile,
  ]
  assert.equal(encodeTree(nodes).toString('utf8'), resticTree)
})

// `restic cat blob` of a directory with a file, an empty file, a symlink and a fifo.
const resticTree =
  '{"nodes":[{"name":"a","type":"file","mode":420,"mtime":"2026-11-22T02:19:06.089824914Z","atime":"2026-11-22T02:19:06.089824914Z","ctime":"2026-11-22T02:19:06.089824914Z","uid":0,"gid":0,"user":"root","group":"root","inode":2146901,"device_id":65024,"size":3,"links":1,"content":["98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4"]},' +
  '{"name":"empty","type":"file","mode":420,"mtime":"2026-11-22T02:19:06.097528222Z","atime":"2026-11-22T02:19:06.097528222Z","ctime":"2026-11-22T02:19:06.097528222Z","uid":0,"gid":0,"user":"root","group":"root","inode":2146904,"device_id":65024,"links":1,"content":[]},' +
  '{"name":"l","type":"symlink","mode":134218239,"mtime":"2026-11-22T02:19:06.093528221Z","atime":"2026-11-22T02:19:06.093528221Z","ctime":"2026-11-22T02:19:06.093528221Z","uid":0,"gid":0,"user":"root","group":"root","inode":2146902,"device_id":65024,"links":1,"linktarget":"a","content":null},' +
  '{"name":"p","type":"fifo","mode":33554852,"mtime":"2026-11-22T02:19:06.097528222Z","atime":"2026-11-22T02:19:06.097528222Z","ctime":"2026-11-22T02:19:06.097528222Z","uid":0,"gid":0,"user":"root","group":"root","inode":2146903,"device_id":65024,"content":null}]}\n'

const names = fc
  .uint8Array({ minLength: 1, maxLength: 20 })
  .map(byteString)
  .filter((name) => !/[/\0]/.test(name) && name !== '.' && name !== '..')
const u64 = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n })
const time = fc.bigInt({ min: -(10n ** 18n), max: 10n ** 19n })
const anyNode: fc.Arbitrary<TreeNode> = fc
  .record({
    name: names,
    type: fc.constantFrom('file', 'dir', 'symlink', 'dev', 'chardev', 'fifo', 'socket'),
    mode: fc.nat(0o7777),
    mtimeNs: time,
    atimeNs: time,
    ctimeNs: time,
    uid: fc.nat(),
    gid: fc.nat(),
    user: fc.string(),
    group: fc.string(),
    inode: u64,
    deviceId: u64,
    sizeBytes: fc.maxSafeNat(),
    links: fc.nat(),
    device: u64,
    xattrs: fc.array(
      fc
        .tuple(fc.string({ minLength: 1 }).map(byteStringOf), fc.uint8Array())
        .map(([name, value]) => ({ name, value: Buffer.from(value) })),
      { minLength: 1, maxLength: 3 },
    ),
    holes: fc.constant([[4096, 8192]] as const),
    content: fc.array(fc.constant(id)),
    subtree: fc.constant(id),
  })
  .map((node) => ({ ...node }))
  .chain((node) =>
    node.type === 'symlink'
      ? fc.uint8Array({ minLength: 1 }).map((target) => Object.assign({ linkTarget: byteString(target) }, node))
      : fc.constant(node as TreeNode),
  )

test('every field of every node survives, names and link targets that are no UTF-8 and 64-bit numbers included', () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyNode, { selector: (node) => node.name, maxLength: 6 }), (nodes) => {
      const sorted = nodes.toSorted((a, b) => (a.name < b.name ? -1 : 1))
      assert.deepEqual(decodeTree(encodeTree(nodes), id), sorted)
    }),
  )
})

test('a name that would leave its directory is damage, not a path', () => {
  for (const name of ['..', '.', '', 'a/b', 'a\\x00b', '\\x2e\\x2e']) {
    const text = encodeTree([plainFile])
      .toString('utf8')
      .replace('"name":"a"', `"name":${JSON.stringify(name)}`)
    assert.throws(
      () => decodeTree(Buffer.from(text), id),
      (error) => isFault(error, 'DAMAGE_TREE'),
      name,
    )
  }
})

test('bytes that are no tree are damage', () => {
  for (const text of ['', '{}', '{"nodes":[{}]}', 'nodes', '{"nodes":[{"name":"a","type":"wormhole"}]}']) {
    assert.throws(
      () => decodeTree(Buffer.from(text), id),
      (error) => isFault(error, 'DAMAGE_TREE'),
    )
  }
  assert.deepEqual(decodeTree(Buffer.from('{"nodes":null}\n'), id), [])
})

test('the same name twice in a directory is refused', () => {
  assert.throws(() => encodeTree([plainFile, plainFile]), { code: 'INPUT_INVALID' })
})

test('a field of the wrong kind is damage, whichever it is', () => {
  const [node] = (JSON.parse(encodeTree([plainFile]).toString('utf8')) as { nodes: Record<string, unknown>[] }).nodes
  const wrong = {
    mode: -1,
    mtime: 7,
    uid: 'root',
    gid: 1.5,
    user: 0,
    inode: 'many',
    size: -3,
    links: null,
    content: ['beef'],
    subtree: 'beef',
  }
  for (const [field, value] of Object.entries(wrong)) {
    const tree = Buffer.from(JSON.stringify({ nodes: [{ ...node, [field]: value }] }))
    assert.throws(
      () => decodeTree(tree, id),
      (error) => isFault(error, 'DAMAGE_TREE') && error.message.includes(`node 0: ${field}`),
      field,
    )
  }
})
