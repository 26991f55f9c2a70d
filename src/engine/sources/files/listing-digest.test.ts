import { test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { statAt, statxAt } from '#host/open-files.ts'
import { readAccounts } from '#host/users.ts'
import { byteStringOf } from '#engine/byte-string.ts'
import { madeNode } from '#engine/made-node.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { makeHardTree, shrinkSparse } from '#test/support/trees.ts'
import { workshop } from '#test/support/workshop.ts'
import { DirectoryHandle } from './directory-handle.ts'
import { ListingDigest } from './listing-digest.ts'
import { bareNode, type AccountNames } from './read-node.ts'

const accounts: AccountNames = {
  userName: (uid: number) => (uid === 0 ? 'root' : ''),
  groupName: (gid: number) => (gid === 0 ? 'root' : ''),
}

function digestOf(nodes: readonly TreeNode[], names = accounts): string {
  const digest = new ListingDigest()
  for (const node of nodes) digest.addNode(node)
  return digest.end(names).toString('hex')
}

test('a directory has one digest, by its looks and by its nodes, however hard it is and however long', async () => {
  await using shop = await workshop()
  await makeHardTree(shop.folder)
  await shrinkSparse(shop.folder)
  await mkdir(shop.at('long'))
  // More than the digest holds at once.
  for (let file = 0; file < 700; file += 1) await writeFile(shop.at('long', `${file}-${'n'.repeat(100)}`), '')
  const known = await readAccounts()
  const byLooks = new ListingDigest()
  const byNodes = new ListingDigest()
  const seen = new Set<string>()
  const visit = (handle: DirectoryHandle): void => {
    const names = handle.list()
    for (const name of names) {
      byLooks.add(name, statxAt(handle.fd, name))
      byNodes.addNode(bareNode(statAt(handle.fd, name), name, known))
    }
    const digest = byLooks.end(known)
    assert.deepEqual(digest, byNodes.end(known), handle.ownPath.toString('latin1'))
    seen.add(digest.toString('hex'))
    for (const name of names.filter((one) => handle.statOf(one).isDirectory())) {
      using inner = handle.openChild(name)
      visit(inner)
    }
  }
  using root = DirectoryHandle.open(shop.folder)
  visit(root)
  // Each level of the deep one is another, and so is each directory beside it but for those that are empty.
  assert.ok(seen.size > 60)
})

test('whatever a look tells differs in the digest', () => {
  const node: TreeNode = { ...madeNode(new Date(0)), name: byteStringOf('a'), type: 'file', mode: 0o640, sizeBytes: 5, uid: 0, gid: 0 }
  const others: Partial<TreeNode>[] = [
    { name: byteStringOf('b') },
    { type: 'dir' as const },
    { mode: 0o641 },
    { mode: 0o4640 },
    { mtimeNs: 1n },
    { mtimeNs: -1n },
    { mtimeNs: 1_000_000_000n },
    { ctimeNs: 1n },
    { ctimeNs: 1n << 62n },
    { uid: 1 },
    { gid: 1 },
    { inode: 1n },
    { inode: 1n << 40n },
    { deviceId: 1n },
    { links: 2 },
    { sizeBytes: 6 },
    { sizeBytes: 2 ** 40 + 5 },
  ]
  const digests = others.map((other) => digestOf([{ ...node, ...other }]))
  assert.equal(new Set([...digests, digestOf([node]), digestOf([]), digestOf([node, node])]).size, others.length + 3)
  assert.notEqual(digestOf([node]), digestOf([node], { ...accounts, userName: () => 'another' }))
  assert.notEqual(digestOf([node]), digestOf([node], { ...accounts, groupName: () => 'ärzte' }))
})

test('what was begun and given up leaves nothing in the next digest', () => {
  const digest = new ListingDigest()
  const node: TreeNode = { ...madeNode(new Date(0)), name: byteStringOf('a'), type: 'file', mode: 0o640 }
  for (let entry = 0; entry < 2000; entry += 1) digest.addNode({ ...node, uid: entry })
  digest.reset()
  digest.addNode(node)
  assert.equal(digest.end(accounts).toString('hex'), digestOf([node]))
})
