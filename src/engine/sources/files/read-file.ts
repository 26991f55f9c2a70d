import { constants, fstatSync, read, readSync } from 'node:fs'
import { errnoOf } from '#base/fault.ts'
import { MiB } from '#base/units.ts'
import { limits } from '#base/limits.ts'
import type { AskRoom } from '#base/room.ts'
import type { EntryStats } from '#host/open-files.ts'
import type { ByteString } from '#engine/byte-string.ts'
import type { TreeNode } from '#engine/tree-node.ts'
import { OpenFile, type DirectoryHandle } from './directory-handle.ts'

type Holes = NonNullable<TreeNode['holes']>

/**
 * The first `sizeBytes` of an open file, or less when it is shorter by now. Holes are not read: their zeros are views of
 * one buffer. A chunk is valid until the next one is asked for, and must not be written to.
 */
export async function* readBytes(fd: number, { sizeBytes, holes = [], askRoom }: ReadOrder): AsyncGenerator<Uint8Array> {
  const readRange = rangeReader(fd, askRoom)
  if (holes.length === 0) return void (yield* readRange(0, sizeBytes))
  let offset = 0
  for (const [holeOffset, holeBytes] of holes) {
    const read = yield* readRange(offset, Math.min(holeOffset, sizeBytes) - offset)
    if (offset + read < Math.min(holeOffset, sizeBytes)) return
    // A file that was cut meanwhile ends where it ends now, hole or not.
    const end = Math.min(holeOffset + holeBytes, Number(fstatSync(fd, { bigint: true }).size))
    yield* readZeros(end - holeOffset)
    offset = holeOffset + holeBytes
    if (end < offset) return
  }
  yield* readRange(offset, sizeBytes - offset)
}

interface ReadOrder {
  readonly sizeBytes: number
  readonly holes?: Holes | undefined
  /** Long ranges are read into what it gives, if given, without copying. */
  readonly askRoom?: AskRoom | undefined
}

/**
 * All of a file of `sizeBytes`, or `undefined` when it is longer or shorter by now. The bytes lie in memory that the next
 * call uses again.
 */
export function readSmall(fd: number, sizeBytes: number): Uint8Array | undefined {
  // One byte more than there should be: a full buffer would not tell that the file has grown.
  const count = readSync(fd, smallBuffer, 0, sizeBytes + 1, 0)
  return count === sizeBytes ? smallBuffer.subarray(0, sizeBytes) : undefined
}

/** Opens for reading without leaving a trace in atime where that is allowed, and without waiting for a fifo's writer. */
export function openForReading(at: Buffer): OpenFile {
  return withoutTrace((flags) => OpenFile.open(at, flags))
}

/** The same for a file right below an open directory. */
export function openBelow(directory: DirectoryHandle, name: ByteString): OpenFile {
  return withoutTrace((flags) => OpenFile.below(directory, name, flags))
}

function withoutTrace(open: (flags: number) => OpenFile): OpenFile {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  try {
    return open(flags | O_NOATIME)
  } catch (error) {
    // open(2): O_NOATIME is for the owner and for CAP_FOWNER.
    if (errnoOf(error) === 'EPERM') return open(flags)
    throw error
  }
}

/** True when both readings show the same file in the same state; reading it does not change what is compared. */
export function isSameState(one: EntryStats, other: EntryStats): boolean {
  return (
    one.dev === other.dev &&
    one.ino === other.ino &&
    one.size === other.size &&
    one.mtimeNs === other.mtimeNs &&
    one.ctimeNs === other.ctimeNs
  )
}

const O_NOATIME = process.platform === 'linux' ? constants.O_NOATIME : 0
const bufferBytes = 1 * MiB
const zeros = Buffer.alloc(bufferBytes)
const smallBuffer = Buffer.alloc(limits.smallBytesMax + 1)

function* readZeros(lengthBytes: number): Generator<Uint8Array> {
  for (let left = lengthBytes; left > 0; left -= bufferBytes) yield zeros.subarray(0, Math.min(left, bufferBytes))
}

/** Each range of a file, by offset and length; returns how many bytes there were. */
type RangeReader = (offset: number, lengthBytes: number) => AsyncGenerator<Uint8Array, number>

function rangeReader(fd: number, askRoom: AskRoom | undefined): RangeReader {
  return async function* (offset, lengthBytes) {
    if (lengthBytes <= 0) return 0
    if (lengthBytes <= limits.streamBufferBytes) return yield* readAtOnce(fd, offset, lengthBytes)
    return yield* askRoom ? readIntoRoom(fd, { offset, lengthBytes, askRoom }) : readAhead(fd, offset, lengthBytes)
  }
}

function* readAtOnce(fd: number, offset: number, lengthBytes: number): Generator<Uint8Array, number> {
  const buffer = Buffer.allocUnsafe(lengthBytes)
  let done = 0
  while (done < lengthBytes) {
    const count = readSync(fd, buffer, done, lengthBytes - done, offset + done)
    if (count === 0) break
    done += count
  }
  if (done > 0) yield buffer.subarray(0, done)
  return done
}

/** One piece is read while other files are chunked; none of it is copied, which saves as much time as reading ahead would. */
async function* readIntoRoom(fd: number, { offset, lengthBytes, askRoom }: RoomRange): AsyncGenerator<Uint8Array, number> {
  let done = 0
  while (done < lengthBytes) {
    const room = await askRoom(Math.min(bufferBytes, lengthBytes - done))
    const count = await readInto(fd, room, offset + done)
    if (count === 0) break
    done += count
    yield room.subarray(0, count)
  }
  return done
}

interface RoomRange {
  readonly offset: number
  readonly lengthBytes: number
  readonly askRoom: AskRoom
}

/** Two buffers in turn: while the consumer works on one, the thread pool fills the other. */
async function* readAhead(fd: number, offset: number, lengthBytes: number): AsyncGenerator<Uint8Array, number> {
  const buffers = [Buffer.allocUnsafeSlow(bufferBytes), Buffer.allocUnsafeSlow(bufferBytes)] as const
  let done = 0
  let turn: 0 | 1 = 0
  let coming: Promise<number> | undefined = readInto(fd, buffers[0].subarray(0, lengthBytes), offset)
  try {
    while (coming) {
      const count: number = await coming
      coming = undefined
      if (count === 0) break
      const buffer = buffers[turn]
      done += count
      turn = turn === 0 ? 1 : 0
      if (done < lengthBytes) {
        coming = readInto(fd, buffers[turn].subarray(0, lengthBytes - done), offset + done)
        // Awaited above in the next round, or below when the consumer stops early.
        coming.catch(() => {})
      }
      yield buffer.subarray(0, count)
    }
  } finally {
    // The descriptor is closed next: not while a read is under way.
    await coming?.catch(() => {})
  }
  return done
}

function readInto(fd: number, buffer: Uint8Array, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, 0, buffer.byteLength, offset, (error, count) => (error ? reject(error) : resolve(count)))
  })
}
