import type { RestoreView, restoreKinds } from '#contract/restores.ts'
import { statusWords, type Tone } from '#ui/words.ts'

type Kind = (typeof restoreKinds)[number]

export const kindWords: Readonly<Record<Kind, string>> = { restore: 'Restore', undo: 'Undo', release: 'Release' }

/** With what it is about, where that is not the whole of something. */
export function whatWords({ kind, extent }: Pick<RestoreView, 'kind' | 'extent'>): string {
  return extent === 'records' ? `${kindWords[kind]} of records` : kindWords[kind]
}

/** In the middle of a sentence. */
const names: Readonly<Record<Kind, string>> = { restore: 'restore', undo: 'undo', release: 'release' }

export interface RestoreState {
  readonly tone: Tone
  readonly words: string
  /** What that means for what is live, and what to do. */
  readonly meaning: string
}

/** Into a place where nothing was: nothing is kept beside it, and to undo it is to take it away again. */
export function replacedNothing({ kind, extent, safetyBackupId, withoutSafetyBackupReason }: RestoreView): boolean {
  return kind === 'restore' && extent === 'whole' && safetyBackupId === null && withoutSafetyBackupReason === null
}

/** Where a restore stands, in words for whoever was just woken. */
export function stateOfRestore(restore: RestoreView): RestoreState {
  const { kind, status, waitsForApproval, releasedAt, undoneAt } = restore
  if (waitsForApproval && status === 'pending')
    return {
      tone: 'warning',
      words: 'Waits for a second person',
      meaning: 'Nothing has begun. It begins when somebody else has read the plan and signed.',
    }
  if (status === 'pending') return { tone: 'neutral', words: 'Waits its turn', meaning: 'Nothing has been touched yet.' }
  if (status === 'in_progress')
    return { ...statusWords.in_progress, meaning: restore.extent === 'records' ? whileWriting : whileRunning(kind) }
  if (status === 'failed') return failed(restore)
  if (status === 'cancelled') return { ...statusWords.cancelled, meaning: `What was there before the ${names[kind]} is there as it was.` }
  if (restore.extent === 'records') return endedRecords(restore)
  if (undoneAt !== null) return { tone: 'neutral', words: 'Undone', meaning: 'What it had replaced is live again.' }
  if (kind === 'release')
    return {
      ...statusWords[status],
      meaning: 'What the restore had replaced is gone from the server; it was backed up first unless its record says otherwise.',
    }
  const gaps = status === 'completed_with_gaps' ? ' Not all came back: see what was not restored.' : ''
  if (replacedNothing(restore))
    return {
      ...statusWords[status],
      meaning: `What came back is where it was ordered to. Nothing was in its place, so nothing was replaced.${gaps}`,
    }
  if (releasedAt !== null)
    return {
      ...statusWords[status],
      words: `${statusWords[status].words}, released`,
      meaning: `What came back is live. What it had replaced was let go; it cannot be undone any more.${gaps}`,
    }
  return { ...statusWords[status], meaning: `What came back is live. What it replaced is kept beside it, and can be put back.${gaps}` }
}

const whileWriting = 'It is written in one transaction: until its end nothing is changed, and it can be cancelled.'

function endedRecords({ kind, status, undoneAt, releasedAt }: RestoreView): RestoreState {
  if (undoneAt !== null) return { tone: 'neutral', words: 'Undone', meaning: 'The rows are as they were before.' }
  const ended = statusWords[status]
  if (kind === 'undo') return { ...ended, meaning: 'The rows that the restore wrote are as they were before it.' }
  if (kind === 'release') return { ...ended, meaning: 'The rows that were kept for an undo are removed. What is live was not touched.' }
  const gaps = status === 'completed_with_gaps' ? ' Not all files came back: see what was left as it is.' : ''
  if (releasedAt !== null)
    return {
      ...ended,
      meaning: `The records are live. The rows that were kept for an undo are removed; it cannot be undone any more.${gaps}`,
    }
  return { ...ended, meaning: `The records are live, and no other row was changed. It can be undone.${gaps}` }
}

function whileRunning(kind: Kind): string {
  if (kind === 'release') return 'What is live is not touched. What was replaced is backed up, read back, and only then let go.'
  if (kind === 'undo') return 'What is live now and what was replaced change places. The application is without its data for moments.'
  return 'Until the swap, what is live is not touched and the restore can be cancelled. The swap is the last step and takes moments.'
}

function failed({ kind, fault }: RestoreView): RestoreState {
  const words = statusWords.failed.words
  if (fault?.code === 'PLAN_STALE')
    return {
      tone: 'bad',
      words,
      meaning: 'Nothing was touched: the target is another one than when the plan was made. Plan again, and look at what is different.',
    }
  if (kind === 'release') return { tone: 'bad', words, meaning: 'What was replaced is still kept, and can still be put back.' }
  return {
    tone: 'bad',
    words,
    meaning: `The ${names[kind]} did not go live: what was live before it stays. If it was cut off in the middle, the service finishes or takes it back by itself when it starts.`,
  }
}
