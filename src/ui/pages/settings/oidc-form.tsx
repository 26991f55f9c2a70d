import { Button, Checkbox, Fieldset, Group, PasswordInput, SimpleGrid, Stack, TagsInput, TextInput } from '@mantine/core'
import { useState } from 'react'
import { settings, type OidcSettings } from '#contract/settings.ts'
import { useAct } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { RoleFields } from '#ui/pages/people/role-fields.tsx'

interface OidcFormProps {
  readonly oidc: OidcSettings | null
  readonly onDone: () => void
}

type Mapping = NonNullable<OidcSettings['roleMapping']>

const fresh: OidcSettings = {
  issuer: '',
  clientId: '',
  scopes: ['openid', 'profile', 'email'],
  nameClaim: 'preferred_username',
  createsAccounts: false,
  roleMapping: null,
}
const noMapping: Mapping = { claim: 'groups', roles: [] }

/** The provider is asked as soon as it is saved: one that does not answer is not taken. */
export function OidcForm({ oidc, onDone }: OidcFormProps) {
  const act = useAct(settings.setOidc, ['settings', 'sign-in'])
  const [draft, setDraft] = useState<OidcSettings>(oidc ?? fresh)
  const [clientSecret, setSecret] = useState('')
  const change = (part: Partial<OidcSettings>) => setDraft({ ...draft, ...part })
  const isWhole = draft.issuer !== '' && draft.clientId !== '' && (oidc !== null || clientSecret !== '')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        act.mutate(
          { body: { ...draft, ...(clientSecret !== '' && { clientSecret }) } },
          {
            onSuccess: () => {
              notify({ tone: 'good', title: 'The provider answers', message: 'People may sign in through it from now on.' })
              onDone()
            },
          },
        )
      }}
    >
      <Stack gap="sm">
        <ClientFields draft={draft} onChange={change} />
        <PasswordInput
          label="Client secret"
          description={oidc ? 'Empty: the one that is kept stays.' : 'From the provider; kept sealed.'}
          autoComplete="off"
          required={oidc === null}
          value={clientSecret}
          onChange={(event) => setSecret(event.currentTarget.value)}
        />
        <Checkbox
          label="Make an account for whoever the provider lets in"
          description="Without roles of its own: they see nothing until somebody gives them a role, or the mapping does."
          checked={draft.createsAccounts}
          onChange={(event) => change({ createsAccounts: event.currentTarget.checked })}
        />
        <Checkbox
          label="Roles follow a claim of the provider"
          description="Whoever has the value has the role, and loses it with the value at the next sign-in."
          checked={draft.roleMapping !== null}
          onChange={(event) => change({ roleMapping: event.currentTarget.checked ? noMapping : null })}
        />
        {draft.roleMapping && <MappingFields mapping={draft.roleMapping} onChange={(roleMapping) => change({ roleMapping })} />}
        <Refusal error={act.error} />
        <FormButtons submit="Ask the provider and save" isBusy={act.isPending} isDisabled={!isWhole} onCancel={onDone} />
      </Stack>
    </form>
  )
}

interface ClientFieldsProps {
  readonly draft: OidcSettings
  readonly onChange: (part: Partial<OidcSettings>) => void
}

function ClientFields({ draft, onChange }: ClientFieldsProps) {
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }}>
      <TextInput
        label="Address of the provider"
        description="Its issuer, by https."
        placeholder="https://login.example.org"
        type="url"
        required
        value={draft.issuer}
        onChange={(event) => onChange({ issuer: event.currentTarget.value.trim() })}
      />
      <TextInput
        label="Client ID"
        description="As the provider calls this installation."
        required
        value={draft.clientId}
        onChange={(event) => onChange({ clientId: event.currentTarget.value })}
      />
      <TagsInput label="Scopes" description="What is asked for." value={draft.scopes} onChange={(scopes) => onChange({ scopes })} />
      <TextInput
        label="Claim with the account name"
        description="Its value is what stands here as account name."
        required
        value={draft.nameClaim}
        onChange={(event) => onChange({ nameClaim: event.currentTarget.value.trim() })}
      />
    </SimpleGrid>
  )
}

interface MappingFieldsProps {
  readonly mapping: Mapping
  readonly onChange: (mapping: Mapping) => void
}

function MappingFields({ mapping, onChange }: MappingFieldsProps) {
  const { claim, roles } = mapping
  return (
    <Fieldset legend="Which value gives which role">
      <Stack gap="sm">
        <TextInput
          label="Claim"
          required
          w={280}
          maw="100%"
          value={claim}
          onChange={(event) => onChange({ claim: event.currentTarget.value.trim(), roles })}
        />
        {roles.map((row, index) => (
          // Rows are told apart by their place alone.
          <Stack key={index} gap="xs" className="surface" p="sm">
            <TextInput
              label={`Value ${index + 1}`}
              required
              value={row.value}
              onChange={(event) => onChange({ claim, roles: roles.with(index, { ...row, value: event.currentTarget.value }) })}
            />
            <RoleFields value={row} onChange={(order) => onChange({ claim, roles: roles.with(index, { ...order, value: row.value }) })} />
            <Group>
              <Button size="xs" variant="default" onClick={() => onChange({ claim, roles: roles.toSpliced(index, 1) })}>
                Remove value {index + 1}
              </Button>
            </Group>
          </Stack>
        ))}
        <Group>
          <Button
            size="xs"
            variant="default"
            onClick={() => onChange({ claim, roles: [...roles, { value: '', role: 'VIEWER', tenantId: null }] })}
          >
            Add a value
          </Button>
        </Group>
      </Stack>
    </Fieldset>
  )
}
