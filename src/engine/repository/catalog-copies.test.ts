import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '#base/limits.ts'
import { durations } from '#base/units.ts'
import { backupsAmong } from '#engine/backup/backups.ts'
import { foreignAmong } from '#engine/backup/foreign.ts'
import { smallPassword, smallRepository } from '#test/support/small-repository.ts'
import { catalogCopiesAmong, readCatalogCopy, recordCatalogCopy, trimCatalogCopies } from './catalog-copies.ts'
import { checkRepository } from './check.ts'
import type { Repository } from './repository.ts'

const [ours, theirs] = ['0'.repeat(32), '1'.repeat(32)]

async function* bytesOf(text: string) {
  yield Buffer.from(text)
}

async function record(repository: Repository, installation: string, day: number): Promise<void> {
  const at = new Date(Date.UTC(2026, 2, 1) + day * durations.day)
  const files = [{ name: 'catalog.jsonl', bytes: bytesOf(`day ${day}\n`) }]
  await recordCatalogCopy(repository, { installation, at, seal: 'f'.repeat(64), files })
}

test('a copy of the catalog comes back as it was written, is no backup, and a check finds nothing wrong', async () => {
  const { open, storage, clock } = await smallRepository()
  await using repository = await open()
  await record(repository, ours, 3)
  const snapshots = await repository.snapshots()
  assert.deepEqual([backupsAmong(snapshots), foreignAmong(snapshots)], [[], []])
  const [copy, ...others] = catalogCopiesAmong(snapshots)
  assert.deepEqual([copy!.installation, copy!.seal, copy!.at.toISOString(), others], [ours, 'f'.repeat(64), '2026-03-04T00:00:00.000Z', []])
  const read: Uint8Array[] = []
  for await (const part of (await readCatalogCopy(repository, copy!, 'catalog.jsonl'))!) read.push(Buffer.from(part))
  assert.equal(Buffer.concat(read).toString(), 'day 3\n')
  assert.equal(await readCatalogCopy(repository, copy!, 'audit-trail.jsonl'), undefined)
  const report = await checkRepository({ storage, password: smallPassword, clock }, { depth: 'full' })
  assert.deepEqual(report.findings, [])
})

test('the newest copies of each installation stay, and those of another are let be', async () => {
  const { open } = await smallRepository()
  await using repository = await open()
  await record(repository, theirs, 0)
  for (let day = 0; day < limits.catalogCopiesKept + 2; day += 1) await record(repository, ours, day)
  assert.equal(await trimCatalogCopies(repository, ours), 2)
  assert.equal(await trimCatalogCopies(repository, ours), 0)
  const left = catalogCopiesAmong(await repository.snapshots())
  assert.equal(left.filter(({ installation }) => installation === theirs).length, 1)
  const days = left.filter(({ installation }) => installation === ours).map(({ at }) => at.getUTCDate())
  assert.deepEqual(days, [3, 4, 5, 6, 7, 8, 9])
})
