import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { systemClock } from '#base/clock.ts'
import type { BlobId, PackId } from '#base/ids.ts'
import { systemRandom } from '#host/random.ts'
import { coreOf } from '#engine/repository/core.ts'
import { saveIndex, type IndexedPack } from '#engine/repository/index-file.ts'
import { openStorage } from '#engine/storage/storages.ts'
import { newRepository, testPassword } from '#test/support/repository.ts'
import { temporaryDirectory } from '#test/support/temporary-directory.ts'

const blobs = 10_000_000
const blobsPerPack = 100
const child = path.resolve(import.meta.dirname, '../support/index-child.ts')

interface Told {
  readonly blobs: number
  readonly tableBytes: number
  readonly openedMs: number
  readonly findings: number | null
  readonly residentBytes: number
  readonly peakBytes: number
}

let root: Awaited<ReturnType<typeof temporaryDirectory>>
let base: Told
before(async () => {
  root = await temporaryDirectory()
  await make('empty', 0)
  await make('large', blobs)
  base = await open('empty')
})
after(() => root[Symbol.asyncDispose]())

async function make(name: string, count: number): Promise<void> {
  await using repository = await newRepository(openStorage(path.join(root.path, name), systemClock, systemRandom))
  await saveIndex(coreOf(repository), packs(count))
}

function* packs(count: number): Generator<IndexedPack> {
  for (let made = 0; made < count; made += blobsPerPack) {
    const ids = randomBytes(32 * (blobsPerPack + 1)).toString('hex')
    const at = (number: number) => ids.slice(64 * number, 64 * number + 64)
    yield {
      id: at(blobsPerPack) as PackId,
      blobs: Array.from({ length: blobsPerPack }, (_, number) => ({
        id: at(number) as BlobId,
        type: 'data',
        offset: number * 160_000,
        sizeBytes: 160_000,
        plainSizeBytes: 1_048_576,
        isCompressed: true,
      })),
    }
  }
}

async function open(name: string, ...flags: string[]): Promise<Told> {
  const args = [child, '--repository', path.join(root.path, name), '--password', testPassword, ...flags]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout) as Told
}

test('an index of 10 million blobs takes at most 64 bytes of memory for each', async () => {
  const told = await open('large')
  const perBlob = (told.residentBytes - base.residentBytes) / blobs
  console.log(
    `${perBlob.toFixed(1)} bytes a blob resident, ${((told.peakBytes - base.peakBytes) / blobs).toFixed(1)} at the peak, ` +
      `${(told.tableBytes / blobs).toFixed(1)} in tables; opened in ${told.openedMs} ms, without blobs in ${base.openedMs} ms`,
  )
  assert.equal(told.blobs, blobs)
  assert.ok(perBlob <= 64, `${perBlob} bytes a blob`)
})

test('a check of 10 million blobs holds the index twice and little else, though every pack is missing', async () => {
  const told = await open('large', '--check')
  assert.equal(told.findings, blobs / blobsPerPack)
  // Opening read the index once, checking reads it anew.
  const perBlob = (told.peakBytes - base.peakBytes) / blobs
  console.log(`${perBlob.toFixed(1)} bytes a blob at the peak`)
  assert.ok(perBlob <= 2 * 64 + 16, `${perBlob} bytes a blob`)
})
