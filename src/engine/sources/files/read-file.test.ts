import { test } from 'node:test'
import { strict as assert } from 'node:assert'
import { closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { holesOf } from '#host/libc.ts'
import { writeFrom } from '#test/support/write-from.ts'
import { workshop } from '#test/support/workshop.ts'
import type { BlobId } from '#base/ids.ts'
import { readBytes } from './read-file.ts'
import { writeFile } from './write-file.ts'

const page = 4096

async function gather(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const copies: Buffer[] = []
  for await (const chunk of chunks) copies.push(Buffer.from(chunk))
  return Buffer.concat(copies)
}

test('a sparse file reads as it is, around its holes, and is written again with the same bytes and holes', async () => {
  await using shop = await workshop()
  const runs = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 90 })), { minLength: 1, maxLength: 5 })
  let number = 0
  await fc.assert(
    fc.asyncProperty(runs, fc.integer({ min: 0, max: page - 1 }), fc.integer({ min: 1, max: 700_000 }), async (layout, tail, cut) => {
      const file = shop.at(`file-${(number += 1)}`)
      const fd = openSync(file, 'w+')
      let offset = 0
      for (const [isData, pages] of layout) {
        if (isData) writeSync(fd, Buffer.alloc(pages * page, 65 + (offset % 23)), 0, pages * page, offset)
        offset += pages * page
      }
      const sizeBytes = offset + tail
      ftruncateSync(fd, sizeBytes)
      const holes = holesOf(fd, sizeBytes)
      const plain = await readFile(file)
      assert.ok(plain.equals(await gather(readBytes(fd, { sizeBytes, holes }))))
      assert.ok(plain.equals(await gather(readBytes(fd, { sizeBytes }))))
      const askRoom = async (sizeBytesMax: number) => Buffer.alloc(Math.min(sizeBytesMax, cut))
      assert.ok(plain.equals(await gather(readBytes(fd, { sizeBytes, holes, askRoom }))))
      const read = async function* () {
        for (let from = 0; from < plain.byteLength; from += cut) yield plain.subarray(from, from + cut)
      }
      const content = { sizeBytes, pieces: [{ sha256: '' as BlobId, sizeBytes }], read, lend: read, writeTo: writeFrom(read) }
      await writeFile(
        Buffer.from(`${file}-again`),
        { content, holes, hasOtherNames: false, onBytes: () => {} },
        new AbortController().signal,
      )
      const again = openSync(`${file}-again`, constants.O_RDONLY)
      assert.ok(plain.equals(await readFile(`${file}-again`)))
      assert.deepEqual(holesOf(again, sizeBytes), holes)
      closeSync(again)
      closeSync(fd)
    }),
    { numRuns: 12 },
  )
})

test('a file cut in the middle of its data or of a hole ends where it ends now', async () => {
  await using shop = await workshop()
  const fd = openSync(shop.at('file'), 'w+')
  writeSync(fd, Buffer.alloc(page, 1), 0, page, 0)
  writeSync(fd, Buffer.alloc(page, 1), 0, page, 100 * page)
  const holes = holesOf(fd, 101 * page)
  assert.deepEqual(holes, [[page, 99 * page]])
  for (const cut of [50, page, 10 * page, 100 * page + 7]) {
    ftruncateSync(fd, 101 * page)
    ftruncateSync(fd, cut)
    assert.equal((await gather(readBytes(fd, { sizeBytes: 101 * page, holes }))).byteLength, cut)
  }
  closeSync(fd)
})

test('a reader that stops early leaves no read under way', async () => {
  await using shop = await workshop()
  const fd = openSync(shop.at('file'), 'w+')
  ftruncateSync(fd, 10_000_000)
  for await (const chunk of readBytes(fd, { sizeBytes: 10_000_000 })) {
    assert.equal(chunk.byteLength, 1024 * 1024)
    break
  }
  closeSync(fd)
})
