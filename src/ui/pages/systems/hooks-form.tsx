import { NumberInput, Select, SimpleGrid, Stack, Text, TextInput, Textarea } from '@mantine/core'
import { useState } from 'react'
import type { CommandHook, Hook, HttpHook, SystemSettings } from '#base/settings.ts'
import { durations } from '#base/units.ts'
import { useMe } from '#ui/session.ts'
import { Note } from '#ui/parts/tone.tsx'
import { headersOf, printHeaders } from './hook-headers.ts'
import { errorsBelow, type DraftErrors } from './system-draft.ts'

interface HooksFormProps {
  readonly settings: SystemSettings
  readonly errors: DraftErrors
  readonly set: (change: Partial<SystemSettings>) => void
}

const events = [
  { event: 'beforeBackup', title: 'Before a backup', text: 'Quiesces the application, so that database and files are one moment.' },
  { event: 'afterBackup', title: 'After a backup', text: 'Lets it go on. Runs also when the backup failed.' },
  { event: 'beforeSwap', title: 'Before a restore goes live', text: 'Stops or pauses the application.' },
  { event: 'afterSwap', title: 'After a restore went live', text: 'Starts it again. Runs also when the restore failed.' },
] as const

type HookEvent = (typeof events)[number]['event']

export function HooksForm({ settings, errors, set }: HooksFormProps) {
  const { data: person } = useMe()
  const isOfInstallation = person?.grants.some(({ role, tenantId }) => role === 'SYSTEM_ADMIN' && tenantId === null) ?? false
  const change = (event: HookEvent, hook: Hook | undefined) => {
    const { [event]: _before, ...others } = settings.hooks
    set({ hooks: hook === undefined ? others : { ...others, [event]: hook } })
  }
  return (
    <Stack gap="md">
      {!isOfInstallation && (
        <Note tone="neutral" title="Programs are set by an administrator of the whole installation">
          Addresses without secret headers can be set by you.
        </Note>
      )}
      {events.map(({ event, title, text }) => (
        <HookFields
          key={event}
          {...{ title, text }}
          hook={settings.hooks[event]}
          error={Object.values(errorsBelow(errors, [`settings.hooks.${event}`]))[0] ?? errors['settings.hooks']}
          onChange={(hook) => change(event, hook)}
        />
      ))}
    </Stack>
  )
}

interface HookFieldsProps {
  readonly title: string
  readonly text: string
  readonly hook: Hook | undefined
  readonly error: string | undefined
  readonly onChange: (hook: Hook | undefined) => void
}

const timeoutMs = 5 * durations.minute
const newHooks = {
  none: undefined,
  command: { command: [], timeoutMs },
  url: { url: '', method: 'POST', headers: {}, timeoutMs },
} as const satisfies Readonly<Record<string, Hook | undefined>>

function HookFields({ title, text, hook, error, onChange }: HookFieldsProps) {
  return (
    <Stack gap="xs">
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
        <Select
          label={title}
          description={text}
          allowDeselect={false}
          data={[
            { value: 'none', label: 'Nothing' },
            { value: 'command', label: 'A program is run' },
            { value: 'url', label: 'An address is called' },
          ]}
          value={hook === undefined ? 'none' : 'command' in hook ? 'command' : 'url'}
          onChange={(way) => onChange(newHooks[way as keyof typeof newHooks])}
        />
        {hook !== undefined && (
          <NumberInput
            label={`Minutes that it may take (${title.toLowerCase()})`}
            description="Then it has failed."
            min={1}
            value={hook.timeoutMs / durations.minute}
            onChange={(minutes) => onChange({ ...hook, timeoutMs: typeof minutes === 'number' ? minutes * durations.minute : timeoutMs })}
          />
        )}
      </SimpleGrid>
      {hook !== undefined && 'command' in hook && <CommandFields {...{ title, hook, onChange }} />}
      {hook !== undefined && 'url' in hook && <UrlFields {...{ title, hook, onChange }} />}
      {error !== undefined && hook !== undefined && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert">
          {error}
        </Text>
      )}
    </Stack>
  )
}

interface FieldsProps<Kind extends Hook> {
  readonly title: string
  readonly hook: Kind
  readonly onChange: (hook: Hook) => void
}

function CommandFields({ title, hook, onChange }: FieldsProps<CommandHook>) {
  const [typed, setTyped] = useState(hook.command.join('\n'))
  return (
    <Textarea
      label={`Program (${title.toLowerCase()})`}
      description="The program on the first line, one argument on each line below. No shell is involved."
      placeholder="/usr/local/bin/pause-imports"
      autosize
      minRows={2}
      spellCheck={false}
      required
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value)
        onChange({ ...hook, command: event.currentTarget.value.split('\n').filter((line) => line !== '') })
      }}
    />
  )
}

function UrlFields({ title, hook, onChange }: FieldsProps<HttpHook>) {
  const [typed, setTyped] = useState(printHeaders(hook.headers))
  const suffix = `(${title.toLowerCase()})`
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm">
      <TextInput
        label={`Address ${suffix}`}
        description="https, or this machine. Anything but a 2xx is a failure."
        placeholder="https://clinic.example.org/maintenance"
        autoComplete="off"
        required
        value={hook.url}
        onChange={(event) => onChange({ ...hook, url: event.currentTarget.value })}
      />
      <Select
        label={`Method ${suffix}`}
        description="It is sent the event, the system and the backup."
        data={['POST', 'PUT']}
        allowDeselect={false}
        value={hook.method}
        onChange={(method) => onChange({ ...hook, method: method === 'PUT' ? 'PUT' : 'POST' })}
      />
      <Textarea
        label={`Headers ${suffix}`}
        description="One a line. A secret stands in a file of the server: Authorization: @/etc/integrum/hook-token"
        autosize
        minRows={2}
        spellCheck={false}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value)
          onChange({ ...hook, headers: headersOf(event.currentTarget.value) })
        }}
      />
    </SimpleGrid>
  )
}
