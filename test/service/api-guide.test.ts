import assert from 'node:assert/strict'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { run } from '#host/run.ts'
import { testCluster } from '#test/support/postgres.ts'
import { testService } from '#test/support/service.ts'

test('the examples of docs/api/guide.md run as they stand, one after the other', async () => {
  await using here = await testService({ isWorker: true })
  await using cluster = await testCluster()
  await cluster.createDatabase('clinic')
  await cluster.psql('clinic', "create table patient (id int primary key, name text); insert into patient values (1, 'Ada')")
  const uploads = path.join(here.directory, 'uploads')
  await mkdir(uploads)
  await chmod(uploads, 0o755)
  await writeFile(path.join(uploads, 'report.txt'), 'a report')

  const guide = await readFile('docs/api/guide.md', 'utf8')
  const blocks = [...guide.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block!)
  assert.ok(blocks.length >= 8)
  const script = blocks.map((block, index) => `echo "== block ${index}"\n${block}`).join('\n')
  const ended = await run('bash', ['-eu', '-o', 'pipefail', '-c', script], {
    cwd: here.directory,
    env: {
      PATH: process.env['PATH'],
      INTEGRUM: here.service.url,
      SET_UP_TOKEN: here.service.setUpLink!.split('#')[1]!,
      TOKEN: '',
      PLACE: path.join(here.directory, 'repository'),
      DATABASE: cluster.url('clinic'),
      UPLOADS: uploads,
    },
  })
  assert.equal(ended.exitCode, 0, `${ended.stdout}\n${ended.stderr}`)
  assert.match(ended.stdout, /"status": "completed"/)
  assert.match(ended.stdout, /public\.patient {2}1$/m)
  assert.match(ended.stdout, /^ok {2}/m)
  assert.match(ended.stdout, /backups\.create {2}done/)
  assert.match(ended.stdout, /"code": "INPUT_INVALID"/)
})
