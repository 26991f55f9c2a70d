import { byteString, type ByteString } from '#engine/byte-string.ts'
import { damagedArchive, refusedFormat } from './archive-fault.ts'
import { tarBlockBytes } from './tar-member.ts'

/** What one block of 512 bytes says. */
export interface PlainHeader {
  readonly name: ByteString
  readonly linkName: ByteString
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes that follow in the tar. */
  readonly storedBytes: number
  readonly mtimeSeconds: number
  /** One character; a NUL of old tars is '0'. */
  readonly flag: string
  readonly user: string
  readonly group: string
  readonly major: number
  readonly minor: number
  readonly block: Buffer
}

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}

/** `isFirst`: what is wrong there is no tar; later it is a damaged one. */
export function parseHeader(block: Buffer, isFirst: boolean): PlainHeader {
  const told = Number.parseInt(block.toString('latin1', 148, 156).replaceAll('\0', ' ').trim(), 8)
  const fields = Buffer.from(block).fill(' ', 148, 156)
  if (fields.reduce((sum, byte) => sum + byte, 0) !== told) {
    throw isFirst ? refusedFormat('the file is no tar') : damagedArchive('a header of the tar is altered: its checksum is wrong')
  }
  // POSIX ustar has a prefix for long names; GNU tar, whose magic is "ustar  ", keeps other things there.
  const isUstar = block.toString('latin1', 257, 263) === 'ustar\0'
  const hasUsers = block.toString('latin1', 257, 262) === 'ustar'
  const prefix = isUstar ? textAt(block, 345, 155) : ''
  const name = textAt(block, 0, 100)
  const flag = block.toString('latin1', 156, 157)
  return {
    name: (prefix === '' ? name : `${prefix}/${name}`) as ByteString,
    linkName: textAt(block, 157, 100) as ByteString,
    mode: numberAt(block, 100, 8) & 0o7777,
    uid: numberAt(block, 108, 8),
    gid: numberAt(block, 116, 8),
    storedBytes: sizeAt(block),
    mtimeSeconds: numberAt(block, 136, 12),
    flag: flag === '\0' ? '0' : flag,
    user: hasUsers ? Buffer.from(textAt(block, 265, 32), 'latin1').toString('utf8') : '',
    group: hasUsers ? Buffer.from(textAt(block, 297, 32), 'latin1').toString('utf8') : '',
    major: hasUsers ? numberAt(block, 329, 8) : 0,
    minor: hasUsers ? numberAt(block, 337, 8) : 0,
    block,
  }
}

export function textAt(block: Uint8Array, at: number, width: number): string {
  const end = block.indexOf(0, at)
  return byteString(block.subarray(at, end < 0 || end > at + width ? at + width : end))
}

/** Octal digits; or, with the first bit set, a signed number in base 256 (GNU tar manual, "Basic Tar Format"). */
export function numberAt(block: Buffer, at: number, width: number): number {
  if ((block[at]! & 0x80) === 0) {
    const text = block
      .toString('latin1', at, at + width)
      .replaceAll('\0', ' ')
      .trim()
    if (!/^[0-7]*$/.test(text)) throw damagedArchive('a header of the tar has a number that is none')
    return text === '' ? 0 : Number.parseInt(text, 8)
  }
  const isNegative = (block[at]! & 0x40) !== 0
  let value = BigInt(block[at]! & 0x3f) - (isNegative ? 0x40n : 0n)
  for (let index = at + 1; index < at + width; index += 1) value = value * 256n + BigInt(block[index]!)
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw damagedArchive('a header of the tar has a number beyond all measure')
  return number
}

function sizeAt(block: Buffer): number {
  const size = numberAt(block, 124, 12)
  if (size < 0) throw damagedArchive('a header of the tar has a negative size')
  return size
}

export function blocksOf(bytes: number): number {
  return Math.ceil(bytes / tarBlockBytes) * tarBlockBytes
}
