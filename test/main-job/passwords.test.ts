import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { startCluster } from '#host/postgres-cluster.ts'
import { run } from '#host/run.ts'
import { program, workplace } from '#test/support/command-line.ts'

const port = 54_871

test('SAFETY rule 21: over TCP the password comes from PGPASSFILE or PGPASSWORD, and stands in no output, plan or journal', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'integrum-test-tcp-'))
  await chmod(directory, 0o755)
  const hba = path.join(directory, 'pg_hba.conf')
  await writeFile(hba, 'local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n', { mode: 0o644 })
  await using _removal = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) }
  const settings = { listen_addresses: '127.0.0.1', port: String(port), hba_file: hba }
  await using cluster = await startCluster(directory, { isDurable: false, settings })
  await using place = await workplace()
  const psql = async (database: string, sql: string) => {
    const env = { PATH: process.env['PATH'], PGHOST: cluster.socketDirectory, PGPORT: String(port), PGUSER: cluster.user }
    const result = await run('psql', ['-X', '-At', '-v', 'ON_ERROR_STOP=1', '-d', database, '-c', sql], { env })
    assert.equal(result.exitCode, 0, result.stderr)
    return result.stdout.trim()
  }
  await psql('postgres', "create role keeper superuser login password 'geheim-7261'")
  await psql('postgres', 'create database app')
  await psql('app', 'create table t as select 1 as a')

  const passFile = place.file('pgpass')
  await writeFile(passFile, `127.0.0.1:${port}:*:keeper:geheim-7261\n`, { mode: 0o600 })
  const base = {
    ...process.env,
    INTEGRUM_REPOSITORY: place.repository,
    INTEGRUM_PASSWORD_FILE: place.passwordFile,
    INTEGRUM_STATE: place.state,
    INTEGRUM_CACHE: place.file('cache'),
  }
  const integrum = (env: Record<string, string>, ...words: string[]) => run(program, words, { env: { ...base, ...env } })
  const url = `app=postgresql://keeper@127.0.0.1:${port}/app`
  await place.expect(0, 'repository', 'create')

  const without = await integrum({}, 'backup', '--system', 'app', '--database', url)
  assert.equal(without.exitCode, 1)
  assert.match(without.stderr, /DATABASE_AUTHENTICATION/)
  const said = [without]
  const ways: Record<string, string>[] = [{ PGPASSFILE: passFile }, { PGPASSWORD: 'geheim-7261' }]
  for (const env of ways) {
    said.push(await integrum(env, 'backup', '--system', 'app', '--database', url))
    said.push(await integrum(env, 'restore', 'plan', '--backup', 'latest', '--out', place.file('plan.json')))
    said.push(await integrum(env, 'restore', 'run', place.file('plan.json'), '--confirm', 'app', '--json'))
    const last = said.at(-1)
    assert.ok(last)
    assert.equal(last.exitCode, 0, last.stderr)
  }
  const written = await run('grep', ['-rl', 'geheim-7261', place.state, place.repository])
  assert.equal(written.stdout, '')
  for (const { stdout, stderr } of said) assert.doesNotMatch(stdout + stderr, /geheim/)
  assert.doesNotMatch(await readFile(place.file('plan.json'), 'utf8'), /geheim/)
})
