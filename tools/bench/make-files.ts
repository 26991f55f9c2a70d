import { createWriteStream } from 'node:fs'
import { mkdir, open, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { clinicSize, visitTime } from '#demo/clinic/clinic-size.ts'
import { copyLine } from '#demo/clinic/copy-rows.ts'
import { FileTree } from '#demo/clinic/file-tree.ts'
import { documentRows } from '#demo/clinic/rows-of-documents.ts'
import { randomBytes } from '#demo/clinic/random-bytes.ts'
import { observationRows, type VisitRange } from '#demo/clinic/rows-of-visits.ts'
import { seededRandom } from '#demo/clinic/seeded-random.ts'

const MB = 1_000_000
const textFileBytes = 54 * MB

/** A: rows as COPY text, 20 files of 54 MB at scale 1. */
export async function makeTextFiles(folder: string, scale: number): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (let index = 0; index < 20; index += 1) {
    await writeText(path.join(folder, `observation-${index}.copy`), textFileBytes * scale, 100 + index)
  }
}

/**
 * B: what a clinic files, 10,300 files and 1.3 GB at scale 1: 10,000 reports, messages and small images, and 300 scans of 1 to 7 MB, every
 * other one of them compressed by the machine that took it.
 */
export async function makeMixedFiles(folder: string, scale: number): Promise<void> {
  const size = clinicSize(25 * scale)
  const visits: VisitRange = { seed: 2, size, firstId: 1, count: size.visits, timeOf: (id) => visitTime(id - 1, size.visits) }
  const tree = new FileTree(folder)
  for await (const row of documentRows(visits, tree)) void row
  for (let id = 1; id <= Math.round(300 * scale); id += 1) {
    const bytes = randomBytes(seededRandom(2, 'scan', id).integer(1, 7) * MB, 2, 'scan', id)
    await tree.write(`scans/${id % 50}/scan-${id}.dcm`, id % 2 === 0 ? bytes : asPixels(bytes), visitTime(id, size.visits))
  }
}

/** Pixels of 16 bits that hold a slope and five bits of noise: about half of it can be compressed away. */
function asPixels(bytes: Buffer): Buffer {
  for (let at = 0; at + 1 < bytes.length; at += 2) bytes.writeUInt16LE(1000 + ((at >> 10) % 512) + (bytes[at]! & 31), at)
  return bytes
}

/** C: one file of 1.08 GB at scale 1. */
export async function makeLargeFile(folder: string, scale: number): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeText(path.join(folder, 'large.copy'), 20 * textFileBytes * scale, 500)
}

/** Replaces a run of 1 % of every file by other text, another place and another text each time. */
export async function changeOnePercent(folder: string, time: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const place = path.join(folder, name)
    const { size } = await stat(place)
    const text = Buffer.concat([...textParts(Math.max(1, Math.floor(size / 100)), 1000 * (time + 1) + name.length)])
    await using file = await open(place, 'r+')
    await file.write(text, 0, Math.floor(size / 100), Math.floor((size * (10 + 20 * time)) / 100))
  }
}

async function writeText(place: string, bytes: number, seed: number): Promise<void> {
  await pipeline(Readable.from(textParts(bytes, seed)), createWriteStream(place))
}

function* textParts(bytes: number, seed: number): Generator<Buffer> {
  const size = clinicSize(100)
  const visits: VisitRange = { seed, size, firstId: 1, count: size.visits, timeOf: (id) => visitTime(id - 1, size.visits) }
  let left = Math.floor(bytes)
  let text = ''
  for (const row of observationRows(visits)) {
    text += copyLine(row)
    if (text.length < 1_000_000 && text.length < left) continue
    const part = Buffer.from(text, 'utf8')
    yield part.subarray(0, left)
    left -= part.length
    text = ''
    if (left <= 0) return
  }
}
