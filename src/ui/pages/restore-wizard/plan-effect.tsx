import { Box, Button, Code, List, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { printBytes, printDuration, durations } from '#base/units.ts'
import { health } from '#contract/health.ts'
import type { PlanSummary } from '#contract/restores.ts'
import { useReply } from '#ui/call.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Ago, Instant } from '#ui/parts/time.tsx'
import { Badge, Note } from '#ui/parts/tone.tsx'
import { capitalized, counted, printWhole } from '#ui/words.ts'
import { LossStatement, WithInstants } from './loss-statement.tsx'
import { replaces, worstFirst } from './words-of-plan.ts'

interface PlanEffectProps {
  readonly systemName: string
  readonly summary: PlanSummary
  readonly systemId: string | null
  /** On paper nothing can be unfolded. */
  readonly isWhole?: boolean
  /** `done`: it was carried out, and is read as a record. */
  readonly was?: 'planned' | 'done'
}

/** All that a plan says: what comes back, what goes, who is disturbed, what it needs. */
export function PlanEffect({ systemName, summary, systemId, isWhole = false, was = 'planned' }: PlanEffectProps) {
  const { databases, roots, warnings } = summary
  return (
    <Stack gap="lg">
      <Headline systemName={systemName} summary={summary} was={was} />
      <LossStatement summary={summary} was={was} />
      {databases.map((database) => (
        <DatabaseEffect key={database.name} database={database} isWhole={isWhole} />
      ))}
      {roots.map((root) => (
        <RootEffect key={root.name} root={root} isWhole={isWhole} />
      ))}
      {warnings.length > 0 && (
        <Section title={`Warnings and limits (${warnings.length})`}>
          <List size="sm" spacing={4}>
            {warnings.map((line) => (
              <List.Item key={line}>
                <WithInstants text={line} />
              </List.Item>
            ))}
          </List>
        </Section>
      )}
      <Needs summary={summary} systemId={systemId} />
    </Stack>
  )
}

function Headline({ systemName, summary, was }: Pick<PlanEffectProps, 'systemName' | 'summary' | 'was'>) {
  const from = (
    <>
      <strong>
        <Instant at={summary.backupAt} />
      </strong>{' '}
      (<Ago at={summary.backupAt} />
      ), from the backup “{summary.backupName}”.
    </>
  )
  if (!replaces(summary))
    return (
      <Section title={`${systemName}: nothing that exists is replaced`}>
        <Text size="sm">What comes back is as it was at {from}</Text>
      </Section>
    )
  if (was === 'done')
    return (
      <Section title={`${systemName}: what was live then was replaced`}>
        <Text size="sm">It went back to {from}</Text>
      </Section>
    )
  return (
    <Note tone="warning" title={`${systemName}: what is live is replaced`}>
      <Text size="sm">It goes back to {from}</Text>
      <Text size="sm">
        It is backed up first, unless whoever orders the restore says otherwise; and what was replaced is kept for 24 hours, and can be put
        back.
      </Text>
    </Note>
  )
}

function Replaced({ exists }: { readonly exists: boolean }) {
  return exists ? <Badge tone="warning">is replaced</Badge> : <Badge tone="good">made new</Badge>
}

type PlannedDatabase = PlanSummary['databases'][number]

function DatabaseEffect({ database, isWhole }: { readonly database: PlannedDatabase; readonly isWhole: boolean }) {
  const { name, place, exists, rowsNow, rowsInBackup, tablesAdded, tablesRemoved, tablesChanged, tablesSame, tables, sessions, roles } =
    database
  return (
    <Section title={`Database ${name}`} actions={<Replaced exists={exists} />}>
      <Stack gap="md">
        <Facts
          rows={[
            ['Where', <Code key="place">{place}</Code>],
            ['Rows now', exists ? (rowsNow === null ? 'not counted' : printWhole(rowsNow)) : 'no such database yet'],
            [tables === null ? 'Rows in the backup' : 'Rows in the whole backup', printWhole(rowsInBackup)],
            ...(tables === null ? [] : ([['Only these tables', tables.join(', ')]] as const)),
            ['Sessions ended at the swap', exists ? counted(sessions, 'session') : 'none: nobody is connected to it'],
            ...roles.map(
              ({ kind, role, to }) =>
                [`Role ${role}`, kind === 'create' ? 'is created, without login and password' : `is taken by ${to}`] as const,
            ),
          ]}
        />
        {exists && (
          <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
            <Count label="tables with other row counts" count={tablesChanged.count} />
            <Count label="tables come back" count={tablesAdded.count} />
            <Count label="tables would be gone" count={tablesRemoved.count} isBad />
            <Count label="tables with as many rows" count={tablesSame} />
          </SimpleGrid>
        )}
        {exists && tablesChanged.count > 0 && <ChangedTables changed={tablesChanged} isWhole={isWhole} />}
        {exists && <Names title="Would be gone" listed={tablesRemoved} isWhole={isWhole} noun="table" />}
        {exists && <Names title="Come back" listed={tablesAdded} isWhole={isWhole} noun="table" />}
      </Stack>
    </Section>
  )
}

const shownFirst = 8

function ChangedTables({ changed, isWhole }: { readonly changed: PlannedDatabase['tablesChanged']; readonly isWhole: boolean }) {
  const [isOpen, setIsOpen] = useState(isWhole)
  const rows = worstFirst(changed.first)
  return (
    <Box>
      <Title order={3} mb={4}>
        Tables with other row counts
      </Title>
      <Table className="stacking-table">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Table</Table.Th>
            <Table.Th className="number">Rows now</Table.Th>
            <Table.Th className="number">Rows in the backup</Table.Th>
            <Table.Th className="number">Difference</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.slice(0, isOpen ? undefined : shownFirst).map(({ table, rowsNow, rowsInBackup }) => (
            <Table.Tr key={table}>
              <Table.Td data-title="Table">{table}</Table.Td>
              <Table.Td data-title="Rows now" className="number">
                {printWhole(rowsNow)}
              </Table.Td>
              <Table.Td data-title="In the backup" className="number">
                {printWhole(rowsInBackup)}
              </Table.Td>
              <Table.Td data-title="Difference" className="number">
                {rowsInBackup < rowsNow ? (
                  <strong className="tone-text tone-bad">−{printWhole(rowsNow - rowsInBackup)} gone</strong>
                ) : (
                  `+${printWhole(rowsInBackup - rowsNow)} come back`
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <More total={changed.count} known={rows.length} isOpen={isOpen} onOpen={() => setIsOpen(true)} noun="table" />
    </Box>
  )
}

type PlannedRoot = PlanSummary['roots'][number]

function RootEffect({ root, isWhole }: { readonly root: PlannedRoot; readonly isWhole: boolean }) {
  const { name, path, exists, added, changed, removed, usedBy } = root
  return (
    <Section title={`Files ${name}`} actions={<Replaced exists={exists} />}>
      <Stack gap="md">
        <Facts
          rows={[
            ['Where', <Code key="path">{path}</Code>],
            ['In use by', usedBy.length === 0 ? 'no program that can be seen from here' : usedBy.join('; ')],
          ]}
        />
        <SimpleGrid cols={{ base: 2, sm: 3 }} spacing="sm">
          <Count label="files come back" count={added.count} />
          <Count label="files go back to what they were" count={changed.count} />
          <Count label="files would be gone" count={removed.count} isBad />
        </SimpleGrid>
        <Names title="Would be gone" listed={removed} isWhole={isWhole} noun="file" />
        <Names title="Go back to what they were" listed={changed} isWhole={isWhole} noun="file" />
        {exists && <Names title="Come back" listed={added} isWhole={isWhole} noun="file" />}
      </Stack>
    </Section>
  )
}

function Count({ label, count, isBad = false }: { readonly label: string; readonly count: number; readonly isBad?: boolean }) {
  return (
    <div>
      <Text fz={22} fw={650} lh={1.2} className={isBad && count > 0 ? 'tone-text tone-bad' : undefined}>
        {printWhole(count)}
      </Text>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
    </div>
  )
}

interface NamesProps {
  readonly title: string
  readonly listed: { readonly count: number; readonly first: readonly string[] }
  readonly noun: string
  readonly isWhole: boolean
}

function Names({ title, listed: { count, first }, noun, isWhole }: NamesProps) {
  const [isOpen, setIsOpen] = useState(isWhole)
  if (count === 0) return null
  return (
    <Box>
      <Title order={3} mb={4}>
        {title}
      </Title>
      <List size="sm">
        {first.slice(0, isOpen ? undefined : shownFirst).map((one) => (
          <List.Item key={one} style={{ overflowWrap: 'anywhere' }}>
            {one}
          </List.Item>
        ))}
      </List>
      <More total={count} known={first.length} isOpen={isOpen} onOpen={() => setIsOpen(true)} noun={noun} />
    </Box>
  )
}

interface MoreProps {
  readonly total: number
  readonly known: number
  readonly isOpen: boolean
  readonly onOpen: () => void
  readonly noun: string
}

/** What is not shown is counted, never silently left out. */
function More({ total, known, isOpen, onOpen, noun }: MoreProps): ReactNode {
  if (!isOpen && known > shownFirst)
    return (
      <Button variant="subtle" size="compact-sm" mt={4} onClick={onOpen}>
        Show {counted(known - shownFirst, `more ${noun}`)}
      </Button>
    )
  if (total <= known) return null
  return (
    <Text size="sm" c="dimmed" mt={4}>
      and {counted(total - known, `more ${noun}`)}, which are not listed here
    </Text>
  )
}

function Needs({ summary: { space }, systemId }: { readonly summary: PlanSummary; readonly systemId: string | null }) {
  return (
    <Section title="Room and time" lead="It is built beside what is live, which needs room until it is released.">
      <Stack gap="sm">
        <Table className="stacking-table">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Where</Table.Th>
              <Table.Th className="number">Needed</Table.Th>
              <Table.Th className="number">Free</Table.Th>
              <Table.Th>Enough</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {space.map(({ place, neededBytes, freeBytes }) => (
              <Table.Tr key={place}>
                <Table.Td data-title="Where" style={{ overflowWrap: 'anywhere' }}>
                  {capitalized(place)}
                </Table.Td>
                <Table.Td data-title="Needed" className="number">
                  {printBytes(neededBytes)}
                </Table.Td>
                <Table.Td data-title="Free" className="number">
                  {freeBytes === null ? 'not known' : printBytes(freeBytes)}
                </Table.Td>
                <Table.Td data-title="Enough">{enough(neededBytes, freeBytes)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        {systemId !== null && <TimeNeeded systemId={systemId} />}
        <Text size="sm">
          The application is without its data during the swap alone, normally well under two seconds; then it connects again.
        </Text>
      </Stack>
    </Section>
  )
}

function enough(neededBytes: number, freeBytes: number | null) {
  if (freeBytes === null) return <Badge tone="unknown">not known</Badge>
  return freeBytes >= neededBytes ? <Badge tone="good">yes</Badge> : <Badge tone="bad">no</Badge>
}

/** Measured, or said to be unknown. */
function TimeNeeded({ systemId }: { readonly systemId: string }) {
  const { data } = useReply(health.system, { params: { id: systemId } })
  if (!data) return null
  const { achievedMinutes, projectedMinutes, measuredBy, measuredAt } = data.rto
  if (achievedMinutes === null || measuredBy === null)
    return (
      <Text size="sm">
        How long it takes is not known: no restore and no drill of this system was measured yet. The safety backup adds its own time.
      </Text>
    )
  return (
    <Text size="sm">
      The last {measuredBy} (<Instant at={measuredAt} />) took {printDuration(achievedMinutes * durations.minute)}
      {projectedMinutes !== null && `, which is about ${printDuration(projectedMinutes * durations.minute)} at today’s size`}. The safety
      backup adds its own time.
    </Text>
  )
}
