import { Anchor, Button, Checkbox, Group, Stack, Text, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { Link, useNavigate } from '@tanstack/react-router'
import { IconUsers } from '@tabler/icons-react'
import { useState } from 'react'
import { z } from 'zod'
import { people, type Person } from '#contract/people.ts'
import { pageQuery } from '#contract/shapes.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Loaded, Placeholder } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { Ago, useNow } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { roleWords } from '#ui/roles.ts'
import { useSearchState } from '#ui/search.ts'
import { useMay } from '#ui/session.ts'
import { AddPerson } from './add-person.tsx'
import { personState } from './person-state.ts'
import { usePlaces } from './places.ts'
import { RoleGuide } from './role-guide.tsx'

const searchSchema = z.object({
  ...pageQuery,
  search: z.string().max(100).optional(),
  retired: z.enum(['true', 'false']).optional(),
})

const columns: readonly Column<Person>[] = [
  {
    id: 'name',
    title: 'Person',
    cell: ({ id, title, name }) => (
      <>
        <Anchor size="sm" renderRoot={(props) => <Link to="/people/$id" params={{ id }} {...props} />}>
          {title}
        </Anchor>
        <Text size="xs" c="dimmed">
          {name}
        </Text>
      </>
    ),
  },
  { id: 'state', title: 'Account', cell: (person) => <StateBadge person={person} /> },
  { id: 'roles', title: 'Roles', cell: (person) => <Roles person={person} /> },
  { id: 'totp', title: 'Authenticator', cell: ({ isTotpEnrolled }) => (isTotpEnrolled ? 'set up' : 'none') },
  { id: 'in', title: 'Signed in last', cell: ({ lastSignInAt }) => <Ago at={lastSignInAt} /> },
  { id: 'mail', title: 'Mail', cell: ({ email }) => email ?? '—', isHidden: true },
]

export function StateBadge({ person }: { readonly person: Person }) {
  const { words, tone } = personState(person, useNow(30_000))
  return <Badge tone={tone}>{words}</Badge>
}

function Roles({ person: { grants, hasFurtherRoles } }: { readonly person: Person }) {
  const placeOf = usePlaces()
  if (grants.length === 0 && !hasFurtherRoles) return <Text size="sm">none: may do nothing</Text>
  return (
    <>
      {grants.map(({ id, role, tenantId }) => (
        <Text size="sm" key={id}>
          {roleWords[role].title}, {placeOf(tenantId)}
        </Text>
      ))}
      {hasFurtherRoles && <Text size="sm">and roles in other organizations</Text>}
    </>
  )
}

export function People() {
  const [search, change] = useSearchState(searchSchema)
  const { page, pageSize, retired = 'false' } = search
  const reply = useReply(people.list, { query: { page, pageSize, retired, ...(search.search && { search: search.search }) } })
  const navigate = useNavigate()
  const may = useMay()
  const [isAdding, setIsAdding] = useState(false)
  return (
    <Page
      title="People and roles"
      lead="Who may come in, and what they may do. Accounts are closed, never removed: signatures and the audit trail point to them."
      actions={may('people.write') && <Button onClick={() => setIsAdding(true)}>Add somebody</Button>}
    >
      <Section>
        <Filters search={search.search ?? ''} withRetired={retired === 'true'} onChange={change} />
        <Loaded
          reply={reply}
          skeleton={<TableSkeleton />}
          isEmpty={({ total }) => total === 0}
          empty={
            <Placeholder icon={<IconUsers size={36} aria-hidden />} title="Nobody is found">
              {search.search ? 'No account, name or mail address holds that text.' : 'There is nobody yet whose roles you may see.'}
            </Placeholder>
          }
        >
          {({ rows, total }) => (
            <DataTable
              label="People"
              noun="account"
              columns={columns}
              rows={rows}
              keyOf={({ id }) => id}
              paging={{ page, pageSize, total, onChange: change }}
              onOpen={({ id }) => void navigate({ to: '/people/$id', params: { id } })}
              isOld={reply.isPlaceholderData}
              hasColumnChoice
            />
          )}
        </Loaded>
      </Section>
      <RoleGuide />
      <AddPerson isOpen={isAdding} onClose={() => setIsAdding(false)} />
    </Page>
  )
}

interface FiltersProps {
  readonly search: string
  readonly withRetired: boolean
  readonly onChange: (change: { search?: string; retired?: 'true' | 'false'; page: number }) => void
}

function Filters({ search, withRetired, onChange }: FiltersProps) {
  const [text, setText] = useState(search)
  const ask = useDebouncedCallback((wanted: string) => onChange({ search: wanted, page: 1 }), 300)
  return (
    <Group mb="sm" align="flex-end">
      <TextInput
        label="Search"
        placeholder="Name, account or mail"
        type="search"
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value)
          ask(event.currentTarget.value)
        }}
      />
      <Stack justify="center" h={36}>
        <Checkbox
          label="Closed accounts too"
          checked={withRetired}
          onChange={(event) => onChange({ retired: event.currentTarget.checked ? 'true' : 'false', page: 1 })}
        />
      </Stack>
    </Group>
  )
}
