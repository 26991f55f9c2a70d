import { List, Stack, Table, Text } from '@mantine/core'
import { printBytes, printDuration } from '#base/units.ts'
import type { DrillDetails } from '#contract/drills.ts'
import { Section } from '#ui/parts/page.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { counted, printWhole, sentenceCase } from '#ui/words.ts'
import { assertionWords } from './drill-words.ts'

/** What was read back and set beside what was captured. */
export function Compared({ drill: { databases, roots } }: { readonly drill: DrillDetails }) {
  if (databases.length + roots.length === 0) return null
  return (
    <Section title="What was compared" lead="Read back from the restored copy, with what the backup says.">
      <Stack gap="sm">
        <Table className="stacking-table" aria-label="What was compared">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Part</Table.Th>
              <Table.Th>Compared</Table.Th>
              <Table.Th>What it holds</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {databases.map(({ name, isVerified, tables, rows, constraints, indexes, sequences }) => (
              <Table.Tr key={`database ${name}`}>
                <Table.Td data-title="Part">Database {name}</Table.Td>
                <Table.Td data-title="Compared">
                  <Verified isVerified={isVerified} what="every row" />
                </Table.Td>
                <Table.Td data-title="What it holds">
                  {counted(tables, 'table')}, {counted(rows, 'row')}
                  {constraints !== null && `, ${counted(constraints, 'constraint')}`}
                  {indexes !== null && `, ${counted(indexes, 'index', 'indexes')}`}
                  {sequences !== null && `, ${counted(sequences, 'sequence')}`}
                </Table.Td>
              </Table.Tr>
            ))}
            {roots.map(({ name, isVerified, files, bytes, notRestored }) => (
              <Table.Tr key={`files ${name}`}>
                <Table.Td data-title="Part">Files {name}</Table.Td>
                <Table.Td data-title="Compared">
                  <Verified isVerified={isVerified} what="every byte" />
                </Table.Td>
                <Table.Td data-title="What it holds">
                  {counted(files, 'file')}, {printBytes(bytes)}
                  {notRestored > 0 && `; ${printWhole(notRestored)} could not be restored on this machine`}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Stack>
    </Section>
  )
}

function Verified({ isVerified, what }: { readonly isVerified: boolean; readonly what: string }) {
  return isVerified ? <Badge tone="good">{what}</Badge> : <Badge tone="unknown">it did not come to that</Badge>
}

/** Questions to the restored database whose answers somebody knows. */
export function Questions({ drill: { assertions } }: { readonly drill: DrillDetails }) {
  return (
    <Section title="Questions to the restored database">
      {assertions.length === 0 ? (
        <Text size="sm">
          None was asked. The settings of the system can hold questions whose answers you know; the guide to drills has examples.
        </Text>
      ) : (
        <Table className="stacking-table" aria-label="Questions to the restored database">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Question</Table.Th>
              <Table.Th>Answer</Table.Th>
              <Table.Th>Found</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {assertions.map(({ name, database, outcome, fact }) => (
              <Table.Tr key={`${database ?? ''} ${name}`}>
                <Table.Td data-title="Question">
                  {name}
                  {database !== null && (
                    <Text size="sm" c="dimmed" span>
                      {' '}
                      of {database}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td data-title="Answer">
                  <Badge tone={assertionWords[outcome].tone}>{assertionWords[outcome].words}</Badge>
                </Table.Td>
                <Table.Td data-title="Found">{fact ?? '—'}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Section>
  )
}

export function Steps({ stages }: { readonly stages: DrillDetails['stages'] }) {
  return (
    <Section title="Steps">
      <Table className="stacking-table" aria-label="Steps of the drill">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Step</Table.Th>
            <Table.Th>Of</Table.Th>
            <Table.Th className="number">Took</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {stages.map(({ stage, what, durationMs }, index) => (
            // oxlint-disable-next-line react/no-array-index-key -- steps of one report never move
            <Table.Tr key={index}>
              <Table.Td data-title="Step">{sentenceCase(stage)}</Table.Td>
              <Table.Td data-title="Of">{what || '—'}</Table.Td>
              <Table.Td data-title="Took" className="number">
                {printDuration(durationMs)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Section>
  )
}

export function Findings({ drill: { findings, findingCount } }: { readonly drill: DrillDetails }) {
  if (findings.length === 0) return null
  return (
    <Section title={`What was wrong (${findingCount})`}>
      <List size="sm" spacing={4}>
        {findings.map(({ source, what, code, fact }) => (
          <List.Item key={`${source} ${what} ${code}`}>
            <strong>
              {source}: {what}
            </strong>{' '}
            {fact} <code>{code}</code>
          </List.Item>
        ))}
      </List>
      {findingCount > findings.length && (
        <Text size="sm">and {counted(findingCount - findings.length, 'more finding')}; the report has all.</Text>
      )}
    </Section>
  )
}
