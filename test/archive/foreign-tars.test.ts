import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { isFault } from '#base/fault.ts'
import { systemRandom } from '#host/random.ts'
import { run } from '#host/run.ts'
import { openArchiveFile } from '#engine/archive/archive-file.ts'
import { importFile } from '#engine/archive/import-file.ts'
import { memory } from '#engine/storage/memory.ts'
import { newRepository } from '#test/support/repository.ts'
import { workplace, type Workplace } from '#test/support/command-line.ts'
import { makeHardTree, shrinkSparse, treeDiff } from '#test/support/trees.ts'

let place: Workplace
const { signal } = new AbortController()

before(async () => {
  place = await workplace()
  await place.expect(0, 'repository', 'create')
})
after(async () => place[Symbol.asyncDispose]())

async function shell(command: string): Promise<void> {
  const result = await run('bash', ['-c', command], { cwd: place.directory })
  assert.equal(result.exitCode, 0, `${command}\n${result.stderr}`)
}

test('a tar that GNU tar made of the hard tree becomes a backup that restores identical, hard links and holes too', async () => {
  await mkdir(place.file('tree'))
  await makeHardTree(place.file('tree'))
  await shrinkSparse(place.file('tree'))
  await shell(`tar --create --format=pax --sparse --xattrs --xattrs-include='*' --acls --zstd --file tree.tar.zst -C tree .`)
  const refused = await place.expect(1, 'import', place.file('tree.tar.zst'), '--system', 'tree')
  assert.match(refused.json['error'].fact, /hard\/chardev is a device node/)
  const told = await place.expect(0, 'import', place.file('tree.tar.zst'), '--system', 'tree', '--name', 'tree', '--devices')
  assert.equal(told.json['imported'].kind, 'tar')
  await place.expect(0, 'verify', told.json['backup'])
  const plan = place.file('plan.json')
  const target = ['--files', `tree=${place.file('again')}`]
  await place.expect(0, 'restore', 'plan', '--backup', told.json['backup'], '--system', 'tree', ...target, '--out', plan)
  await place.expect(0, 'restore', 'run', plan, '--confirm', 'tree')
  assert.match(await treeDiff(place.file('tree'), place.file('again')), /^IDENTICAL$/m)
})

test('INV-707 tars that would lead out of their tree leave no backup', async () => {
  await shell('mkdir evil && cd evil && echo x > x && ln -s /etc out && mkdir d && echo y > d/passwd')
  const evil = {
    traversal: `tar cPf e.tar --transform 's,^x$,../../x,' evil/x -C evil x`,
    absolute: `tar cPf e.tar --transform 's,^x$,/etc/x,' -C evil x`,
    symlink: `tar cf e.tar -C evil out && tar rf e.tar --transform 's,^d/,out/,' -C evil d/passwd`,
    twice: 'tar cf e.tar -C evil x && tar rf e.tar -C evil x',
    link: `ln evil/x evil/y && tar cPf e.tar --transform 's,^x$,/etc/passwd,RSh' -C evil x y`,
  }
  await using repository = await newRepository(memory(systemClock))
  for (const [name, command] of Object.entries(evil)) {
    await shell(`rm -f e.tar; ${command}`)
    await using file = await openArchiveFile(place.file('e.tar'), undefined, signal)
    const order = { system: 'evil', isAsNew: false, hasDevices: false, compressionLevel: 1 }
    const instruments = { clock: systemClock, random: systemRandom, onProgress: () => {} }
    const imported = importFile(repository, { file, order, instruments }, signal)
    await assert.rejects(imported, (error) => isFault(error, 'ARCHIVE_UNSAFE'), name)
  }
  assert.equal((await repository.snapshots()).length, 0)
})
