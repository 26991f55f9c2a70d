import { List, Text } from '@mantine/core'
import { Note } from '#ui/parts/tone.tsx'
import { counted, sentenceCase } from '#ui/words.ts'
import type { BackupDetailsView } from '#contract/backups.ts'

/** What the backup does not have, one by one: a backup with gaps never looks like a whole one. */
export function BackupGaps({ backup: { gapCount, manifest } }: { readonly backup: BackupDetailsView }) {
  if (gapCount === 0) return null
  const named = manifest?.gaps ?? []
  return (
    <Note tone="warning" title={`${counted(gapCount, 'gap')}: this is not in the backup`}>
      <List size="sm">
        {named.map(({ source, kind, what, detail }) => (
          <List.Item key={`${source} ${kind} ${what}`}>
            {source}: <strong>{what}</strong>, {sentenceCase(kind).toLowerCase()}
            {detail === '' ? '' : ` (${detail})`}
          </List.Item>
        ))}
      </List>
      {named.length < gapCount && (
        <Text size="sm">
          {named.length} of {gapCount} are named here; the manifest in the repository names all of them.
        </Text>
      )}
    </Note>
  )
}
