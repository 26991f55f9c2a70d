import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { systemClock } from '#base/clock.ts'
import { assertFound, postgresPrograms } from '#host/postgres-programs.ts'
import { systemRandom, type Random } from '#host/random.ts'
import { run } from '#host/run.ts'
import type { DatabaseSource } from '#engine/sources/postgres/begun-capture.ts'
import { capturePostgres } from '#engine/sources/postgres/capture.ts'
import type { DatabaseSection } from '#engine/sources/postgres/database-section.ts'
import type { CaptureContext, Gap } from '#engine/sources/source.ts'
import { entriesToDirectory } from './entries-to-directory.ts'
import type { TestCluster } from './postgres.ts'

export interface CapturedDatabase extends AsyncDisposable {
  readonly folder: string
  readonly section: DatabaseSection
  readonly gaps: readonly Gap[]
  text(file: string): Promise<string>
  /** Runs `restore.sh DATABASE` against the cluster. */
  restore(cluster: TestCluster, database: string): Promise<{ exitCode: number; stdout: string; stderr: string }>
}

export function testContext(gaps: Gap[] = [], signal?: AbortSignal): CaptureContext {
  return { clock: systemClock, random: systemRandom, gap: (gap) => gaps.push(gap), ...(signal && { signal }) }
}

/** Captures into a plain directory, removed with its scope. With a `hashKey`, hashes of two captures compare. */
export async function captureToDirectory(source: DatabaseSource, hashKey?: Uint8Array): Promise<CapturedDatabase> {
  const parent = await mkdtemp(path.join(tmpdir(), 'integrum-test-capture-'))
  const folder = path.join(parent, source.name)
  const gaps: Gap[] = []
  try {
    await using capture = await capturePostgres(source, { ...testContext(gaps), ...(hashKey && { random: keyed(hashKey) }) })
    await entriesToDirectory(capture.entries(), folder)
    const section = await capture.section()
    return {
      folder,
      section,
      gaps,
      text: (file) => readFile(path.join(folder, file), 'utf8'),
      restore: (cluster, database) => runRestoreScript(folder, cluster, database),
      [Symbol.asyncDispose]: () => rm(parent, { recursive: true }),
    }
  } catch (error) {
    await rm(parent, { recursive: true })
    throw error
  }
}

export async function runRestoreScript(folder: string, cluster: TestCluster, database: string) {
  const programs = assertFound(postgresPrograms('psql')).folder
  return await run('sh', [path.join(folder, 'restore.sh'), database], {
    env: { PATH: `${programs}:${process.env['PATH'] ?? ''}`, PGHOST: cluster.socketDirectory, PGUSER: cluster.user, LC_ALL: 'C.UTF-8' },
    cwd: '/',
  })
}

function keyed(hashKey: Uint8Array): Random {
  return { ...systemRandom, bytes: (length) => (length === hashKey.byteLength ? hashKey : systemRandom.bytes(length)) }
}
