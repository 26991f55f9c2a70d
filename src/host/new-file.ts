import { closeSync, constants, fchmodSync, fchownSync, openSync, writeSync } from 'node:fs'
import { errnoOf } from '#base/fault.ts'
import { setTimesOf } from './libc.ts'

export interface FileAttributes {
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly atimeNs: bigint
  readonly mtimeNs: bigint
  /** False leaves the file to the user that makes it, unless it is that user's. */
  readonly restoresOwner: boolean
}

/** Bits that lend the owner's power. */
export const lendingBits = 0o6000

const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW

/** Opens a new file, never through a symlink. Nobody but its maker may open it until its mode is set. */
export function openNewFile(path: Uint8Array): number {
  return openSync(path as Buffer, newFile, 0o600)
}

/**
 * Makes a whole file: content, owner, times and mode, in this order, since chown(2) clears setuid. False when the owner
 * could not be given: then nobody else's power is lent by it.
 */
export function makeFile(path: Uint8Array, bytes: Uint8Array, attributes: FileAttributes): boolean {
  const fd = openNewFile(path)
  try {
    writeOutside(fd, bytes, { offset: 0, holes: [] })
    const isOwned = giveTo(fd, attributes)
    setTimesOf(fd, attributes)
    fchmodSync(fd, isOwned ? attributes.mode : attributes.mode & ~lendingBits)
    return isOwned
  } finally {
    closeSync(fd)
  }
}

export interface FilePart {
  readonly offset: number
  /** As [offset, length] in bytes, ascending: not written, so that they stay holes. */
  readonly holes: readonly (readonly [number, number])[]
}

/** Writes `bytes` at an offset of an open file, but for what lies in its holes. */
export function writeOutside(fd: number, bytes: Uint8Array, { offset, holes }: FilePart): void {
  const end = offset + bytes.byteLength
  let from = offset
  for (const [holeFrom, holeBytes] of holes) {
    if (holeFrom + holeBytes <= from) continue
    if (holeFrom >= end) break
    if (holeFrom > from) writeAll(fd, bytes.subarray(from - offset, holeFrom - offset), from)
    from = Math.min(end, holeFrom + holeBytes)
  }
  if (from < end) writeAll(fd, bytes.subarray(from - offset), from)
}

function writeAll(fd: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.byteLength;) done += writeSync(fd, bytes, done, bytes.byteLength - done, offset + done)
}

function giveTo(fd: number, { uid, gid, restoresOwner }: FileAttributes): boolean {
  if (!restoresOwner && uid !== process.geteuid?.()) return false
  try {
    fchownSync(fd, uid, gid)
    return true
  } catch (error) {
    if (isOwnerRefused(error)) return false
    throw error
  }
}

/** EINVAL: a number that this user namespace does not map (user_namespaces(7)). */
export function isOwnerRefused(error: unknown): boolean {
  return ['EPERM', 'EINVAL'].includes(errnoOf(error) ?? '')
}
