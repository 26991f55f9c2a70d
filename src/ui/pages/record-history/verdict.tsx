import { Text } from '@mantine/core'
import { Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { counted } from '#ui/words.ts'
import { isThereIn, pointsOf, readBackups, type History } from './history-points.ts'

/** What somebody at three in the morning wants to know first: is it still there, and if not, which is the last backup that has it. */
export function Verdict({ history }: { readonly history: History }) {
  const read = readBackups(history)
  const newest = read.at(-1)
  if (!newest) return <Note tone="unknown" title="No backup says anything of it" />
  const lastWith = read.findLast(({ id }) => isThereIn(history, id))
  const damaged = history.backups.filter(({ leftOut }) => leftOut === 'damaged').length + history.damagedSnapshots.length
  return (
    <>
      {lastWith === undefined ? (
        <Note tone="warning" title="It is in none of the backups that were read" />
      ) : lastWith === newest ? (
        <Note tone="good" title="It is in the newest backup that was read">
          <Text size="sm">
            That of <Instant at={newest.at} />. <LastChange history={history} />
          </Text>
        </Note>
      ) : (
        <Note tone="warning" title="It is not in the newest backup">
          <Text size="sm">
            The last one that has it is of <Instant at={lastWith.at} />; it went before <Instant at={afterOf(history, lastWith.id)} />.
          </Text>
        </Note>
      )}
      {damaged > 0 && (
        <Note tone="bad" title={`${counted(damaged, 'backup')} cannot be read: ${damaged === 1 ? 'it is' : 'they are'} damaged`}>
          <Text size="sm">
            What happened is told between the backups around {damaged === 1 ? 'it' : 'them'}. Verify the repository, and look at what can be
            repaired.
          </Text>
        </Note>
      )}
    </>
  )
}

function LastChange({ history }: { readonly history: History }) {
  const last = pointsOf(history).findLast((point) => point.kind === 'change' && !point.isOldest)
  if (last?.kind !== 'change') return 'It is as in the oldest that was read.'
  const read = readBackups(history)
  return (
    <>
      It last changed between <Instant at={read[read.findIndex(({ id }) => id === last.backup.id) - 1]!.at} /> and{' '}
      <Instant at={last.backup.at} />.
    </>
  )
}

function afterOf(history: History, id: string): string {
  const read = readBackups(history)
  return read[read.findIndex((one) => one.id === id) + 1]!.at
}
