import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '#host/run.ts'
import { workplace } from '#test/support/command-line.ts'

test('INV-707 a little file that becomes gigabytes is refused when that shows, as a tar and as a dump', async () => {
  await using place = await workplace()
  await place.expect(0, 'repository', 'create')
  const member = 'truncate -s 3G zeros && tar --create --file - zeros'
  const statements = `yes "select '$(printf %01000d 0)';" | head -c 3000000000`
  for (const [name, command] of Object.entries({ 'bomb.tar.zst': member, 'bomb.sql.zst': statements })) {
    const made = await run('bash', ['-c', `${command} | zstd -q > ${name}`], { cwd: place.directory })
    assert.equal(made.exitCode, 0, made.stderr)
    const told = await place.expect(1, 'import', place.file(name), '--system', 'evil')
    assert.equal(told.json['error'].code, 'ARCHIVE_LIMIT', told.stderr)
  }
  assert.equal((await place.expect(0, 'backups', 'list')).json['backups'].length, 0)
})
