import { Button, Group, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { settings, type OidcSettings } from '#contract/settings.ts'
import { signIn } from '#contract/sign-in.ts'
import { useAct, useReply } from '#ui/call.ts'
import { Confirm } from '#ui/parts/confirm.tsx'
import { Facts } from '#ui/parts/facts.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { CopyButton } from '#ui/parts/copy-button.tsx'
import { roleWords } from '#ui/roles.ts'
import { usePlaces } from '#ui/pages/people/places.ts'
import { OidcForm } from './oidc-form.tsx'

export function Oidc() {
  const reply = useReply(settings.oidc, {})
  const [isChanging, setIsChanging] = useState(false)
  return (
    <Section
      title="Sign-in through your organization"
      lead="People sign in at a provider of OpenID Connect that you run or trust. Name and password go on to work beside it."
    >
      <Loaded reply={reply}>
        {({ oidc }) => (
          <Stack gap="sm">
            <RedirectAddress />
            {isChanging ? (
              <OidcForm oidc={oidc} onDone={() => setIsChanging(false)} />
            ) : (
              <Present oidc={oidc} onChange={() => setIsChanging(true)} />
            )}
          </Stack>
        )}
      </Loaded>
    </Section>
  )
}

/** What the provider wants to know of us. */
function RedirectAddress() {
  const address = `${window.location.origin}${signIn.oidcCallback.path}`
  return (
    <div>
      <Text size="sm">Redirect address, to be entered at the provider:</Text>
      <Group gap="xs" align="center">
        <code style={{ overflowWrap: 'anywhere' }}>{address}</code>
        <CopyButton text={address}>Copy</CopyButton>
      </Group>
    </div>
  )
}

function Present({ oidc, onChange }: { readonly oidc: OidcSettings | null; readonly onChange: () => void }) {
  const act = useAct(settings.removeOidc, ['settings', 'sign-in'])
  const [isRemoving, setIsRemoving] = useState(false)
  if (oidc === null)
    return (
      <Group gap="md">
        <Text size="sm">No provider is connected.</Text>
        <Button variant="default" onClick={onChange}>
          Connect a provider
        </Button>
      </Group>
    )
  return (
    <Stack gap="sm">
      <Known oidc={oidc} />
      <Group gap="xs">
        <Button variant="default" onClick={onChange}>
          Change it
        </Button>
        <Button variant="default" onClick={() => setIsRemoving(true)}>
          Remove it
        </Button>
      </Group>
      <Confirm
        isOpen={isRemoving}
        onClose={() => setIsRemoving(false)}
        title="Remove the provider?"
        submit="Remove it"
        isBusy={act.isPending}
        error={act.error}
        onConfirm={() => act.mutate({}, { onSuccess: () => setIsRemoving(false) })}
      >
        Nobody comes in through {oidc.issuer} any more. Whoever has no password here needs a password link. Open sessions go on until they
        end.
      </Confirm>
    </Stack>
  )
}

function Known({ oidc }: { readonly oidc: OidcSettings }) {
  const placeOf = usePlaces()
  const { issuer, clientId, scopes, nameClaim, createsAccounts, roleMapping } = oidc
  return (
    <Facts
      rows={[
        ['Provider', issuer],
        ['Client', clientId],
        ['Secret', 'kept sealed, not shown'],
        ['Asks for', scopes.join(' ')],
        ['Account name from', nameClaim],
        [
          'Unknown people',
          createsAccounts ? 'get an account without roles of their own' : 'are not let in: an administrator makes the account first',
        ],
        [
          'Roles',
          roleMapping === null ? (
            'given here'
          ) : (
            <Stack key="roles" gap={2}>
              <span>follow the claim {roleMapping.claim}:</span>
              {roleMapping.roles.map(({ value, role, tenantId }) => (
                <span key={`${value} ${role} ${tenantId}`}>
                  <code>{value}</code> is {roleWords[role].title} in {placeOf(tenantId)}
                </span>
              ))}
            </Stack>
          ),
        ],
      ]}
    />
  )
}
