import { Button, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { signingPolicy } from '#contract/signing-policy.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { CardSkeletons, Loaded } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { PolicyToAccept } from '#ui/parts/signature.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { roleWords } from '#ui/roles.ts'
import { useMe, type Person } from '#ui/session.ts'
import { Authenticator } from './authenticator.tsx'
import { OwnKeys } from './own-keys.tsx'
import { WhatItAllows } from './what-it-allows.tsx'

export function AccountPage() {
  const reply = useMe()
  return (
    <Page title="Your account" lead="Who you are here, how you come in, and what you may do.">
      <Loaded reply={reply} skeleton={<CardSkeletons />}>
        {(person) => (
          <>
            <WhoYouAre person={person} />
            <YourRoles person={person} />
            <Section title="Authenticator">
              <Authenticator person={person} />
            </Section>
            <Signing person={person} />
            <OwnKeys person={person} />
          </>
        )}
      </Loaded>
    </Page>
  )
}

function WhoYouAre({ person }: { readonly person: Person }) {
  const { title, name, email, tenants, session, hasPassword } = person
  return (
    <Section
      title={title}
      actions={
        hasPassword && (
          <Button variant="default" renderRoot={(props) => <Link to="/change-password" {...props} />}>
            Change the password
          </Button>
        )
      }
    >
      <Facts
        rows={[
          ['Account name', name],
          ['Mail', email ?? 'none'],
          ['Organizations', tenants.map((tenant) => tenant.title).join(', ') || 'none'],
          ['Password', hasPassword ? 'set' : 'none: you sign in through your organization'],
          ['Session ends', session ? <Instant key="ends" at={session.expiresAt} /> : 'with the key'],
          ['Unused, it ends', session ? <Instant key="idle" at={session.idleUntil} /> : 'with the key'],
        ]}
      />
    </Section>
  )
}

function YourRoles({ person }: { readonly person: Person }) {
  const { grants, tenants, permissions } = person
  const places = new Map(tenants.map(({ id, title }) => [id, title]))
  return (
    <Section title="Your roles" lead="Given by administrators; every change is in the audit trail.">
      <Stack gap="sm">
        {grants.map(({ role, tenantId }) => (
          <div key={`${role} ${tenantId}`}>
            <Text fw={650} size="sm">
              {roleWords[role].title}, {tenantId === null ? 'in the whole installation' : `in ${places.get(tenantId) ?? 'an organization'}`}
            </Text>
            <Text size="sm" c="dimmed">
              {roleWords[role].may}
            </Text>
          </div>
        ))}
        <WhatItAllows permissions={permissions.map(({ permission }) => permission)} />
      </Stack>
    </Section>
  )
}

/** 21 CFR 11.10(j): whoever signs has accepted beforehand what that means. */
function Signing({ person }: { readonly person: Person }) {
  const { signingPolicyVersion } = person
  if (signingPolicyVersion !== signingPolicy.version)
    return (
      <Section title="Signatures">
        <PolicyToAccept />
      </Section>
    )
  return (
    <Section title="Signatures" lead={`You accepted version ${signingPolicyVersion} of what a signature here means:`}>
      {signingPolicy.text.split('\n').map((line) => (
        <Text size="sm" key={line}>
          {line}
        </Text>
      ))}
    </Section>
  )
}
