import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { systemRandom } from '#host/random.ts'
import type { Manifest } from '#engine/backup/manifest.ts'
import { workshop, type Workshop } from '#test/support/workshop.ts'
import { makeDrillPlace, removeLeftDrills } from './drill-place.ts'
import { beginRecord } from './drill-record.ts'

const uuid = '00000000-0000-4000-8000-000000000001'
const instruments = { clock: systemClock, random: systemRandom }

const record = (directory: string) => ({ format: 1 as const, drill: uuid, backup: uuid, directory, begunAt: '2026-03-01T12:00:00.000Z' })

async function leave(place: Workshop, directory: string): Promise<void> {
  await using _left = await beginRecord(place.at('state'), record(directory))
}

test('a backup of a newer PostgreSQL than any on this machine is refused, and nothing is made', async () => {
  await using place = await workshop()
  const databases = [{ name: 'main', serverVersion: { number: 990_002, text: '99.2' } }]
  const order = {
    drill: uuid,
    manifest: { backup: uuid, databases } as unknown as Manifest,
    parent: place.folder,
    stateDirectory: place.at('state'),
  }
  await assert.rejects(makeDrillPlace(order, instruments), (error) => isFault(error, 'RESTORE_VERSION') && /99\.2/.test(error.message))
  assert.deepEqual(await readdir(place.folder), [])
})

test('what a dead drill left is removed with its record, however locked it is; a living one is left alone', async () => {
  await using place = await workshop()
  const directory = place.at('integrum-drill-0123456789ab')
  await mkdir(path.join(directory, 'files', '.integrum-0123456789ab-stage', 'locked'), { recursive: true, mode: 0o100 })
  {
    await using _living = await beginRecord(place.at('state'), record(directory))
    assert.deepEqual(await removeLeftDrills(place.at('state'), systemClock), [])
  }
  const removed = await removeLeftDrills(place.at('state'), systemClock)
  assert.deepEqual(removed, [record(directory)])
  assert.deepEqual(await readdir(place.folder), ['state'])
  assert.deepEqual(await readdir(place.at('state', 'drills')), [])
  assert.deepEqual(await removeLeftDrills(place.at('state'), systemClock), [])
})

test('a record is believed only as far as a drill goes: another directory, or a link to one, is not removed', async () => {
  await using place = await workshop()
  await mkdir(place.at('precious'))
  await writeFile(place.at('precious', 'file'), 'stays')
  await symlink('precious', place.at('integrum-drill-0123456789ab'))
  for (const name of ['precious', 'integrum-drill-0123456789ab']) {
    await leave(place, place.at(name))
    await assert.rejects(removeLeftDrills(place.at('state'), systemClock), (error) => isFault(error, 'RESTORE_STATE'))
    await writeFile(place.at('state', 'drills', `${uuid}.json`), '')
    assert.deepEqual(await removeLeftDrills(place.at('state'), systemClock), [])
  }
  assert.equal(await readFile(place.at('precious', 'file'), 'utf8'), 'stays')
})

test('a record that was cut off before it named a directory is taken away', async () => {
  await using place = await workshop()
  await mkdir(place.at('state', 'drills'), { recursive: true })
  await writeFile(place.at('state', 'drills', `${uuid}.json`), '{"format": 1, "dri')
  assert.deepEqual(await removeLeftDrills(place.at('state'), systemClock), [])
  assert.deepEqual(await readdir(place.at('state', 'drills')), [])
})
