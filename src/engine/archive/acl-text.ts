import { refusedFormat } from './archive-fault.ts'

/**
 * POSIX ACLs as `tar --acls` writes them: text under SCHILY.acl. Linux keeps them as extended attributes in a form of its
 * own (linux/posix_acl_xattr.h), which is how they are stored here.
 */
export function aclAttributes(records: ReadonlyMap<string, string>): [string, Uint8Array][] {
  const found: [string, Uint8Array][] = []
  for (const kind of ['access', 'default'] as const) {
    const text = records.get(`SCHILY.acl.${kind}`)
    if (text === undefined || text.trim() === '') continue
    const entries = entriesIn(text)
    // Nothing but owner, group and others is the mode, and no list.
    if (entries.length > 3 || kind === 'default') found.push([`system.posix_acl_${kind}`, aclBytes(entries)])
  }
  return found
}

// posix_acl.h: ACL_USER_OBJ … ACL_OTHER, in the order in which the kernel wants them.
const tags: Readonly<Record<string, { own: number; named: number }>> = {
  user: { own: 0x01, named: 0x02 },
  group: { own: 0x04, named: 0x08 },
  mask: { own: 0x10, named: 0x10 },
  other: { own: 0x20, named: 0x20 },
}
const undefinedId = 0xffff_ffff

interface AclEntry {
  readonly tag: number
  readonly permissions: number
  readonly id: number
}

function entriesIn(text: string): AclEntry[] {
  return text
    .split(/[,\n]/)
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '')
    .map(entryOf)
    .toSorted((a, b) => a.tag - b.tag || a.id - b.id)
}

function aclBytes(entries: readonly AclEntry[]): Uint8Array {
  const bytes = Buffer.alloc(4 + 8 * entries.length)
  bytes.writeUInt32LE(2, 0)
  entries.forEach(({ tag, permissions, id }, index) => {
    bytes.writeUInt16LE(tag, 4 + 8 * index)
    bytes.writeUInt16LE(permissions, 6 + 8 * index)
    bytes.writeUInt32LE(id, 8 + 8 * index)
  })
  return bytes
}

/** `user:NAME:rwx`, with a last part for the number in what star writes; GNU tar writes the number as the name when there is none. */
function entryOf(line: string): AclEntry {
  const [kind = '', name = '', letters = '', number] = line.split(':')
  const tag = tags[{ u: 'user', g: 'group', m: 'mask', o: 'other' }[kind] ?? kind]
  const id = number ?? name
  if (!tag || (name !== '' && !/^\d+$/.test(id))) throw refusedFormat(`it has an access list that is not read: ${line}`)
  const permissions = (letters.includes('r') ? 4 : 0) | (letters.includes('w') ? 2 : 0) | (letters.includes('x') ? 1 : 0)
  return name === '' ? { tag: tag.own, permissions, id: undefinedId } : { tag: tag.named, permissions, id: Number(id) }
}
