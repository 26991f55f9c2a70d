import { Anchor, SimpleGrid, Stack, Table, Text } from '@mantine/core'
import { IconArrowsDiff } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { backups, type BackupDetailsView } from '#contract/backups.ts'
import { useReply } from '#ui/call.ts'
import { CardSkeletons, Loaded, Placeholder } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useSearchState } from '#ui/search.ts'
import { BackupState } from './backup-state.tsx'
import { CompareTables } from './compare-tables.tsx'
import { compareSearchSchema, type CompareState } from './compare-search.ts'
import { comparedFacts, inOrder, type ComparedFact } from './compared.ts'

/** Two backups side by side, the older one at the left. */
export function CompareBackups() {
  const [search, change] = useSearchState(compareSearchSchema)
  const { a, b } = search
  return (
    <Page
      title="Compare two backups"
      trail={[{ title: 'Backups', to: '/backups' }]}
      lead="What changed from the older one to the newer one."
    >
      {a === undefined || b === undefined ? <NothingChosen /> : <TwoBackups a={a} b={b} search={search} onChange={change} />}
    </Page>
  )
}

function NothingChosen() {
  return (
    <Placeholder
      icon={<IconArrowsDiff size={36} aria-hidden />}
      title="Two backups are compared"
      action={<Anchor renderRoot={(props) => <Link to="/backups" {...props} />}>To the backups</Anchor>}
    >
      Tick two of them in the list, then choose “Compare them”.
    </Placeholder>
  )
}

function TwoBackups({ a, b, ...state }: CompareState & { readonly a: string; readonly b: string }) {
  const [one, other] = [useReply(backups.details, { params: { id: a } }), useReply(backups.details, { params: { id: b } })]
  return (
    <Loaded reply={one} skeleton={<CardSkeletons />}>
      {(first) => (
        <Loaded reply={other} skeleton={<CardSkeletons />}>
          {(second) => <Compared pair={inOrder(first, second)} {...state} />}
        </Loaded>
      )}
    </Loaded>
  )
}

function Compared({ pair, ...state }: CompareState & { readonly pair: readonly [BackupDetailsView, BackupDetailsView] }) {
  const [older, newer] = pair
  return (
    <Stack gap="lg">
      {older.systemId !== newer.systemId && (
        <Note tone="warning" title="They are of different systems">
          <Text size="sm">Tables of the same name may have nothing to do with each other.</Text>
        </Note>
      )}
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <Named title="Older" backup={older} />
        <Named title="Newer" backup={newer} />
      </SimpleGrid>
      <Section title="What is known of both">
        <FactsTable facts={comparedFacts(older, newer)} />
      </Section>
      <CompareTables older={older.id} newer={newer.id} {...state} />
    </Stack>
  )
}

function Named({ title, backup }: { readonly title: string; readonly backup: BackupDetailsView }) {
  return (
    <Section title={title}>
      <Anchor style={{ overflowWrap: 'anywhere' }} renderRoot={(props) => <Link to="/backups/$id" params={{ id: backup.id }} {...props} />}>
        {backup.name}
      </Anchor>
      <BackupState backup={backup} />
    </Section>
  )
}

function FactsTable({ facts }: { readonly facts: readonly ComparedFact[] }) {
  return (
    <Table aria-label="Facts of both backups" className="stacking-table">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>What</Table.Th>
          <Table.Th>Older</Table.Th>
          <Table.Th>Newer</Table.Th>
          <Table.Th>Difference</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {facts.map(({ name, older, newer, difference }) => (
          <Table.Tr key={name}>
            <Table.Td data-title="What">{name}</Table.Td>
            <Table.Td data-title="Older">{older}</Table.Td>
            <Table.Td data-title="Newer">{newer}</Table.Td>
            <Table.Td data-title="Difference">{difference ?? (older === newer ? 'none' : 'differs')}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
