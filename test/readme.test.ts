import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { run } from '#host/run.ts'
import { workplace } from '#test/support/command-line.ts'
import { testCluster } from '#test/support/postgres.ts'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

/** The shell blocks of one section of the README, as they stand there. */
async function blocksOf(section: string): Promise<string[]> {
  const text = await readFile(path.join(root, 'README.md'), 'utf8')
  const part = text.split(/^## /m).find((found) => found.startsWith(section))
  assert.ok(part, `the README has a section "${section}"`)
  return [...part.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block!)
}

test('the session that the README shows runs as it stands there, names and places apart', async () => {
  await using cluster = await testCluster()
  await using place = await workplace()
  await cluster.createDatabase('clinic')
  await cluster.psql('clinic', "create table patient (id int primary key, name text); insert into patient values (1, 'Ada')")
  for (const folder of ['uploads/2026/05', 'studies', 'practice']) await mkdir(place.file(folder), { recursive: true })
  await writeFile(place.file('uploads/2026/05/ORU-12.hl7'), 'MSH|^~\\&|LAB')

  const blocks = await blocksOf('A session')
  assert.ok(blocks.length >= 5)
  for (const block of blocks) {
    const restores = await place.integrum('restore', 'list')
    const newest = restores.json['restores']?.at(-1)?.restore ?? 'none'
    const words = block
      .replace('/data/backups', place.repository)
      .replace('/etc/integrum/password', place.passwordFile)
      .replaceAll('postgresql://backup@localhost/clinic_practice', `"${cluster.url('clinic_practice')}"`)
      .replaceAll('postgresql://backup@localhost/clinic', `"${cluster.url('clinic')}"`)
      .replaceAll('/data/uploads', place.file('uploads'))
      .replaceAll('/data/studies', place.file('studies'))
      .replaceAll('/data/practice', place.file('practice'))
      .replace('integrum restore undo RESTORE', `integrum restore undo ${newest}`)
      // Released is the newest restore, which by then is the undo.
      .replace('integrum restore release RESTORE', `integrum restore release "$(integrum restore list | tail -1 | cut -d' ' -f1)"`)
    const env = {
      ...process.env,
      PATH: `${path.join(root, 'bin')}:${process.env['PATH']}`,
      INTEGRUM_REPOSITORY: place.repository,
      INTEGRUM_PASSWORD_FILE: place.passwordFile,
      INTEGRUM_STATE: place.state,
      INTEGRUM_CACHE: place.file('cache'),
    }
    const result = await run('bash', ['-eu', '-o', 'pipefail', '-c', words], { env, cwd: place.directory })
    assert.equal(result.exitCode, 0, `${words}\n${result.stdout}\n${result.stderr}`)
  }
  assert.equal((await cluster.psql('clinic', 'select name from patient')).trim(), 'Ada')
  assert.match(await readFile(place.file('beside.json'), 'utf8'), /clinic_practice/)
  assert.equal(await readFile(place.file('ORU-12.hl7'), 'utf8'), 'MSH|^~\\&|LAB')
})

test('the demo ends with its one line of JSON', async () => {
  const played = await run(process.execPath, [path.join(root, 'demo/main.ts'), '--exit', '--scale', '0.1'])
  assert.equal(played.exitCode, 0, played.stderr.slice(-3000))
  const last = JSON.parse(played.stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>
  assert.equal(last['demo'], 'ok')
})
