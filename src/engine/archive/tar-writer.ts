import { strict as assert } from 'node:assert'
import { byteStringOf, bytesOf, printBytesName, type ByteString } from '#engine/byte-string.ts'
import { damagedArchive } from './archive-fault.ts'
import { encodePaxRecord, printPaxTime } from './pax-records.ts'
import { dataSpans, tarBlockBytes, type TarMember, type TarMemberType } from './tar-member.ts'

/**
 * The headers of one member: pax(1) interchange format, so that every tar of today reads it. What the old header cannot
 * hold (long and non-ASCII names, nanoseconds, attributes, sizes from 8 GiB on) stands in an extended header before it.
 */
export function tarHeader(member: TarMember): Buffer {
  const map = isSparse(member) ? sparseMap(member) : undefined
  const storedBytes = storedSizeBytes(member, map)
  const records = paxRecords(member, storedBytes)
  const name = map ? (`GNUSparseFile.0/${member.path.slice(-80)}` as ByteString) : member.path
  const header = plainHeader({ ...member, path: name }, storedBytes, typeFlags[member.type])
  const extended = Buffer.concat(records)
  const parts: Buffer[] = []
  if (extended.byteLength > 0) {
    const about = { ...member, path: byteStringOf('PaxHeader'), linkTarget: undefined, mode: 0o600 }
    parts.push(plainHeader(about, extended.byteLength, 'x'), extended, tarPadding(extended.byteLength))
  }
  parts.push(header)
  if (map) parts.push(map)
  return Buffer.concat(parts)
}

/** A member whole: headers, content, padding. DAMAGE_ARCHIVE when the content is not as long as was announced. */
export async function* tarMember(member: TarMember, data?: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield tarHeader(member)
  if (!data) return
  const expected = dataSpans(member.sizeBytes, member.holes ?? []).reduce((sum, [, length]) => sum + length, 0)
  let bytes = 0
  for await (const part of data) {
    bytes += part.byteLength
    yield part
  }
  if (bytes !== expected) throw damagedArchive(`${printBytesName(member.path)} has ${bytes} bytes, its listing says ${expected}`)
  yield tarPadding(bytes)
}

/** Two blocks of zeros end a tar; tar(1) writes in records of 20 blocks. */
export function tarEnd(writtenBytes: number): Buffer {
  const record = 20 * tarBlockBytes
  const rest = (writtenBytes + 2 * tarBlockBytes) % record
  return Buffer.alloc(2 * tarBlockBytes + (rest === 0 ? 0 : record - rest))
}

export function tarPadding(bytes: number): Buffer {
  return Buffer.alloc((tarBlockBytes - (bytes % tarBlockBytes)) % tarBlockBytes)
}

const typeFlags: Readonly<Record<TarMemberType, string>> = {
  file: '0',
  link: '1',
  symlink: '2',
  chardev: '3',
  dev: '4',
  dir: '5',
  fifo: '6',
}

const octal11Max = 8 ** 11 - 1
const octal7Max = 8 ** 7 - 1
const nameBytesMax = 100
const userBytesMax = 31

function isSparse(member: TarMember): boolean {
  return member.type === 'file' && (member.holes?.length ?? 0) > 0
}

/** "Storing Sparse Files", PAX Format, Version 1.0 (GNU tar manual): the map in decimal lines, before the data. */
function sparseMap({ sizeBytes, holes = [] }: TarMember): Buffer {
  const spans = dataSpans(sizeBytes, holes)
  const [offset, length] = spans.at(-1) ?? [0, 0]
  const all = offset + length < sizeBytes ? [...spans, [sizeBytes, 0] as const] : spans
  const text = Buffer.from(`${[all.length, ...all.flat()].join('\n')}\n`, 'latin1')
  return Buffer.concat([text, tarPadding(text.byteLength)])
}

function storedSizeBytes({ type, sizeBytes, holes }: TarMember, map: Buffer | undefined): number {
  if (type !== 'file') return 0
  if (!map) return sizeBytes
  return map.byteLength + dataSpans(sizeBytes, holes ?? []).reduce((sum, [, length]) => sum + length, 0)
}

