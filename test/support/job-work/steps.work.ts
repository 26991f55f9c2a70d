import { appendFile } from 'node:fs/promises'
import { systemClock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'

export interface StepsInput {
  /** Gets a line for what was done, so that a test sees who did what and when. */
  readonly trace: string
  readonly act: 'steps' | 'unreachable' | 'damage' | 'mistake' | 'crash' | 'deaf' | 'swap'
  readonly steps: number
  /** The first so many attempts do as `act` says, later ones do their steps. */
  readonly badAttempts: number
}

export interface StepsOutput {
  readonly steps: number
  readonly previousTrail: Readonly<Record<string, unknown>>
}

export const stepMs = 100
export const stepBytes = 1_000_000

export async function work({ trace, act, steps, badAttempts }: StepsInput, tools: WorkTools): Promise<StepsOutput> {
  const { attempt, previousTrail } = tools
  const note = (what: string) => appendFile(trace, `${what} ${attempt} ${process.pid}\n`)
  await note('begin')
  await tools.trail({ begun: attempt })
  tools.log(`attempt ${attempt} begins`)
  if (attempt <= badAttempts) await misbehave(act, tools, note)
  for (let step = 1; step <= steps; step += 1) {
    await systemClock.sleep(stepMs, tools.signal)
    tools.onProgress({ stage: 'store', doneBytes: step * stepBytes, totalBytes: steps * stepBytes, doneFiles: step })
  }
  await note('end')
  return { steps, previousTrail }
}

async function misbehave(act: StepsInput['act'], tools: WorkTools, note: (what: string) => Promise<void>): Promise<void> {
  switch (act) {
    case 'unreachable':
      throw new Fault('STORAGE_UNREACHABLE', 'the disk was pulled out')
    case 'damage':
      throw new Fault('DAMAGE_BLOB', 'a piece is not what its name says')
    case 'mistake':
      throw new TypeError('undefined is not a function')
    case 'crash':
      return void process.kill(process.pid, 'SIGKILL')
    case 'deaf':
      return await systemClock.sleep(60_000)
    case 'swap':
      await tools.trail({ isUninterruptible: true })
      await systemClock.sleep(2_000)
      await tools.trail({ isUninterruptible: false })
      return await note('swapped')
    case 'steps':
  }
}
