import { List, SimpleGrid, Stack, Text } from '@mantine/core'
import type { RestoreView } from '#contract/restores.ts'
import { Facts, Figure } from '#ui/parts/facts.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { counted, printWhole } from '#ui/words.ts'

/** What was written, and what was proven in the same transaction. */
export function RecordsResult({ restore }: { readonly restore: RestoreView }) {
  const { validationResults, kind } = restore
  const { records, notRestored = [], swappedAt } = validationResults
  if (!records) return null
  const { rows, files, complement, effects, quietTriggers, sequences } = records
  return (
    <Section title="Result">
      <Stack gap="md">
        <Text size="sm">
          {kind === 'undo' ? 'Taken back' : 'Written'} in one transaction, each row read back and compared, every other row hashed before
          and after:
        </Text>
        <SimpleGrid cols={{ base: 2, md: 4 }} spacing="sm">
          <Figure label="Rows written" value={printWhole(rows)} />
          <Figure label="Files" value={printWhole(files)} />
          <Figure label="Other rows, unchanged" value={printWhole(complement.rows)} />
          <Figure label="Tables hashed" value={printWhole(complement.tables)} />
        </SimpleGrid>
        <Facts
          rows={[
            ...(kind === 'restore' ? ([['Live since', <Instant key="live" at={swappedAt} absent="not known" />]] as const) : []),
            [
              'Triggers',
              quietTriggers.length > 0
                ? `${quietTriggers.join(', ')} stayed quiet`
                : effects.length > 0
                  ? effects.map(({ table, rowsAdded }) => `${counted(rowsAdded, 'row')} added to ${table}`).join('; ')
                  : 'none changed anything',
            ],
            [
              'Numbers given out',
              sequences.length === 0
                ? 'none had to move on'
                : sequences.map(({ sequence, from, to }) => `${sequence}: ${from} → ${to}`).join('; '),
            ],
          ]}
        />
        {notRestored.length > 0 && (
          <Note tone="warning" title="Left as it is">
            <List size="sm">
              {notRestored.map((line) => (
                <List.Item key={line}>{line}</List.Item>
              ))}
            </List>
          </Note>
        )}
      </Stack>
    </Section>
  )
}
