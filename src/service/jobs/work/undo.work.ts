import { isFault } from '#base/fault.ts'
import { undoRestore } from '#engine/restore/undo.ts'
import type { WorkTools } from '#service/jobs/job-kind.ts'
import { liveState, recoveredState, restoredOf, restoreInstruments, type Restored } from './restored.ts'

export interface UndoInput {
  /** Of the undo itself, which can be undone in its turn. */
  readonly id: string
  readonly of: string
  readonly stateDirectory: string
  readonly confirmed: string
  readonly lossRowsMax: number | null
}

export async function work({ id, of, ...input }: UndoInput, tools: WorkTools): Promise<Restored> {
  const { stateDirectory } = input
  const before = await recoveredState(stateDirectory, id, tools)
  if (before?.step === 'swapped') return restoredOf(before, [])
  try {
    const state = await undoRestore(
      of,
      {
        ...input,
        id,
        onLoss: (statement) => statement.forEach((line) => tools.log(`lost: ${line}`)),
        instruments: restoreInstruments(tools),
        isAgain: before !== undefined,
        confirmSwap: () => tools.trail({ isUninterruptible: true }),
      },
      tools.signal,
    )
    return restoredOf(state, [])
  } catch (error) {
    const live = isFault(error, 'HOOK_FAILED') ? await liveState(stateDirectory, id) : undefined
    if (!live || !isFault(error)) throw error
    return restoredOf(live, [], { hookFault: { code: error.code, fact: error.message, hint: error.hint } })
  }
}
