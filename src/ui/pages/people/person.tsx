import { Anchor, Group, Stack, Text } from '@mantine/core'
import { Link, useParams } from '@tanstack/react-router'
import { people, type Person } from '#contract/people.ts'
import { useReply } from '#ui/call.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { CardSkeletons, Loaded } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { Ago, Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { StateBadge } from './people.tsx'
import { PersonActs } from './person-acts.tsx'
import { PersonKeys } from './person-keys.tsx'
import { PersonRoles } from './person-roles.tsx'

export function PersonPage() {
  const { id = '' } = useParams({ strict: false }) as { id?: string }
  const reply = useReply(people.details, { params: { id } })
  const may = useMay()
  return (
    <Page
      title={reply.data?.title ?? 'Account'}
      trail={[{ title: 'People and roles', to: '/people' }]}
      lead={reply.data && <StateBadge person={reply.data} />}
    >
      <Loaded reply={reply} skeleton={<CardSkeletons />}>
        {(person) => (
          <>
            <Account person={person} />
            <PersonRoles person={person} />
            <PersonKeys person={person} />
            {may('audit.read') && <Trail id={person.id} />}
          </>
        )}
      </Loaded>
    </Page>
  )
}

function Account({ person }: { readonly person: Person }) {
  const may = useMay()
  const { name, email, createdAt, lastSignInAt, lockedUntil, retiredAt, isTotpEnrolled, hasPassword, hasFurtherRoles } = person
  const isOpen = retiredAt === null
  return (
    <Section title="Account" actions={isOpen && !hasFurtherRoles && may('people.write') && <PersonActs person={person} />}>
      <Stack gap="sm">
        <Facts
          rows={[
            ['Account name', name],
            ['Mail', email ?? 'none'],
            ['Password', hasPassword ? 'set' : 'not set'],
            ['Authenticator', isTotpEnrolled ? 'set up' : 'none: cannot sign'],
            ['Signed in last', <Ago key="in" at={lastSignInAt} />],
            ['Made', <Instant key="made" at={createdAt} />],
            ...(lockedUntil === null ? [] : [['Locked out until', <Instant key="lock" at={lockedUntil} />] as const]),
            ...(isOpen ? [] : [['Closed', <Instant key="closed" at={retiredAt} />] as const]),
          ]}
        />
        {hasFurtherRoles && (
          <Note tone="neutral" title="Roles in other organizations too">
            The account itself is cared for by administrators of the whole installation. You give and take roles in yours.
          </Note>
        )}
      </Stack>
    </Section>
  )
}

function Trail({ id }: { readonly id: string }) {
  return (
    <Section title="In the audit trail">
      <Group gap="lg">
        <Anchor size="sm" renderRoot={(props) => <Link to="/audit" search={{ actorId: id }} {...props} />}>
          What they did
        </Anchor>
        <Anchor size="sm" renderRoot={(props) => <Link to="/audit" search={{ subjectId: id }} {...props} />}>
          What was done to this account
        </Anchor>
      </Group>
      <Text size="sm" c="dimmed" mt={4}>
        Roles given and taken, passwords set, locks ended: with who and when.
      </Text>
    </Section>
  )
}
