import assert from 'node:assert/strict'
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { endLeftServer } from '#host/left-server.ts'
import { run } from '#host/run.ts'
import { systemRandom } from '#host/random.ts'
import { everything } from '#service/catalog/scope.ts'
import { findCatalogPlace } from '#service/catalog/place.ts'
import { openHouse, type OpenHouse } from '#service/open-house.ts'
import { readSealingKey } from '#service/seal.ts'
import { program } from '#test/support/command-line.ts'
import { isAlive, startProcess, startWorkerProcess, type TestProcess } from '#test/support/processes.ts'
import { addSteps, isOver, jobWhen, stepsKind } from '#test/support/test-jobs.ts'

let directory: string
let data: string
before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'integrum-test-killed-'))
  await chmod(directory, 0o755)
  data = path.join(directory, 'data')
})
after(async () => {
  // Of the service that a test has killed.
  await endLeftServer(path.join(data, 'catalog'), systemClock)
  await rm(directory, { recursive: true, force: true })
})

const serve = (): Promise<TestProcess> =>
  startProcess(program, ['serve', '--data', data, '--port', '0', '--no-worker'], /Integrum listens on/)
const urlOf = ({ output }: TestProcess) => /Integrum listens on (\S+)/.exec(output())![1]!

/** The catalog of the service as another process sees it, to put jobs in. */
async function besides(): Promise<OpenHouse> {
  return await openHouse({
    config: { dataDirectory: data, port: 0, address: '127.0.0.1', isWorker: false, jobsAtOnce: 1 },
    connection: await findCatalogPlace({ dataDirectory: data }),
    sealingKey: await readSealingKey(path.join(data, 'sealing.key')),
    stopping: new AbortController().signal,
    clock: systemClock,
    random: systemRandom,
    logLevel: 'silent',
    kinds: [stepsKind],
  })
}

test('a service that was killed starts again on what it left; its workers come back by themselves; two at once are refused', async () => {
  await using first = await serve()
  const second = await run(program, ['serve', '--data', data, '--port', '0'])
  assert.equal(second.exitCode, 1)
  assert.match(second.stderr, /another service runs with the data directory/)
  await using worker = await startWorkerProcess(data)
  const server = Number((await readFile(path.join(data, 'catalog/data/postmaster.pid'), 'utf8')).split('\n')[0])
  first.signal('SIGKILL')
  await first.ended
  assert.ok(isAlive(server), 'its PostgreSQL is left behind')

  await using again = await serve()
  assert.notEqual(Number((await readFile(path.join(data, 'catalog/data/postmaster.pid'), 'utf8')).split('\n')[0]), server)
  assert.equal((await fetch(`${urlOf(again)}/readyz`)).status, 200)
  {
    await using opened = await besides()
    const { house } = opened
    const tenantId = house.random.uuid()
    const now = house.clock.now()
    await house.catalog.as(everything, (tx) =>
      tx.insertInto('tenants').values({ id: tenantId, name: 'clinic', title: 'Clinic', created_at: now }).execute(),
    )
    const id = await addSteps(house, tenantId, { trace: path.join(directory, 'trace'), steps: 3 })
    const over = await jobWhen(house, id, isOver)
    assert.equal(over.status, 'completed')
    assert.ok(over.worker!.endsWith(` ${worker.pid}`))
  }
  worker.signal('SIGTERM')
  assert.deepEqual(await worker.ended, { exitCode: 0, signal: null })
  again.signal('SIGTERM')
  assert.deepEqual(await again.ended, { exitCode: 0, signal: null })
})

test('a worker needs a service that runs, and the sealing key of its catalog', async () => {
  const absent = await run(program, ['worker', '--data', data])
  assert.equal(absent.exitCode, 1)
  assert.match(absent.stderr, /no service runs with the data directory/)
  await using _service = await serve()
  const other = path.join(directory, 'other.key')
  await writeFile(other, `${'0'.repeat(64)}\n`, { mode: 0o600 })
  const wrong = await run(program, ['worker', '--data', data, '--sealing-key', other])
  assert.equal(wrong.exitCode, 1)
  assert.match(wrong.stderr, /does not open with this sealing key/)
  await copyFile(path.join(data, 'sealing.key'), other)
  await using right = await startProcess(program, ['worker', '--data', data, '--sealing-key', other], /Integrum takes jobs/)
  right.signal('SIGTERM')
  assert.deepEqual(await right.ended, { exitCode: 0, signal: null })
})
