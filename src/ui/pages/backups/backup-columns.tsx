import { Anchor, Checkbox, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { printBytes } from '#base/units.ts'
import type { ListedBackupView } from '#contract/backups.ts'
import type { Column } from '#ui/parts/data-table.tsx'
import { Ago, Instant } from '#ui/parts/time.tsx'
import { printPercent } from '#ui/words.ts'
import { ActMenu, type Acts } from './backup-acts.tsx'
import { BackupState } from './backup-state.tsx'
import { typeWords } from './backup-words.ts'

interface ColumnsOptions {
  readonly acts: Acts
  readonly newestGood: ReadonlySet<string>
  /** Those that are about to be compared, the first one first. */
  readonly chosen: readonly string[]
  readonly onChoose: (id: string) => void
}

export function columnsOf(options: ColumnsOptions): readonly Column<ListedBackupView>[] {
  const { acts, newestGood, chosen, onChoose } = options
  return [
    {
      id: 'compare',
      title: 'Compare',
      cell: ({ id, name }) => (
        <Checkbox
          size="xs"
          aria-label={`Compare ${name}`}
          checked={chosen.includes(id)}
          disabled={chosen.length >= 2 && !chosen.includes(id)}
          onChange={() => onChoose(id)}
        />
      ),
    },
    {
      id: 'name',
      title: 'Name',
      sort: 'name',
      cell: ({ id, name, type, systemName }) => (
        <div style={{ minWidth: '13rem' }}>
          <Anchor
            size="sm"
            style={{ overflowWrap: 'anywhere' }}
            renderRoot={(props) => <Link to="." search={(before: object) => ({ ...before, open: id })} {...props} />}
          >
            {name}
          </Anchor>
          <Text size="xs" c="dimmed">
            {typeWords[type]} of {systemName}
          </Text>
        </div>
      ),
    },
    {
      id: 'state',
      title: 'State',
      sort: 'status',
      cell: (backup) => <BackupState backup={backup} isNewestGood={newestGood.has(backup.id)} />,
    },
    ...plainColumns,
    { id: 'acts', title: 'Actions', cell: (backup) => <ActMenu backup={backup} acts={acts} /> },
  ]
}

/** Which need nothing but the row. */
const plainColumns: readonly Column<ListedBackupView>[] = [
  { id: 'created', title: 'Made', sort: 'createdAt', cell: ({ createdAt }) => <Made at={createdAt} /> },
  { id: 'type', title: 'Type', isHidden: true, cell: ({ type }) => typeWords[type] },
  { id: 'system', title: 'System', isHidden: true, cell: ({ systemName }) => systemName },
  {
    id: 'size',
    title: 'Content',
    sort: 'fileSizeBytes',
    isNumber: true,
    cell: ({ fileSizeBytes }) => (fileSizeBytes === null ? 'not known' : printBytes(fileSizeBytes)),
  },
  {
    id: 'stored',
    title: 'Stored',
    sort: 'fileSizeCompressed',
    isNumber: true,
    cell: ({ fileSizeCompressed }) => (fileSizeCompressed === null ? 'not counted' : printBytes(fileSizeCompressed)),
  },
  {
    id: 'saved',
    title: 'Compression',
    isNumber: true,
    isHidden: true,
    cell: ({ compressionRatio }) => (compressionRatio === null ? 'not counted' : printPercent(compressionRatio)),
  },
  { id: 'by', title: 'Made by', isHidden: true, cell: ({ createdBy }) => createdBy },
  { id: 'ended', title: 'Ended', isHidden: true, cell: ({ completedAt }) => <Instant at={completedAt} absent="not ended" /> },
  {
    id: 'removal',
    title: 'Removed from',
    isHidden: true,
    cell: ({ removalDueAt }) => <Instant at={removalDueAt} absent="not deleted" />,
  },
]

function Made({ at }: { readonly at: string }) {
  return (
    <>
      <Instant at={at} />
      <Text size="xs" c="dimmed">
        <Ago at={at} />
      </Text>
    </>
  )
}
