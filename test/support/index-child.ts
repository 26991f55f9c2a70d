import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { systemClock } from '#base/clock.ts'
import { systemRandom } from '#host/random.ts'
import { checkOpened } from '#engine/repository/check.ts'
import { coreOf } from '#engine/repository/core.ts'
import { openRepository } from '#engine/repository/open.ts'
import { openStorage } from '#engine/storage/storages.ts'

// Opens a repository in a process of its own, checks its structure if asked to, and says what memory that took.

const { values } = parseArgs({ options: { repository: { type: 'string' }, password: { type: 'string' }, check: { type: 'boolean' } } })
const storage = openStorage(values.repository!, systemClock, systemRandom)
const startedMs = performance.now()
const repository = await openRepository(storage, values.password!, { clock: systemClock, random: systemRandom })
const openedMs = performance.now() - startedMs
const core = coreOf(repository)
const report = values.check
  ? await checkOpened({ storage, key: core.key, clock: systemClock }, { depth: 'quick', lock: 'none' })
  : undefined
const status = readFileSync('/proc/self/status', 'utf8')
const bytesOf = (field: string) => Number(new RegExp(`^${field}:\\s*(\\d+) kB`, 'm').exec(status)![1]) * 1024
process.stdout.write(
  JSON.stringify({
    blobs: core.index.blobCount,
    tableBytes: core.index.sizeBytes,
    openedMs: Math.round(openedMs),
    findings: report?.findingCount ?? null,
    residentBytes: bytesOf('VmRSS'),
    peakBytes: bytesOf('VmHWM'),
  }),
)
