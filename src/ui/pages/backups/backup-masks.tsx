import { Code, Stack, Text } from '@mantine/core'
import type { BackupSummary } from '#contract/backup-summary.ts'
import type { BackupDetailsView } from '#contract/backups.ts'
import { DataTable, type Column } from '#ui/parts/data-table.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { counted } from '#ui/words.ts'

type Masks = NonNullable<BackupSummary['masks']>
type MaskedColumn = Masks['databases'][number]['columns'][number]

const columns: readonly Column<MaskedColumn>[] = [
  { id: 'column', title: 'Column', cell: ({ schema, table, column }) => `${schema}.${table}.${column}` },
  { id: 'mask', title: 'Mask', cell: ({ mask }) => mask },
  { id: 'because', title: 'Because', cell: ({ because }) => because },
]

/** Which values in it are not those of the system; nothing of a backup that is not masked. */
export function BackupMasks({ backup: { manifest } }: { readonly backup: Pick<BackupDetailsView, 'manifest'> }) {
  const masks = manifest?.masks
  if (!masks) return null
  const { databases, key, keyedBy, rootsLeftOut, rootsKept, keepsLargeObjects } = masks
  return (
    <Stack gap="sm">
      <Note tone="neutral" title="A masked copy: for another place, never for its system’s">
        <Text size="sm">
          {counted(
            databases.reduce((sum, one) => sum + one.columns.length, 0),
            'column',
          )}{' '}
          masked, under {keyedBy === 'repository' ? 'the key of the repository' : 'the key of a file'} (mark <Code>{key}</Code>: copies with
          the same mark have the same pseudonyms). {leftOut(rootsLeftOut, rootsKept, keepsLargeObjects)}
        </Text>
      </Note>
      {databases.map(({ name, columns: masked, excludedTables }) => (
        <Stack gap="xs" key={name}>
          <DataTable
            label={`Masked columns of ${name}`}
            noun="column"
            columns={columns}
            rows={masked}
            keyOf={({ schema, table, column }) => JSON.stringify([schema, table, column])}
          />
          {excludedTables.length > 0 && (
            <Text size="sm">Left out, all rows: {excludedTables.map(({ schema, table }) => `${schema}.${table}`).join(', ')}</Text>
          )}
        </Stack>
      ))}
    </Stack>
  )
}

function leftOut(left: readonly string[], kept: readonly string[], keepsLargeObjects: boolean): string {
  return [
    ...(left.length > 0 ? [`Files left out: ${left.join(', ')}.`] : []),
    ...(kept.length > 0 ? [`Files as they are: ${kept.join(', ')}.`] : []),
    keepsLargeObjects ? 'Large objects as they are.' : 'Large objects left out.',
  ].join(' ')
}
