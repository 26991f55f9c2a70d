import assert from 'node:assert/strict'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { defaultSettings } from '#base/settings.ts'
import { systemRandom } from '#host/random.ts'
import { backupsAmong } from '#engine/backup/backups.ts'
import { exportArchive } from '#engine/archive/export-archive.ts'
import { createRepository } from '#engine/repository/create.ts'
import { openRepository } from '#engine/repository/open.ts'
import { openStorage } from '#engine/storage/storages.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { work as backupWork } from '#service/jobs/work/backup.work.ts'
import { openedById } from '#service/jobs/work/job-backup.ts'
import { work as importWork } from '#service/jobs/work/import.work.ts'
import { workshop, type Workshop } from '#test/support/workshop.ts'

// A worker may be lost after the snapshot is written and before anybody heard of it.

const signal = AbortSignal.timeout(60_000)
const password = 'correct horse battery'

function attempt(number: number): WorkTools & { readonly lines: string[] } {
  const lines: string[] = []
  return {
    lines,
    signal,
    attempt: number,
    previousTrail: {},
    onProgress: () => undefined,
    log: (line) => void lines.push(line),
    trail: async () => undefined,
    lockRecord: { taking: async () => undefined, gone: async () => undefined },
  }
}

async function prepared(shop: Workshop) {
  await mkdir(shop.at('files'))
  await writeFile(shop.at('files', 'note.txt'), 'hello')
  const place = `local:${shop.at('repository')}`
  const storage = openStorage(place, systemClock, systemRandom)
  await createRepository(storage, password, { clock: systemClock, random: systemRandom, signal })
  const input = {
    id: systemRandom.uuid(),
    system: 'emr',
    name: 'the one',
    repository: { place, password },
    databases: [],
    roots: [{ name: 'uploads', path: shop.at('files') }],
    settings: defaultSettings,
    compressionLevel: 1,
    cacheDirectory: shop.at('cache'),
  }
  const open = () => openRepository(storage, password, { clock: systemClock, random: systemRandom })
  const stored = async () => {
    await using repository = await open()
    return backupsAmong(await repository.snapshots()).map(({ id }) => id)
  }
  return { input, open, stored }
}

test('a second attempt takes the backup that the first one had stored, instead of making another', async () => {
  await using shop = await workshop()
  const { input, stored } = await prepared(shop)
  const first = await backupWork(input, attempt(1))
  const tools = attempt(2)
  const second = await backupWork(input, tools)
  assert.deepEqual([second.snapshot, second.checksum, second.logicalBytes], [first.snapshot, first.checksum, 5])
  assert.equal(second.storedBytes, null)
  assert.deepEqual(tools.lines, ['an earlier attempt had stored all of it'])
  assert.deepEqual(await stored(), [input.id])
})

test('a second attempt whose first one stored nothing makes the backup', async () => {
  await using shop = await workshop()
  const { input, stored } = await prepared(shop)
  const made = await backupWork(input, attempt(2))
  assert.ok(made.storedBytes! > 0)
  // What the next backup of the system goes by.
  assert.equal((await readdir(path.join(input.cacheDirectory, 'files'))).length, 1)
  assert.deepEqual(await stored(), [input.id])
})

test('a second attempt at an import takes what the first one had taken in; a first one of a backup that is there is refused', async () => {
  await using shop = await workshop()
  const { input, open, stored } = await prepared(shop)
  await backupWork(input, attempt(1))
  const out = shop.at('archive.tar')
  {
    await using repository = await open()
    const instruments = { clock: systemClock, random: systemRandom, onProgress: () => undefined }
    const order = { compression: { kind: 'none', level: 0 } as const, out }
    await exportArchive(repository, await openedById(repository, input.id, signal), { order, instruments }, signal)
  }
  const asNew = {
    path: out,
    system: 'emr',
    newBackupId: systemRandom.uuid(),
    isAsNew: true,
    compressionLevel: 1,
    repository: input.repository,
  }
  const first = await importWork(asNew, attempt(1))
  assert.deepEqual([first.id, (await importWork(asNew, attempt(2))).snapshot], [asNew.newBackupId, first.snapshot])
  const same = { ...asNew, newBackupId: systemRandom.uuid(), isAsNew: false }
  await assert.rejects(importWork(same, attempt(1)), { code: 'BACKUP_EXISTS' })
  assert.equal((await importWork(same, attempt(2))).id, input.id)
  assert.deepEqual((await stored()).toSorted(), [input.id, asNew.newBackupId].toSorted())
})
