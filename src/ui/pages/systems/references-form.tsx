import { Button, Select, SimpleGrid, Stack, Text, TextInput } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import type { FileReference, SystemSettings } from '#base/settings.ts'
import { Removable, changedAt } from '#ui/parts/removable.tsx'
import type { DraftErrors, SystemDraft } from './system-draft.ts'

interface ReferencesFormProps {
  readonly draft: SystemDraft
  readonly errors: DraftErrors
  readonly set: (change: Partial<SystemSettings>) => void
}

/** Columns whose values are paths: of each row it is looked whether its file is in the same backup. */
export function ReferencesForm({ draft, errors, set }: ReferencesFormProps) {
  const { databases, roots, settings } = draft
  const { fileReferences } = settings
  if (databases.length === 0 || roots.length === 0) return <Text size="sm">For systems that have a database and a directory of files.</Text>
  const change = (index: number, row: FileReference | undefined) => set({ fileReferences: changedAt(fileReferences, index, row) })
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        Columns whose values are paths of files. Each backup looks whether every named file is in it; one that is missing is a gap.
      </Text>
      {fileReferences.map((row, index) => (
        <Removable key={`reference ${index}`} title={`Reference ${index + 1}`} onRemove={() => change(index, undefined)}>
          <ReferenceFields
            row={row}
            at={`settings.fileReferences.${index}`}
            {...{ draft, errors }}
            onChange={(next) => change(index, next)}
          />
        </Removable>
      ))}
      <Button
        variant="default"
        size="xs"
        leftSection={<IconPlus size={14} aria-hidden />}
        style={{ alignSelf: 'flex-start' }}
        onClick={() =>
          set({
            fileReferences: [
              ...fileReferences,
              { database: databases[0]!.name, schema: 'public', table: '', column: '', root: roots[0]!.name, prefix: '' },
            ],
          })
        }
      >
        Add a column
      </Button>
    </Stack>
  )
}

interface ReferenceFieldsProps {
  readonly row: FileReference
  readonly at: string
  readonly draft: SystemDraft
  readonly errors: DraftErrors
  readonly onChange: (row: FileReference) => void
}

function ReferenceFields({ row, at, draft, errors, onChange }: ReferenceFieldsProps) {
  const choice = (field: 'database' | 'root', label: string, names: readonly string[]) => (
    <Select
      label={label}
      data={[...new Set(names.filter((name) => name !== ''))]}
      value={row[field]}
      allowDeselect={false}
      error={errors[`${at}.${field}`]}
      onChange={(name) => onChange({ ...row, [field]: name ?? '' })}
    />
  )
  const text = (field: 'schema' | 'table' | 'column' | 'prefix', label: string) => (
    <TextInput
      label={label}
      autoComplete="off"
      spellCheck={false}
      value={row[field]}
      error={errors[`${at}.${field}`]}
      onChange={(event) => onChange({ ...row, [field]: event.currentTarget.value })}
    />
  )
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm" verticalSpacing="sm">
      {choice(
        'database',
        'Database',
        draft.databases.map(({ name }) => name),
      )}
      {text('schema', 'Schema')}
      {text('table', 'Table')}
      {text('column', 'Column')}
      {choice(
        'root',
        'Directory',
        draft.roots.map(({ name }) => name),
      )}
      {text('prefix', 'Taken off the front of each value')}
    </SimpleGrid>
  )
}
