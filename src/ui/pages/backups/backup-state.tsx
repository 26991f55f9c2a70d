import { Group, Tooltip } from '@mantine/core'
import type { ListedBackupView } from '#contract/backups.ts'
import { Badge } from '#ui/parts/tone.tsx'
import { standingWords, wordingOf } from '#ui/words.ts'
import { flagsOf } from './backup-words.ts'

interface BackupStateProps {
  readonly backup: ListedBackupView
  /** It is the newest one that can be relied on, of a source of its system. */
  readonly isNewestGood?: boolean
}

/** Everything that is known for or against a backup, in words; each says why when pointed at. */
export function BackupState({ backup, isNewestGood = false }: BackupStateProps) {
  const { status, standing } = backup
  const hasContent = status === 'completed' || status === 'completed_with_gaps'
  return (
    <Group gap={4}>
      {isNewestGood && (
        <Tooltip label="Restore this one, unless you know better">
          <span style={{ display: 'inline-flex' }}>
            <Badge tone="good">Newest good</Badge>
          </span>
        </Tooltip>
      )}
      <Badge tone={wordingOf(status).tone}>{wordingOf(status).words}</Badge>
      {hasContent && (
        <Tooltip label={standingWords[standing].meaning}>
          <span style={{ display: 'inline-flex' }}>
            <Badge tone={standingWords[standing].tone}>{standingWords[standing].words}</Badge>
          </span>
        </Tooltip>
      )}
      {flagsOf(backup).map(({ words, tone, why }) => (
        <Tooltip key={words} label={why} multiline maw={360}>
          <span style={{ display: 'inline-flex' }}>
            <Badge tone={tone}>{words}</Badge>
          </span>
        </Tooltip>
      ))}
    </Group>
  )
}
