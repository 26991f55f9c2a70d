import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import autocannon from 'autocannon'
import pg from 'pg'
import { systemClock } from '#base/clock.ts'
import { durations } from '#base/units.ts'
import { backups } from '#contract/backups.ts'
import { clientOf, type Client } from '#contract/client.ts'
import { jobs } from '#contract/jobs.ts'
import { repositories } from '#contract/repositories.ts'
import { signIn } from '#contract/sign-in.ts'
import { systems } from '#contract/systems.ts'
import { memoryBar, speedBar, type Bar } from './bars.ts'
import { makeTextFiles } from './make-files.ts'
import type { Workplace } from './programs.ts'
import type { Outcome } from './report.ts'

const readersAtOnce = 100
const requestsPerSecond = 100
const secondsMax = 300
/** Of text files: a backup of it runs for nearly a thousand requests. */
const sourceScale = 2
/** Not counted: a hundred connections at once are made in it, and code runs that is not compiled yet. */
const connectingSeconds = 2
const catalogBackups = 5_000
const p99MsMax = 100

/** A hundred readers of list and details, at a fixed rate in all, while the service makes a backup (DESIGN §8). */
export async function benchService(place: Workplace): Promise<Outcome> {
  const source = path.join(place.folder, 'service-source')
  await makeTextFiles(source, sourceScale)
  const data = path.join(place.folder, 'service')
  await using service = await startService(data)
  const { token, systemId } = await setUp(service, { source, repository: path.join(place.folder, 'service-repository') })
  await fillCatalog(data)
  const client = clientOf({ url: service.url, token })
  const [first] = (await client.call(backups.list, { query: { pageSize: 1 } })).rows
  const places = ['/api/v1/backup/list?page=3', `/api/v1/backup/${first!.id}`]
  const readers = startReaders(service.url, token, places)
  await systemClock.sleep(connectingSeconds * durations.second)
  readers.count()
  const { runId } = await client.call(backups.create, { body: { systemId, type: 'files' } })
  await ended(client, runId)
  const found = await readers.stop()
  return { races: [], bars: [latencyBar(found), memoryBar('the service with a hundred readers and a backup', service.memoryBytes())] }
}

interface Found {
  readonly p50: number
  readonly p99: number
  readonly total: number
}

function latencyBar({ p50, p99, total }: Found): Bar {
  const name = `list and details of ${catalogBackups} backups, p99 of ${readersAtOnce} readers while a backup runs`
  return { ...speedBar(name, 1, { oursMs: p99, peerMs: p99MsMax }), ours: `${p99} ms, median ${p50} ms of ${total} requests` }
}

interface Readers {
  /** From now on. */
  count(): void
  stop(): Promise<Found>
}

function startReaders(url: string, token: string, places: readonly string[]): Readers {
  const counted: number[] = []
  let isCounting = false
  const { promise: found, resolve, reject } = Promise.withResolvers<Found>()
  const options = {
    url,
    connections: readersAtOnce,
    overallRate: requestsPerSecond,
    duration: secondsMax,
    headers: { authorization: `Bearer ${token}` },
    requests: places.map((place) => ({ method: 'GET' as const, path: place })),
  }
  const reading = autocannon(options, (error, result) => {
    if (error) reject(error as Error)
    else if (result.non2xx > 0 || result.errors > 0)
      reject(new Error(`${result.non2xx} refusals and ${result.errors} errors among ${result.requests.total} requests`))
    else resolve({ p50: quantile(counted, 0.5), p99: quantile(counted, 0.99), total: counted.length })
  })
  // Each as it was: its own histogram corrects for requests that were held back, and takes seconds for milliseconds there.
  reading.on('response', (_client, _status, _bytes, ms) => void (isCounting && counted.push(ms)))
  const stop = () => {
    isCounting = false
    reading.stop?.()
    return found
  }
  return { count: () => void (isCounting = true), stop }
}

function quantile(values: readonly number[], share: number): number {
  return Math.round(values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1]!)
}

interface RunningService extends AsyncDisposable {
  readonly url: string
  readonly setUpToken: string
  memoryBytes(): number
}

async function startService(data: string): Promise<RunningService> {
  const args = ['src/cli/start.ts', 'serve', '--port', '0', '--data', data]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const stop = async () => {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  const { url, setUpToken } = await announced(child)
  const memoryBytes = () => Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) * 1024
  return { url, setUpToken, memoryBytes, [Symbol.asyncDispose]: stop }
}

async function announced(child: ChildProcess): Promise<{ url: string; setUpToken: string }> {
  let url: string | undefined
  for await (const line of createInterface({ input: child.stdout! })) {
    url ??= /listens on (\S+)/.exec(line)?.[1]
    const setUpToken = /#(itu_\S+)/.exec(line)?.[1]
    if (url !== undefined && setUpToken !== undefined) return { url, setUpToken }
  }
  throw new Error('the service ended before it listened')
}

async function setUp({ url, setUpToken }: RunningService, { source, repository }: { source: string; repository: string }) {
  const body = { token: setUpToken, name: 'bench', title: 'Bench', password: 'eleven kites above the quay' }
  const { token } = await clientOf({ url }).call(signIn.setUp, { body })
  const client = clientOf({ url, token })
  const made = await client.call(repositories.create, { body: { name: 'bench', place: `local:${repository}`, mode: 'create' } })
  const system = await client.call(systems.register, {
    body: { name: 'bench', title: 'Bench', repositoryId: made.repository.id, roots: [{ name: 'data', path: source }] },
  })
  return { token, systemId: system.id }
}

/** As many backups as some years leave behind, straight into the catalog. */
async function fillCatalog(data: string): Promise<void> {
  const socketDirectory = (await readFile(path.join(data, 'catalog/data/postmaster.pid'), 'utf8')).split('\n')[4]!
  const client = new pg.Client({ host: socketDirectory, user: 'integrum', database: 'integrum' })
  await client.connect()
  try {
    await client.query("select set_config('integrum.tenants', '*', false)")
    await client.query(
      `insert into backups (id, tenant_id, system_id, system_name, repository_id, name, type, status, created_by, created_at, completed_at, file_size_bytes)
       select gen_random_uuid(), tenant_id, id, name, repository_id, 'bench-' || n, 'files', 'completed', 'bench', now() - n * interval '1 hour', now() - n * interval '1 hour', n
       from systems, generate_series(1, $1) n`,
      [catalogBackups],
    )
    await client.query('analyze')
  } finally {
    await client.end()
  }
}

async function ended(client: Client, id: string): Promise<void> {
  for (;;) {
    const job = await client.call(jobs.read, { params: { id } })
    if (job.status === 'completed') return
    if (job.endedAt !== null) throw new Error(`the backup ended ${job.status}: ${job.fault?.fact}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}
