import { Anchor, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { health, type SystemHealth } from '#contract/health.ts'
import type { SystemView } from '#contract/systems.ts'
import { useReply } from '#ui/call.ts'
import { printMinutes } from '#ui/instants.ts'
import { DataTable, type Column } from '#ui/parts/data-table.tsx'
import { Facts } from '#ui/parts/facts.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Ago, Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { counted } from '#ui/words.ts'
import { withoutEmpty } from './system-draft.ts'

interface Source {
  readonly key: string
  readonly kind: 'Database' | 'Files'
  readonly name: string
  readonly place: string
  readonly password: string
  readonly newest: SystemHealth['sources'][number] | undefined
  readonly isAsked: boolean
}

const columns: readonly Column<Source>[] = [
  { id: 'name', title: 'Source', cell: ({ name }) => name },
  { id: 'kind', title: 'Kind', cell: ({ kind }) => kind },
  { id: 'place', title: 'Place', cell: ({ place }) => <span style={{ overflowWrap: 'anywhere' }}>{place}</span> },
  { id: 'password', title: 'Password', cell: ({ password }) => password },
  {
    id: 'newest',
    title: 'Newest good backup',
    cell: ({ newest, isAsked }) =>
      !isAsked ? (
        'not known yet'
      ) : newest?.backupId ? (
        <Anchor size="sm" renderRoot={(props) => <Link to="/backups/$id" params={{ id: newest.backupId! }} {...props} />}>
          <Ago at={newest.recoveryPoint} />
        </Anchor>
      ) : (
        'none'
      ),
  },
]

/** What is backed up, how far back each part could be brought, and what nobody backs up. */
export function SourcesSection({ system }: { readonly system: SystemView }) {
  const { data } = useReply(health.system, { params: { id: system.id } }, { isAsked: system.retiredAt === null })
  const newestOf = (kind: 'database' | 'files', name: string) => data?.sources.find((one) => one.kind === kind && one.name === name)
  const isAsked = data !== undefined
  const sources: readonly Source[] = [
    ...system.databases.map(({ name, url, hasPassword }): Source => ({
      key: `database ${name}`,
      kind: 'Database',
      name,
      place: url,
      password: hasPassword ? 'kept sealed' : 'none',
      newest: newestOf('database', name),
      isAsked,
    })),
    ...system.roots.map(({ name, path }): Source => ({
      key: `files ${name}`,
      kind: 'Files',
      name,
      place: path,
      password: '',
      newest: newestOf('files', name),
      isAsked,
    })),
  ]
  return (
    <Section title="Sources and coverage">
      <Stack gap="md">
        <DataTable label="Sources" noun="source" columns={columns} rows={sources} keyOf={({ key }) => key} />
        {system.retiredAt === null && <Coverage coverage={data?.coverage} isAsked={isAsked} />}
      </Stack>
    </Section>
  )
}

/** Named one by one up to so many. */
const namedMax = 50

function Coverage({ coverage, isAsked }: { readonly coverage: SystemHealth['coverage'] | undefined; readonly isAsked: boolean }) {
  if (!coverage)
    return <Note tone="unknown">{isAsked ? 'What is not covered was not looked at yet: that is done every 15 minutes.' : 'Asking…'}</Note>
  const { missing, unseen, at } = coverage
  return (
    <Stack gap="xs">
      {missing.length > 0 && (
        <Note
          tone="warning"
          title={`${counted(missing.length, 'thing')} of its servers ${missing.length === 1 ? 'is' : 'are'} in no backup`}
        >
          <ul style={{ margin: 0, paddingInlineStart: '1.2rem' }}>
            {missing.slice(0, namedMax).map(({ kind, source, name }) => (
              <li key={`${kind} ${source} ${name}`}>
                {kind} {name} (seen from {source})
              </li>
            ))}
          </ul>
          <Text size="sm">
            A new table is in the next backup. A database that nobody backs up: add it to a system, or leave it on purpose.
          </Text>
        </Note>
      )}
      {unseen.map(({ source, fact }) => (
        <Note key={source} tone="unknown" title={`${source} could not be looked at`}>
          {fact}
        </Note>
      ))}
      <Text size="sm" c="dimmed">
        {missing.length === 0 && unseen.length === 0 && 'Nothing of its databases is missing from the backups. '}
        Looked at <Ago at={at} />.
      </Text>
    </Stack>
  )
}

export function FactsSection({ system }: { readonly system: SystemView }) {
  const { settings } = system
  const { objectives, exclude, fileReferences, assertions, readyAssertions = [], hooks, containerisedRoots } = settings
  const minutes = (value: number | undefined) => (value === undefined ? 'not stated' : printMinutes(value))
  const excluded = Object.entries(exclude).flatMap(([root, lines]) => withoutEmpty(lines).map((line) => `${root}: ${line}`))
  const hooked = Object.entries(hooks).flatMap(([event, hook]) => (hook === undefined ? [] : [hookWords[event] ?? event]))
  return (
    <Section title="What it is">
      <Facts
        rows={[
          ['Name', system.name],
          ['Repository', <RepositoryLink key="repository" {...system.repository} />],
          ['Data that may be lost (RPO)', minutes(objectives.rpoMinutes)],
          ['Time a restore may take (RTO)', minutes(objectives.rtoMinutes)],
          ['Each restore', system.requiresSecondApprover ? 'is approved by another person' : 'needs no second person'],
          ['Files left out', excluded.length === 0 ? 'none' : excluded.join(', ')],
          ['Mounted into containers', containerisedRoots.length === 0 ? 'none' : containerisedRoots.join(', ')],
          [
            'Columns that name files',
            fileReferences.map(({ schema, table, column }) => `${schema}.${table}.${column}`).join(', ') || 'none',
          ],
          ['Questions to restored copies', counted(assertions.length + readyAssertions.length, 'question')],
          ['Hooks', hooked.join(', ') || 'none'],
          ['Connected', <Instant key="created" at={system.createdAt} />],
          ['Changed', <Instant key="changed" at={system.changedAt} />],
          ...(system.retiredAt === null ? [] : ([['Retired', <Instant key="retired" at={system.retiredAt} />]] as const)),
        ]}
      />
    </Section>
  )
}

const hookWords: Readonly<Record<string, string>> = {
  beforeBackup: 'before a backup',
  afterBackup: 'after a backup',
  beforeSwap: 'before a restore goes live',
  afterSwap: 'after a restore went live',
}

function RepositoryLink({ id, name }: SystemView['repository']) {
  return (
    <Anchor size="sm" renderRoot={(props) => <Link to="/storage/$id" params={{ id }} {...props} />}>
      {name}
    </Anchor>
  )
}
