import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { systemClock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'

export interface TalkingInput {
  readonly secret: string
  readonly act: 'tell' | 'fault' | 'mistake' | 'exit' | 'wait' | 'deaf'
}

export interface TalkingOutput {
  readonly argumentsAndEnvironment: string
  readonly passwords: string
  readonly passwordFile: string
  readonly pid: number
  readonly modes: readonly number[]
  readonly previousTrail: unknown
}

/** Does whatever its input says: for tests of what runs it. */
export async function work({ act }: TalkingInput, tools: WorkTools): Promise<TalkingOutput> {
  tools.onProgress({ stage: 'first' })
  tools.log('begun')
  await tools.trail({ step: act })
  await tools.lockRecord.taking('a'.repeat(64))
  switch (act) {
    case 'fault':
      throw new Fault('STORAGE_UNREACHABLE', 'the disk was pulled out', { disk: 'a' })
    case 'mistake':
      throw new TypeError('undefined is not a function')
    case 'exit':
      process.exit(9)
      break
    case 'wait':
      await systemClock.sleep(60_000, tools.signal)
      break
    case 'deaf':
      await systemClock.sleep(60_000)
      break
    case 'tell':
      break
  }
  const file = process.env['PGPASSFILE'] ?? ''
  return {
    argumentsAndEnvironment: `${await readFile('/proc/self/cmdline', 'utf8')}${await readFile('/proc/self/environ', 'utf8')}`,
    pid: process.pid,
    passwordFile: file,
    passwords: file === '' ? '' : await readFile(file, 'utf8'),
    modes: file === '' ? [] : await Promise.all([file, path.dirname(file)].map(async (place) => (await stat(place)).mode & 0o777)),
    previousTrail: tools.previousTrail,
  }
}
