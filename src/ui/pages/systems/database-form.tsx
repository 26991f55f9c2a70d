import {
  Anchor,
  Checkbox,
  Collapse,
  Group,
  PasswordInput,
  SegmentedControl,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from '@mantine/core'
import { useState } from 'react'
import type { DatabaseDraft } from './database-draft.ts'
import type { DraftErrors } from './system-draft.ts'

interface DatabaseFormProps {
  readonly value: DatabaseDraft
  /** `databases.0`. */
  readonly at: string
  readonly errors: DraftErrors
  readonly onChange: (value: DatabaseDraft) => void
}

export function DatabaseForm({ value, at, errors, onChange }: DatabaseFormProps) {
  const set = (change: Partial<DatabaseDraft>) => onChange({ ...value, ...change })
  return (
    <Stack gap="sm">
      <Group align="flex-end" gap="sm">
        <TextInput
          label="Name"
          description="For you; backups and restores name it so."
          placeholder="main"
          autoComplete="off"
          required
          style={{ flex: '1 1 14rem' }}
          value={value.name}
          error={errors[`${at}.name`]}
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
        <SegmentedControl
          aria-label="How the database is given"
          data={[
            { value: 'fields', label: 'Field by field' },
            { value: 'url', label: 'As a URL' },
          ]}
          value={value.way}
          onChange={(way) => set({ way: way === 'url' ? 'url' : 'fields' })}
        />
      </Group>
      {value.way === 'url' ? (
        <TextInput
          label="URL"
          description="Without a password. A unix socket: postgresql://user@/database?host=/var/run/postgresql"
          placeholder="postgresql://backup@localhost:5432/clinic"
          autoComplete="off"
          spellCheck={false}
          required
          value={value.url}
          error={errors[`${at}.url`]}
          onChange={(event) => set({ url: event.currentTarget.value })}
        />
      ) : (
        <Fields value={value} at={at} errors={errors} onChange={onChange} />
      )}
      <Password value={value} at={at} errors={errors} onChange={onChange} />
    </Stack>
  )
}

function Fields({ value, at, errors, onChange }: DatabaseFormProps) {
  const [isTlsShown, setIsTlsShown] = useState(value.sslMode !== '')
  const text = (field: 'host' | 'port' | 'database' | 'user', more: { label: string; description: string; placeholder: string }) => (
    <TextInput
      {...more}
      autoComplete="off"
      spellCheck={false}
      required={field !== 'port'}
      value={value[field]}
      error={errors[`${at}.${field}`]}
      onChange={(event) => onChange({ ...value, [field]: event.currentTarget.value })}
    />
  )
  return (
    <>
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm" verticalSpacing="sm">
        {text('host', { label: 'Host', description: 'Or the directory of its unix socket.', placeholder: 'localhost' })}
        {text('port', { label: 'Port', description: '5432 unless it was changed.', placeholder: '5432' })}
        {text('database', { label: 'Database', description: 'Its name on that server.', placeholder: 'clinic' })}
        {text('user', { label: 'Role', description: 'It reads everything and writes nothing.', placeholder: 'backup' })}
      </SimpleGrid>
      {errors[`${at}.url`] !== undefined && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert">
          {errors[`${at}.url`]}
        </Text>
      )}
      <Anchor component="button" type="button" size="sm" ta="start" aria-expanded={isTlsShown} onClick={() => setIsTlsShown(!isTlsShown)}>
        Encryption on the way to it (TLS)
      </Anchor>
      <Collapse expanded={isTlsShown}>
        <Tls value={value} onChange={onChange} />
      </Collapse>
    </>
  )
}

function Tls({ value, onChange }: Pick<DatabaseFormProps, 'value' | 'onChange'>) {
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm" verticalSpacing="sm">
      <Select
        label="TLS"
        description="As libpq means it."
        allowDeselect={false}
        data={[
          { value: '', label: 'Where the server offers it' },
          { value: 'require', label: 'Always (require)' },
          { value: 'verify-ca', label: 'Always, and its certificate is checked (verify-ca)' },
          { value: 'verify-full', label: 'The same, and its name (verify-full)' },
          { value: 'disable', label: 'Never (disable)' },
        ]}
        value={value.sslMode}
        onChange={(sslMode) => onChange({ ...value, sslMode: sslMode ?? '' })}
      />
      <TextInput
        label="File with the authority’s certificate"
        description="On the server of this service; for the two that check."
        placeholder="/etc/ssl/clinic-ca.pem"
        autoComplete="off"
        spellCheck={false}
        value={value.sslRootCertificate}
        onChange={(event) => onChange({ ...value, sslRootCertificate: event.currentTarget.value })}
      />
    </SimpleGrid>
  )
}

function Password({ value, at, errors, onChange }: DatabaseFormProps) {
  const isKept = value.passwordIs === 'kept'
  const hadOne = isKept || value.passwordIs === 'none'
  return (
    <Group align="flex-end" gap="md">
      <PasswordInput
        label="Password of the role"
        description={
          isKept
            ? 'One is kept. Type another to replace it; after a change of place or role it is needed again.'
            : 'Kept sealed, never shown. Empty where the server lets this machine in without.'
        }
        autoComplete="new-password"
        style={{ flex: '1 1 18rem' }}
        placeholder={isKept ? 'as it is' : ''}
        value={value.password}
        error={errors[`${at}.password`]}
        onChange={(event) => onChange({ ...value, password: event.currentTarget.value, passwordIs: 'given' })}
      />
      {hadOne && (
        <Checkbox
          label="No password"
          checked={value.passwordIs === 'none'}
          mb={8}
          onChange={(event) => onChange({ ...value, password: '', passwordIs: event.currentTarget.checked ? 'none' : 'given' })}
        />
      )}
    </Group>
  )
}
