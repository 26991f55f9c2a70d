import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { ChildProcess } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { run } from '#host/run.ts'
import { endOf, workplace } from '#test/support/command-line.ts'

test('killed in the middle of a backup, the repository is sound, the backup before stands, and the next one works', async () => {
  await using place = await workplace()
  const files = place.file('files')
  await mkdir(files)
  for (let index = 0; index < 12; index += 1) await writeFile(path.join(files, `file-${index}`), randomBytes(8 << 20))
  await place.expect(0, 'repository', 'create')
  await mkdir(place.file('small'))
  await writeFile(path.join(place.file('small'), 'word'), 'first')
  const first = await place.expect(0, 'backup', '--system', 'small', '--files', `small=${place.file('small')}`)

  // Each time after more packs have been written: the death is told by what is on disk, not by a clock.
  for (const packs of [1, 2, 4]) {
    const child = place.start(['backup', '--system', 'big', '--files', `big=${files}`])
    const ended = endOf(child)
    await untilPacks(place.repository, packs + 2, child)
    child.kill('SIGKILL')
    await ended
    const backups = await place.expect(0, 'backups', 'list')
    assert.deepEqual(
      backups.json['backups'].map((backup: { backup: string }) => backup.backup),
      [first.json['backup']],
    )
    await place.expect(0, 'repository', 'check', '--read-data')
  }
  const whole = await place.expect(0, 'backup', '--system', 'big', '--files', `big=${files}`)
  await place.expect(0, 'verify', whole.json['backup'])
  const restic = await run('restic', ['-r', place.repository, '--no-cache', '--no-lock', 'check', '--read-data'], {
    env: { PATH: process.env['PATH'], HOME: place.directory, RESTIC_PASSWORD_FILE: place.passwordFile },
  })
  assert.equal(restic.exitCode, 0, restic.stderr)
})

test('cancelled by Ctrl-C, a backup leaves nothing visible and no lock', async () => {
  await using place = await workplace()
  const files = place.file('files')
  await mkdir(files)
  for (let index = 0; index < 40; index += 1) await writeFile(path.join(files, `file-${index}`), randomBytes(8 << 20))
  await place.expect(0, 'repository', 'create')
  const child = place.start(['backup', '--system', 'big', '--files', `big=${files}`])
  const ended = endOf(child)
  await untilPacks(place.repository, 1, child)
  child.kill('SIGINT')
  assert.deepEqual(await ended, { exitCode: 1, signal: null })
  const backups = await place.expect(0, 'backups', 'list')
  assert.deepEqual(backups.json['backups'], [])
  const locks = await run('find', [path.join(place.repository, 'locks'), '-type', 'f'])
  assert.equal(locks.stdout, '')
})

/** Until so many packs are in the repository, or the process has ended; then the test says what was wrong. */
async function untilPacks(repository: string, packs: number, child: ChildProcess): Promise<void> {
  const count = `"$(find "${repository}/data" -type f | wc -l)"`
  const waited = await run('bash', ['-c', `until [ ${count} -ge ${packs} ] || ! kill -0 ${child.pid}; do :; done`], { timeoutMs: 60_000 })
  assert.equal(waited.exitCode, 0)
}
