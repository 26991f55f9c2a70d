import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { coreOf } from '#engine/repository/core.ts'
import { openRepository } from '#engine/repository/open.ts'
import { openLocal } from '#engine/storage/local.ts'
import type { StorageName } from '#engine/storage/storage.ts'
import { systemRandom } from '#host/random.ts'
import { nodeAt } from '#engine/backup/backups.ts'
import { workplace, type Workplace } from '#test/support/command-line.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { overwrite } from '#test/support/small-repository.ts'
import { bytesOfSeed } from './exhibit.ts'

let cluster: TestCluster
let place: Workplace

before(async () => {
  cluster = await testCluster()
  place = await workplace()
})
after(async () => {
  await place[Symbol.asyncDispose]()
  await cluster.stop()
})

const flip = (at: number) => (bytes: Buffer) => {
  bytes[at]! ^= 1
  return bytes
}
const storage = () => openLocal(place.repository)

/** Flips a bit in the first piece of a file of a backup. */
async function damageFile(snapshot: string, file: string): Promise<StorageName> {
  const password = (await readFile(place.passwordFile, 'utf8')).trim()
  await using repository = await openRepository(storage(), password, { clock: systemClock, random: systemRandom })
  const { tree } = (await repository.snapshots()).find(({ id }) => id === snapshot)!
  const node = (await nodeAt(repository, tree, file))!
  const { packId, offset, sizeBytes } = coreOf(repository).index.find('data', node.content![0]!)!
  await overwrite(storage(), `data/${packId}`, flip(offset + (sizeBytes >> 1)))
  return `data/${packId}`
}

test('INV-19 a real backup with damage: what is damaged is named and refused, everything else comes back', async () => {
  const files = place.file('documents')
  await mkdir(path.join(files, 'scans'), { recursive: true })
  await writeFile(path.join(files, 'scans', 'broken.dcm'), bytesOfSeed('broken', 300_000))
  await writeFile(path.join(files, 'letter.txt'), 'a letter')
  await cluster.createDatabase('clinic')
  await cluster.psql(
    'clinic',
    'create table patient as select g as id from generate_series(1, 100) g; create table visit as select g from generate_series(1, 50) g',
  )
  await place.expect(0, 'repository', 'create')
  const sources = ['--database', `clinic=${cluster.url('clinic')}`, '--files', `documents=${files}`]
  const backUp = async () => (await place.expect(0, 'backup', '--system', 'clinic', ...sources)).json
  const first = await backUp()
  await writeFile(path.join(files, 'new.txt'), 'new')
  const second = await backUp()

  // A damaged snapshot hides no other, and nothing older is given in its place unasked.
  const name: StorageName = `snapshots/${second['snapshot']}`
  await overwrite(storage(), name, flip(50))
  const listed = (await place.expect(3, 'backups', 'list')).json
  assert.deepEqual(
    [listed['backups'].length, listed['backups'][0].backup, listed['damaged'][0].snapshot],
    [1, first['backup'], second['snapshot']],
  )
  assert.equal((await place.expect(1, 'verify', 'latest')).json['error'].code, 'DAMAGE_SNAPSHOT')
  await place.expect(0, 'verify', first['backup'])
  await overwrite(storage(), name, flip(50))
  await place.expect(0, 'verify', 'latest')

  // One file and one table are lost. All others are not, and the live files are not touched.
  await damageFile(second['snapshot'], 'files/documents/scans/broken.dcm')
  await damageFile(second['snapshot'], 'database/clinic/data/public/patient/000000.copy')
  const verified = await place.expect(1, 'verify', 'latest')
  assert.match(verified.stderr, /DAMAGED {2}clinic: public\.patient: DAMAGE_BLOB/)
  assert.match(verified.stderr, /DAMAGED {2}documents: .*broken\.dcm: DAMAGE_BLOB/)
  const plan = place.file('plan.json')
  await place.expect(0, 'restore', 'plan', '--backup', 'latest', '--files', `documents=${files}`, '--out', plan)
  const refused = await place.expect(1, 'restore', 'run', plan, '--confirm', 'clinic')
  assert.match(refused.json['error'].code, /^DAMAGE_/)
  assert.match(refused.json['error'].hint, /repair/)
  assert.deepEqual((await readdir(files)).toSorted(), ['letter.txt', 'new.txt', 'scans'])
  assert.equal((await place.expect(0, 'dump', 'files/documents/letter.txt')).stdout, 'a letter')
  assert.match((await place.expect(1, 'dump', 'files/documents/scans/broken.dcm')).stderr, /DAMAGE_BLOB/)

  // Repair names both, saves the rest, and writes what is whole beside the damaged backups.
  const repair = ['repository', 'repair', '--read-data', '--with-gaps']
  const planned = (await place.expect(0, ...repair)).json
  const lost = new Map<string, string[]>()
  for (const { snapshot, parts } of planned['damagedBackups'])
    lost.set(
      snapshot,
      parts.map(({ kind, what }: { kind: string; what: string }) => `${kind} ${what}`),
    )
  for (const { snapshot } of [first, second] as { snapshot: string }[])
    assert.deepEqual(lost.get(snapshot), ['table clinic: public.patient', 'file files/documents/scans/broken.dcm'])
  // The safety backup of the refused restore relied on the same pieces.
  assert.equal(lost.size, 3)
  const done = (await place.expect(3, ...repair, '--execute', planned['digest'])).json
  const beside = done['writtenSnapshots'].find(({ of }: { of: string }) => of === second['snapshot']).snapshot
  const saved = place.file('saved')
  await place.expect(0, 'restore', 'plan', '--backup', beside, '--files', `files=${saved}`, '--out', place.file('saved.json'))
  await place.expect(
    0,
    'restore',
    'run',
    place.file('saved.json'),
    '--confirm',
    'restic',
    '--no-safety-backup',
    '--reason',
    'nothing is there',
  )
  assert.equal(await readFile(path.join(saved, 'files', 'documents', 'letter.txt'), 'utf8'), 'a letter')
  assert.equal(
    await readFile(path.join(saved, 'database', 'clinic', 'data', 'public', 'visit', '000000.copy'), 'utf8').then(
      (text) => text.split('\n').length,
    ),
    51,
  )
  assert.deepEqual(await readdir(path.join(saved, 'files', 'documents', 'scans')), [])
  assert.match(await readFile(path.join(saved, 'GAPS.txt'), 'utf8'), /broken\.dcm/)

  // The source still has it: the next backup stores it again, and with that the old backups are whole.
  await rm(saved, { recursive: true })
  await backUp()
  await place.expect(0, 'verify', first['backup'])
  await place.expect(0, 'verify', second['backup'])
  await place.expect(0, 'repository', 'check', '--read-data')
})
