import { SimpleGrid, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { printBytes, printDuration } from '#base/units.ts'
import type { BackupSummary } from '#contract/backup-summary.ts'
import type { backups } from '#contract/backups.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { DataTable, type Column } from '#ui/parts/data-table.tsx'
import { Figure } from '#ui/parts/facts.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { counted, printPercent, printWhole } from '#ui/words.ts'
import { BackupSelection } from '#ui/pages/backups/backup-selection.tsx'
import { wordingOfGap, type Gap } from './gap-words.ts'

type Made = ReplyOf<typeof backups.details>

/** What is in it, counted; and what is not, one by one, with what to do. */
export function BackupResult({ backup }: { readonly backup: Made }) {
  const { manifest, gapCount } = backup
  return (
    <>
      <div role="status">
        {gapCount === 0 ? (
          <Note
            tone="good"
            title={
              manifest?.selection
                ? 'Completed: everything that was selected is in it, counted and hashed'
                : 'Completed: everything is in it, counted and hashed'
            }
          />
        ) : (
          <Note
            tone="warning"
            title={`Completed with gaps: ${counted(gapCount, 'thing')} ${gapCount === 1 ? 'is' : 'are'} not in it as it should be`}
          >
            Everything else is, counted and hashed. Each gap is named below, with what to do.
          </Note>
        )}
      </div>
      {manifest?.selection && (
        <Section title="What was selected">
          <BackupSelection backup={backup} />
        </Section>
      )}
      {manifest && manifest.gaps.length > 0 && <Gaps gaps={manifest.gaps} />}
      <Numbers backup={backup} />
      {manifest && <Contents manifest={manifest} />}
    </>
  )
}

function Numbers({ backup: { fileSizeBytes, fileSizeCompressed, durationSeconds, manifest } }: { readonly backup: Made }) {
  const rows = manifest?.databases.reduce((sum, one) => sum + one.rows, 0)
  const files = manifest?.roots.reduce((sum, one) => sum + one.files, 0)
  const known = (value: number | null | undefined, print: (value: number) => string): ReactNode =>
    value === null || value === undefined ? 'not known' : print(value)
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }}>
      <Figure
        label="In it"
        value={known(fileSizeBytes, printBytes)}
        note={rows !== undefined && files !== undefined && `${counted(rows, 'row')}, ${counted(files, 'file')}`}
      />
      <Figure
        label="Stored for it"
        value={known(fileSizeCompressed, printBytes)}
        note={known(manifest?.statistics.dedupRatio, (ratio) => `${printPercent(ratio)} was there already`)}
      />
      <Figure label="Took" value={known(durationSeconds, (seconds) => printDuration(seconds * 1000))} note="from its start to its end" />
      <Figure
        label="Read at"
        value={
          fileSizeBytes !== null && durationSeconds !== null && durationSeconds > 0
            ? `${printBytes(Math.round(fileSizeBytes / durationSeconds))}/s`
            : 'not known'
        }
        note="over the whole time"
      />
    </SimpleGrid>
  )
}

const databaseColumns: readonly Column<BackupSummary['databases'][number]>[] = [
  { id: 'name', title: 'Database', cell: ({ name }) => name },
  { id: 'instant', title: 'At this instant', cell: ({ instant }) => <Instant at={instant} /> },
  { id: 'tables', title: 'Tables', isNumber: true, cell: ({ tables }) => printWhole(tables) },
  { id: 'rows', title: 'Rows', isNumber: true, cell: ({ rows }) => printWhole(rows) },
  { id: 'bytes', title: 'Bytes of rows', isNumber: true, cell: ({ bytes }) => printBytes(bytes) },
]
const rootColumns: readonly Column<BackupSummary['roots'][number]>[] = [
  { id: 'name', title: 'Directory', cell: ({ name, path }) => `${name} (${path})` },
  { id: 'files', title: 'Files', isNumber: true, cell: ({ files }) => printWhole(files) },
  { id: 'directories', title: 'Directories', isNumber: true, cell: ({ directories }) => printWhole(directories) },
  { id: 'bytes', title: 'Bytes', isNumber: true, cell: ({ bytes }) => printBytes(bytes) },
]

function Contents({ manifest: { databases, roots } }: { readonly manifest: BackupSummary }) {
  return (
    <Section title="What is in it">
      <Stack gap="md">
        {databases.length > 0 && (
          <DataTable label="Databases" noun="database" columns={databaseColumns} rows={databases} keyOf={({ name }) => name} />
        )}
        {roots.length > 0 && <DataTable label="Files" noun="directory" columns={rootColumns} rows={roots} keyOf={({ name }) => name} />}
      </Stack>
    </Section>
  )
}

/** Shown at once; the backup's own page has all. */
const gapsShown = 100

const gapColumns: readonly Column<Gap>[] = [
  { id: 'what', title: 'What', cell: ({ source, what }) => `${source}: ${what}` },
  { id: 'kind', title: 'How it is not there', cell: (gap) => wordingOfGap(gap).words },
  { id: 'detail', title: 'Detail', cell: ({ detail }) => detail },
  { id: 'hint', title: 'What to do', cell: (gap) => wordingOfGap(gap).hint },
]

function Gaps({ gaps }: { readonly gaps: readonly Gap[] }) {
  return (
    <Section title="Gaps" lead="Everything else in it can be brought back. The next backup should have none.">
      <DataTable
        label="Gaps"
        noun="gap"
        columns={gapColumns}
        rows={gaps.slice(0, gapsShown)}
        keyOf={({ source, kind, what }) => `${source} ${kind} ${what}`}
      />
      {gaps.length > gapsShown && (
        <Text size="sm" mt="xs">
          The first {gapsShown} of {counted(gaps.length, 'gap')}; the page of the backup has all.
        </Text>
      )}
    </Section>
  )
}
