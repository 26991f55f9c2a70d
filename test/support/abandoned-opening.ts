import { randomBytes } from 'node:crypto'
import type { BlobId } from '#base/ids.ts'
import { OpeningThreads } from '#engine/repository/opening-threads.ts'
import { sealingKey } from '#engine/repository/seal.ts'

// A program of its own: a job that nobody waits for any more, as of a reader who stopped at damage, and a repository that is closed meanwhile.
const sizeBytes = 8_000_000
const threads = new OpeningThreads(sealingKey(randomBytes(64)), 1)
const blob = {
  id: 'ab'.repeat(32) as BlobId,
  type: 'data',
  offset: 0,
  sizeBytes,
  plainSizeBytes: sizeBytes - 32,
  isCompressed: false,
} as const
void threads.open(randomBytes(sizeBytes), [blob], { kind: 'memory', memory: new SharedArrayBuffer(sizeBytes) })
await threads[Symbol.asyncDispose]()
process.stdout.write('closed\n')
