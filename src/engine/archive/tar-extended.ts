import { bytesOf, type ByteString } from '#engine/byte-string.ts'
import type { ExtendedAttribute } from '#engine/tree-node.ts'
import { damagedArchive, refusedFormat } from './archive-fault.ts'
import { aclAttributes } from './acl-text.ts'
import { parsePaxTime } from './pax-records.ts'
import type { PlainHeader } from './tar-header.ts'
import { holesBetween, type TarMember, type TarMemberType } from './tar-member.ts'
import type { SparseMap } from './tar-sparse.ts'
import { deviceOf } from './tar-writer.ts'

/** What headers before a member's own say about it. */
export interface Extended {
  readonly records: Map<string, string>
  longName: string | undefined
  longLink: string | undefined
}

const types: Readonly<Record<string, TarMemberType>> = {
  '0': 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'chardev',
  '4': 'dev',
  '5': 'dir',
  '6': 'fifo',
  // "Reserved": a contiguous file is a file.
  '7': 'file',
  S: 'file',
}

/** A member from all that was said about it; an extended header wins over the plain one. */
export function memberOf(header: PlainHeader, { records, longName, longLink }: Extended, sparse: SparseMap | undefined): TarMember {
  const path = (records.get('GNU.sparse.name') ?? records.get('path') ?? longName ?? header.name) as ByteString
  const type = typeOf(header, path)
  const linkTarget = (records.get('linkpath') ?? longLink ?? header.linkName) as ByteString
  const mtimeNs = timeIn(records, 'mtime') ?? BigInt(header.mtimeSeconds) * 1_000_000_000n
  const atimeNs = timeIn(records, 'atime')
  const ctimeNs = timeIn(records, 'ctime')
  const xattrs = attributesIn(records)
  const sizeBytes = type === 'file' ? (sparse?.sizeBytes ?? header.storedBytes) : 0
  const holes = sparse ? holesBetween(sizeBytes, sparse.spans) : []
  return {
    path,
    type,
    mode: header.mode,
    uid: idIn(records, 'uid') ?? header.uid,
    gid: idIn(records, 'gid') ?? header.gid,
    user: textIn(records, 'uname') ?? header.user,
    group: textIn(records, 'gname') ?? header.group,
    mtimeNs,
    ...(atimeNs !== undefined && { atimeNs }),
    ...(ctimeNs !== undefined && { ctimeNs }),
    sizeBytes,
    ...((type === 'link' || type === 'symlink') && { linkTarget }),
    ...((type === 'dev' || type === 'chardev') && { device: deviceOf(header.major, header.minor) }),
    ...(xattrs.length > 0 && { xattrs }),
    ...(holes.length > 0 && { holes }),
  }
}

function typeOf({ flag }: PlainHeader, path: ByteString): TarMemberType {
  const type = types[flag]
  if (type === undefined) throw refusedFormat(`it has a member of type ${JSON.stringify(flag)}, which is not taken`)
  // Tars older than POSIX mark a directory by its slash alone.
  return type === 'file' && path.endsWith('/') ? 'dir' : type
}

function attributesIn(records: ReadonlyMap<string, string>): ExtendedAttribute[] {
  const found = new Map<string, Uint8Array>(aclAttributes(records))
  for (const [keyword, value] of records) {
    if (keyword === 'RHT.security.selinux') found.set('security.selinux', Buffer.from(`${value}\0`, 'latin1'))
    if (!keyword.startsWith(attributePrefix)) continue
    found.set(keyword.slice(attributePrefix.length).replaceAll('%3D', '=').replaceAll('%25', '%'), Buffer.from(value, 'latin1'))
  }
  return [...found].map(([name, value]) => ({ name: name as ByteString, value })).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

const attributePrefix = 'SCHILY.xattr.'

function timeIn(records: ReadonlyMap<string, string>, keyword: string): bigint | undefined {
  const text = records.get(keyword)
  return text === undefined ? undefined : parsePaxTime(text)
}

function idIn(records: ReadonlyMap<string, string>, keyword: string): number | undefined {
  const text = records.get(keyword)
  if (text === undefined) return undefined
  if (!/^\d{1,10}$/.test(text)) throw damagedArchive(`an extended header has a ${keyword} that is none`)
  return Number(text)
}

function textIn(records: ReadonlyMap<string, string>, keyword: string): string | undefined {
  const bytes = records.get(keyword)
  return bytes === undefined ? undefined : bytesOf(bytes as ByteString).toString('utf8')
}
