import { Button, Group, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { IconDatabasePlus, IconFolderPlus } from '@tabler/icons-react'
import { Removable, changedAt } from '#ui/parts/removable.tsx'
import { DatabaseForm } from './database-form.tsx'
import { emptyDatabase } from './database-draft.ts'
import type { DraftErrors, RootDraft, SystemDraft } from './system-draft.ts'

interface SourcesFormProps {
  readonly draft: SystemDraft
  readonly errors: DraftErrors
  readonly onChange: (change: Partial<SystemDraft>) => void
}

/** What is backed up: databases and directories, each by a name of its own. */
export function SourcesForm({ draft: { databases, roots }, errors, onChange }: SourcesFormProps) {
  return (
    <Stack gap="md">
      {databases.map((database, index) => (
        // Rows have no identity but their place: they are added at the end.
        <Removable
          key={`database ${index}`}
          title={`Database ${index + 1}`}
          onRemove={() => onChange({ databases: changedAt(databases, index, undefined) })}
        >
          <DatabaseForm
            value={database}
            at={`databases.${index}`}
            errors={errors}
            onChange={(changed) => onChange({ databases: changedAt(databases, index, changed) })}
          />
        </Removable>
      ))}
      {roots.map((root, index) => (
        <Removable
          key={`root ${index}`}
          title={`Directory ${index + 1}`}
          onRemove={() => onChange({ roots: changedAt(roots, index, undefined) })}
        >
          <RootForm
            value={root}
            at={`roots.${index}`}
            errors={errors}
            onChange={(changed) => onChange({ roots: changedAt(roots, index, changed) })}
          />
        </Removable>
      ))}
      {[errors['databases'], errors['roots']].map(
        (error) =>
          error !== undefined && (
            <Text key={error} size="sm" c="var(--mantine-color-error)" role="alert">
              {error}
            </Text>
          ),
      )}
      <Group>
        <Button
          variant="default"
          leftSection={<IconDatabasePlus size={16} aria-hidden />}
          onClick={() => onChange({ databases: [...databases, { ...emptyDatabase, name: databases.length === 0 ? 'main' : '' }] })}
        >
          Add a database
        </Button>
        <Button
          variant="default"
          leftSection={<IconFolderPlus size={16} aria-hidden />}
          onClick={() => onChange({ roots: [...roots, { name: roots.length === 0 ? 'uploads' : '', path: '' }] })}
        >
          Add a directory of files
        </Button>
      </Group>
    </Stack>
  )
}

interface RootFormProps {
  readonly value: RootDraft
  readonly at: string
  readonly errors: DraftErrors
  readonly onChange: (value: RootDraft) => void
}

function RootForm({ value, at, errors, onChange }: RootFormProps) {
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm" verticalSpacing="sm">
      <TextInput
        label="Name"
        description="For you; backups and restores name it so."
        placeholder="uploads"
        autoComplete="off"
        required
        value={value.name}
        error={errors[`${at}.name`]}
        onChange={(event) => onChange({ ...value, name: event.currentTarget.value })}
      />
      <TextInput
        label="Directory"
        description="On the server of this service, with everything below it."
        placeholder="/data/uploads"
        autoComplete="off"
        spellCheck={false}
        required
        value={value.path}
        error={errors[`${at}.path`]}
        onChange={(event) => onChange({ ...value, path: event.currentTarget.value })}
      />
    </SimpleGrid>
  )
}