function paxRecords(member: TarMember, storedBytes: number): Buffer[] {
  const { path, linkTarget, uid, gid, mtimeNs, atimeNs, ctimeNs, xattrs = [] } = member
  const records: [string, string][] = []
  if (isSparse(member)) {
    records.push(['GNU.sparse.major', '1'], ['GNU.sparse.minor', '0'], ['GNU.sparse.name', path])
    records.push(['GNU.sparse.realsize', String(member.sizeBytes)])
  } else if (!fitsName(path)) records.push(['path', path])
  if (linkTarget !== undefined && !fitsName(linkTarget)) records.push(['linkpath', linkTarget])
  if (storedBytes > octal11Max) records.push(['size', String(storedBytes)])
  if (uid > octal7Max) records.push(['uid', String(uid)])
  if (gid > octal7Max) records.push(['gid', String(gid)])
  for (const [keyword, name] of [['uname', member.user] as const, ['gname', member.group] as const]) {
    const bytes = byteStringOf(name)
    if (!isAscii(bytes) || bytes.length > userBytesMax) records.push([keyword, bytes])
  }
  if (wholeSeconds(mtimeNs) === undefined) records.push(['mtime', printPaxTime(mtimeNs)])
  if (atimeNs !== undefined && atimeNs !== mtimeNs) records.push(['atime', printPaxTime(atimeNs)])
  if (ctimeNs !== undefined && ctimeNs !== mtimeNs) records.push(['ctime', printPaxTime(ctimeNs)])
  for (const { name, value } of xattrs) {
    // As GNU tar 1.35 escapes what ends a keyword.
    const keyword = `SCHILY.xattr.${name.replaceAll('%', '%25').replaceAll('=', '%3D')}`
    records.push([keyword, Buffer.from(value).toString('latin1')])
  }
  return records.map(([keyword, value]) => encodePaxRecord(keyword, value))
}

/** The POSIX ustar header. A value that does not fit stands in the extended header; here it is cut or zero. */
function plainHeader(
  member: Omit<TarMember, 'linkTarget'> & { linkTarget?: ByteString | undefined },
  sizeBytes: number,
  flag: string,
): Buffer {
  const block = Buffer.alloc(tarBlockBytes)
  const octal = (value: number, at: number, width: number) => block.write(value.toString(8).padStart(width - 1, '0'), at, 'latin1')
  bytesOf(member.path).copy(block, 0, 0, nameBytesMax)
  octal(member.mode & 0o7777, 100, 8)
  octal(member.uid > octal7Max ? 0 : member.uid, 108, 8)
  octal(member.gid > octal7Max ? 0 : member.gid, 116, 8)
  octal(sizeBytes > octal11Max ? 0 : sizeBytes, 124, 12)
  octal(wholeSeconds(member.mtimeNs) ?? clampedSeconds(member.mtimeNs), 136, 12)
  block.write(flag, 156, 'latin1')
  if (member.linkTarget !== undefined) bytesOf(member.linkTarget).copy(block, 157, 0, nameBytesMax)
  block.write('ustar\u000000', 257, 'latin1')
  block.write(member.user, 265, userBytesMax, 'utf8')
  block.write(member.group, 297, userBytesMax, 'utf8')
  if (member.device !== undefined) {
    octal(majorOf(member.device), 329, 8)
    octal(minorOf(member.device), 337, 8)
  }
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

function fitsName(name: ByteString): boolean {
  return name.length <= nameBytesMax && isAscii(name)
}

function isAscii(text: string): boolean {
  return !/[\u0080-\uffff]/.test(text)
}

function wholeSeconds(ns: bigint): number | undefined {
  if (ns % 1_000_000_000n !== 0n) return undefined
  const seconds = Number(ns / 1_000_000_000n)
  return seconds >= 0 && seconds <= octal11Max ? seconds : undefined
}

function clampedSeconds(ns: bigint): number {
  return Math.min(octal11Max, Math.max(0, Math.floor(Number(ns / 1_000_000_000n))))
}

// makedev(3) of glibc: 12 + 20 bits in the low half, the rest above.
function majorOf(device: bigint): number {
  const major = Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xffff_f000n))
  assert(major <= octal7Max, 'a major number of Linux fits into seven octal digits')
  return major
}

function minorOf(device: bigint): number {
  return Number((device & 0xffn) | ((device >> 12n) & 0xffff_ff00n))
}

export function deviceOf(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)]
  return ((high & 0xfffn) << 8n) | ((high & 0xffff_f000n) << 32n) | (low & 0xffn) | ((low & 0xffff_ff00n) << 12n)
}
