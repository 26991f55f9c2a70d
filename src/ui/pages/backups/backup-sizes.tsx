import { SimpleGrid, Stack, Table, Text } from '@mantine/core'
import { printBytes } from '#base/units.ts'
import { Figure } from '#ui/parts/facts.tsx'
import { printPercent, printWhole } from '#ui/words.ts'
import type { BackupSummary } from '#contract/backup-summary.ts'
import type { BackupDetailsView } from '#contract/backups.ts'

/** From what was there to what was stored, and what each step means. */
export function BackupSizes({ backup }: { readonly backup: BackupDetailsView }) {
  const { fileSizeBytes: logical, compressionRatio, manifest } = backup
  if (manifest === null) return <Text size="sm">Not known: it was not finished.</Text>
  const { storedBytes, dedupRatio } = manifest.statistics
  const overall = storedBytes !== null && storedBytes > 0 && logical !== null ? logical / storedBytes : undefined
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        <Figure
          label="Deduplication"
          value={dedupRatio === null ? 'not known' : printPercent(dedupRatio, 1)}
          note="of the content was in the repository already"
        />
        <Figure
          label="Compression"
          value={compressionRatio === null ? 'not counted' : printPercent(compressionRatio, 1)}
          note="saved of what was new"
        />
        <Figure
          label="Together"
          value={overall === undefined ? 'not counted' : `${overall.toFixed(1)} to 1`}
          note="content to what was stored for it"
        />
      </SimpleGrid>
      <Steps logical={logical} statistics={manifest.statistics} />
      <Text size="sm" c="dimmed">
        Backups share their pieces, so that deleting one frees only what no other needs. Each can be restored alone.
      </Text>
    </Stack>
  )
}

interface StepsProps {
  readonly logical: number | null
  readonly statistics: BackupSummary['statistics']
}

function Steps({ logical, statistics }: StepsProps) {
  const { readBytes, newBytes, newBlobs, reusedBlobs, storedBytes } = statistics
  return (
    <Table aria-label="Sizes, step by step" className="stacking-table">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Step</Table.Th>
          <Table.Th style={{ textAlign: 'end' }}>Bytes</Table.Th>
          <Table.Th>What it is</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        <Step
          title="Content"
          value={logical === null ? 'not known' : printBytes(logical)}
          about="Rows and files as a restore gives them back."
        />
        <Step
          title="Read"
          value={printBytes(readBytes)}
          about="From the sources. Files that are as they were the last time are not read again."
        />
        <Step
          title="New"
          value={printBytes(newBytes)}
          about={`Not in the repository yet, before compression: ${printWhole(newBlobs)} pieces. ${printWhole(reusedBlobs)} pieces were there.`}
        />
        <Step
          title="Stored"
          value={storedBytes === null ? 'not counted' : printBytes(storedBytes)}
          about="Added to the repository for it, compressed and encrypted. This is what it cost."
        />
      </Table.Tbody>
    </Table>
  )
}

function Step({ title, value, about }: { readonly title: string; readonly value: string; readonly about: string }) {
  return (
    <Table.Tr>
      <Table.Td data-title="Step">{title}</Table.Td>
      <Table.Td data-title="Bytes" className="number">
        {value}
      </Table.Td>
      <Table.Td data-title="What it is">{about}</Table.Td>
    </Table.Tr>
  )
}
