import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'
import { startProcess } from '#test/support/processes.ts'
import { askedBackup, endedBackup, protectedSystem } from '#test/support/protected-system.ts'
import { testService, type TestService } from '#test/support/service.ts'

// The catalog on a PostgreSQL of the administrator's, and a worker that has nothing of the service but that and a copy of its key.

const program = fileURLToPath(new URL('../../bin/integrum', import.meta.url))
let cluster: TestCluster
let here: TestService
let elsewhere: string
let url: string

before(async () => {
  cluster = await testCluster()
  elsewhere = await mkdtemp(path.join(tmpdir(), 'integrum-test-elsewhere-'))
  await cluster.psql('postgres', 'create role catalog login; create database catalog owner catalog')
  url = `postgresql://catalog@/catalog?host=${encodeURIComponent(cluster.socketDirectory)}`
  here = await testService({ databaseUrl: url })
})
after(async () => {
  await here[Symbol.asyncDispose]()
  await cluster[Symbol.asyncDispose]()
  await rm(elsewhere, { recursive: true })
})

// The joined program, as people run it.
const aWorker = (data: string) =>
  startProcess('env', ['NODE_V8_COVERAGE=', `INTEGRUM_DATABASE_URL=${url}`, program, 'worker', '--data', data], /takes jobs/)

test('a worker that knows the database of the catalog and has a copy of the key makes a backup', async () => {
  const clinic = await protectedSystem(here, cluster)
  const { backupId } = await askedBackup(here, clinic, { type: 'full' })
  const data = path.join(elsewhere, 'data')
  await mkdir(data, { mode: 0o700 })
  await copyFile(path.join(here.directory, 'data', 'sealing.key'), path.join(data, 'sealing.key'))
  await using _worker = await aWorker(data)
  const { status, fault, manifest } = await endedBackup(here, clinic.viewer, backupId)
  assert.deepEqual([status, fault], ['completed', null])
  assert.equal(manifest.databases.length, 1)
})

test('one without the key, or with another one, takes nothing and says why', async () => {
  await assert.rejects(aWorker(path.join(elsewhere, 'nothing')), /SECRET_KEY/)
  const other = path.join(elsewhere, 'other')
  await mkdir(other, { mode: 0o700 })
  await writeFile(path.join(other, 'sealing.key'), `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
  await assert.rejects(aWorker(other), /SECRET_UNREADABLE/)
})
