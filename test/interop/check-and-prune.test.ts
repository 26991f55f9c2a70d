import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { checkRepository } from '#engine/repository/check.ts'
import { coreOf } from '#engine/repository/core.ts'
import { openRepository } from '#engine/repository/open.ts'
import { executePrune } from '#engine/repository/prune.ts'
import { planPrune, type PackAct } from '#engine/repository/prune-plan.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { repositoryStatistics } from '#engine/repository/statistics.ts'
import { openLocal } from '#engine/storage/local.ts'
import type { StorageName } from '#engine/storage/storage.ts'
import { systemRandom } from '#host/random.ts'
import { run } from '#host/run.ts'
import { overwrite } from '#test/support/small-repository.ts'
import { copyText, restic, scratch, type Scratch } from './restic.ts'

const password = 'interop password'
const clock = systemClock

/** Two backups by the real restic, of which the first, the larger one, is forgotten by the real restic. */
async function resticRepository(place: Scratch) {
  const source = path.join(place.root, 'source')
  await mkdir(path.join(source, 'sub'), { recursive: true })
  const contents = { 'sub/stays': randomBytes(300_000), goes: randomBytes(2_000_000), 'text.copy': copyText(4_000_000, 5) }
  for (const [name, bytes] of Object.entries(contents)) await writeFile(path.join(source, name), bytes)
  await restic(place, password, ['init'])
  await restic(place, password, ['backup', source])
  await rm(path.join(source, 'goes'))
  await writeFile(path.join(source, 'fresh'), randomBytes(100_000))
  await restic(place, password, ['backup', source])
  await restic(place, password, ['forget', '--keep-last', '1'])
  return { source, storage: openLocal(place.repository) }
}

const acts = async (repository: Repository): Promise<Set<PackAct>> =>
  new Set((await planPrune(repository, { graceMs: 0 })).decisions.map(({ act }) => act))

test('INV-15 we check and prune what restic wrote; restic finds no error at any step, and restores the same', async () => {
  await using place = await scratch()
  const { source, storage } = await resticRepository(place)
  for (const depth of ['quick', 'full'] as const) {
    const report = await checkRepository({ storage, password, clock }, { depth })
    assert.deepEqual(report.findings, [])
    assert.equal(report.checked.snapshots, 1)
  }
  await using repository = await openRepository(storage, password, { clock, random: systemRandom })
  const before = await repositoryStatistics(repository)
  assert((await acts(repository)).has('repack'))

  // First prune: copies and marks. The marks lie beside restic's folders, the old packs are still whole.
  await executePrune(repository, await planPrune(repository, { graceMs: 0 }))
  assert.match(await restic(place, password, ['check', '--read-data']), /no errors were found/)
  assert((await acts(repository)).has('delete'))

  // Second prune: deletes.
  const { deletedBytes } = await executePrune(repository, await planPrune(repository, { graceMs: 0 }))
  assert(deletedBytes > 2_000_000)
  const checked = await run('restic', ['--no-cache', '-r', place.repository, 'check', '--read-data'], {
    env: { PATH: process.env['PATH'], HOME: place.root, RESTIC_PASSWORD: password },
  })
  assert.match(checked.stdout, /no errors were found/)
  assert.doesNotMatch(checked.stdout + checked.stderr, /not referenced|additional files|duplicate/i)
  assert.deepEqual(await acts(repository), new Set<PackAct>(['keep']))
  const after = await repositoryStatistics(repository)
  assert(after.storedBytes < before.storedBytes - 1_900_000)

  await restic(place, password, ['restore', 'latest', '--target', place.target])
  for (const name of ['sub/stays', 'fresh', 'text.copy']) {
    assert.ok((await readFile(path.join(place.target, source, name))).equals(await readFile(path.join(source, name))), name)
  }
  // And restic's own prune has nothing left to do and goes on working beside our folder.
  await restic(place, password, ['prune'])
  assert.match(await restic(place, password, ['check', '--read-data']), /no errors were found/)
})

test('restic agrees on what is damaged', async () => {
  await using place = await scratch()
  const { storage } = await resticRepository(place)
  await using repository = await openRepository(storage, password, { clock, random: systemRandom })
  const { index } = coreOf(repository)
  const pack = [...index.blobs()].find((blob) => blob.type === 'data')!.packId
  const name: StorageName = `data/${pack}`
  // restic sees a wrong length or a missing file without reading content; with --read-data it would try again for a minute.
  const damages: readonly { bytes: (whole: Buffer) => Buffer | undefined; code: string; args: readonly string[] }[] = [
    {
      bytes: (whole) => Buffer.concat([whole.subarray(0, 50), Buffer.of(whole[50]! ^ 1), whole.subarray(51)]),
      code: 'DAMAGE_PACK',
      args: ['check', '--read-data'],
    },
    { bytes: (whole) => whole.subarray(0, -7), code: 'DAMAGE_PACK', args: ['check'] },
    { bytes: () => undefined, code: 'DAMAGE_MISSING_PACK', args: ['check'] },
  ]
  const whole = await storage.get(name)
  assert.equal(createHash('sha256').update(whole).digest('hex'), pack)
  for (const { bytes, code, args } of damages) {
    const damaged = bytes(Buffer.from(whole))
    await storage.remove(name)
    if (damaged) await storage.put(name, [damaged])
    const report = await checkRepository({ storage, password, clock }, { depth: 'full' })
    assert.deepEqual(
      report.findings.map((finding) => [finding.code, finding.name]),
      [[code, name]],
    )
    await assert.rejects(restic(place, password, args), assert.AssertionError)
  }
  await storage.remove(name)
  await storage.put(name, [whole])
  await overwrite(storage, name, (same) => same)
  assert.equal((await checkRepository({ storage, password, clock }, { depth: 'full' })).isIntact, true)
  assert.match(await restic(place, password, ['check', '--read-data']), /no errors were found/)
})
