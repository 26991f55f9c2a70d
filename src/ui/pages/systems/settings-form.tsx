import { Accordion, Checkbox, SimpleGrid, Stack, Text, Textarea } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import type { SystemSettings } from '#base/settings.ts'
import { MinutesInput } from '#ui/parts/minutes-input.tsx'
import { counted } from '#ui/words.ts'
import { AssertionsForm } from './assertions-form.tsx'
import { HooksForm } from './hooks-form.tsx'
import { ReferencesForm } from './references-form.tsx'
import { errorsBelow, withoutEmpty, type DraftErrors, type SystemDraft } from './system-draft.ts'

export interface SettingsFormProps {
  readonly draft: SystemDraft
  readonly errors: DraftErrors
  readonly onChange: (change: Partial<SystemDraft>) => void
}

/** What was promised, who must agree to a restore, and what few systems need below it. */
export function SettingsForm({ draft, errors, onChange }: SettingsFormProps) {
  const { settings } = draft
  const set = (change: Partial<SystemSettings>) => onChange({ settings: { ...settings, ...change } })
  const objective = (field: 'rpoMinutes' | 'rtoMinutes', minutes: number | undefined) => {
    const { [field]: _before, ...others } = settings.objectives
    set({ objectives: minutes === undefined ? others : { ...others, [field]: minutes } })
  }
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <MinutesInput
          label="Data that may be lost (RPO)"
          description="At most so much time between two good backups."
          value={settings.objectives.rpoMinutes}
          error={errors['settings.objectives.rpoMinutes']}
          onChange={(minutes) => objective('rpoMinutes', minutes)}
        />
        <MinutesInput
          label="Time a restore may take (RTO)"
          description="What drills measure is set beside it."
          value={settings.objectives.rtoMinutes}
          error={errors['settings.objectives.rtoMinutes']}
          onChange={(minutes) => objective('rtoMinutes', minutes)}
        />
      </SimpleGrid>
      <Checkbox
        label="Another person approves each restore of this system"
        description="Whoever asks for a restore cannot approve it themselves."
        checked={draft.requiresSecondApprover}
        onChange={(event) => onChange({ requiresSecondApprover: event.currentTarget.checked })}
      />
      <Advanced draft={draft} errors={errors} set={set} />
    </Stack>
  )
}

interface AdvancedProps {
  readonly draft: SystemDraft
  readonly errors: DraftErrors
  readonly set: (change: Partial<SystemSettings>) => void
}

function Advanced(props: AdvancedProps) {
  const [opened, setOpened] = useState<string[]>([])
  const parts = partsOf(props)
  const wrong = parts.filter(({ places }) => Object.keys(errorsBelow(props.errors, places)).length > 0)
  return (
    <div>
      <Text fw={650} size="sm" mb={4}>
        Advanced
      </Text>
      <Accordion
        multiple
        variant="separated"
        order={3}
        value={[...new Set([...opened, ...wrong.map(({ id }) => id)])]}
        onChange={setOpened}
      >
        {parts.map(({ id, title, note, body }) => (
          <Accordion.Item key={id} value={id}>
            <Accordion.Control>
              {title}{' '}
              <Text span size="sm" c="dimmed">
                {note}
              </Text>
            </Accordion.Control>
            <Accordion.Panel>{body}</Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
    </div>
  )
}

interface AdvancedPart {
  readonly id: string
  readonly title: string
  readonly note: string
  /** Of the settings that it shows. */
  readonly places: readonly string[]
  readonly body: ReactNode
}

function partsOf({ draft, errors, set }: AdvancedProps): readonly AdvancedPart[] {
  const { exclude, fileReferences, assertions, readyAssertions = [], hooks } = draft.settings
  return [
    {
      id: 'files',
      title: 'Files that are left out',
      note: count(Object.values(exclude).flatMap(withoutEmpty).length, 'pattern'),
      places: ['settings.exclude', 'settings.containerisedRoots'],
      body: <Exclusions draft={draft} set={set} />,
    },
    {
      id: 'references',
      title: 'Rows that name files',
      note: count(fileReferences.length, 'reference'),
      places: ['settings.fileReferences'],
      body: <ReferencesForm draft={draft} errors={errors} set={set} />,
    },
    {
      id: 'assertions',
      title: 'Questions asked of every restored copy',
      note: count(assertions.length + readyAssertions.length, 'question'),
      places: ['settings.assertions', 'settings.readyAssertions'],
      body: <AssertionsForm draft={draft} errors={errors} set={set} />,
    },
    {
      id: 'hooks',
      title: 'What happens around a backup and a restore',
      note: count(Object.values(hooks).filter((hook) => hook !== undefined).length, 'hook'),
      places: ['settings.hooks'],
      body: <HooksForm settings={draft.settings} errors={errors} set={set} />,
    },
  ]
}

function count(number: number, noun: string): string {
  return number === 0 ? 'none' : counted(number, noun)
}

function Exclusions({ draft, set }: Omit<AdvancedProps, 'errors'>) {
  const { roots, settings } = draft
  if (roots.length === 0) return <Text size="sm">This system has no directory of files.</Text>
  return (
    <Stack gap="md">
      {roots.map(({ name, path }) => (
        <Stack gap="xs" key={name}>
          <Textarea
            label={`Left out of ${name === '' ? path : name}`}
            description="One pattern a line, matched against the path below the directory: * within a name, ** across names, such as tmp/**"
            autosize
            minRows={2}
            spellCheck={false}
            value={(settings.exclude[name] ?? []).join('\n')}
            onChange={(event) => set({ exclude: { ...settings.exclude, [name]: event.currentTarget.value.split('\n') } })}
          />
          <Checkbox
            label={`${name === '' ? path : name} is mounted into a container`}
            description="Its processes cannot be seen from this machine, so a restore asks for a hook that stops them."
            checked={settings.containerisedRoots.includes(name)}
            onChange={(event) => {
              const others = settings.containerisedRoots.filter((root) => root !== name)
              set({ containerisedRoots: event.currentTarget.checked ? [...others, name] : others })
            }}
          />
        </Stack>
      ))}
    </Stack>
  )
}
