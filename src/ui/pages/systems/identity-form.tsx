import { TextInput, Textarea } from '@mantine/core'
import { OrganizationSelect } from '#ui/parts/organization-select.tsx'
import type { DraftErrors, SystemDraft } from './system-draft.ts'

interface IdentityFormProps {
  readonly draft: SystemDraft
  readonly errors: DraftErrors
  readonly onChange: (change: Partial<SystemDraft>) => void
  /** Its name and organization are chosen once. */
  readonly isNew?: boolean
}

export function IdentityForm({ draft, errors, onChange, isNew = false }: IdentityFormProps) {
  return (
    <>
      {isNew && <OrganizationSelect permission="systems.write" value={draft.tenantId} onChange={(tenantId) => onChange({ tenantId })} />}
      <TextInput
        label="Title"
        description="As your staff call it."
        placeholder="Clinical records"
        autoComplete="off"
        required
        value={draft.title}
        error={errors['title']}
        onChange={(event) => onChange({ title: event.currentTarget.value })}
      />
      {isNew && (
        <TextInput
          label="Name"
          description="In commands and file names: a to z, 0 to 9 and “-”. It stays."
          placeholder="clinic"
          autoComplete="off"
          spellCheck={false}
          required
          value={draft.name}
          error={errors['name']}
          onChange={(event) => onChange({ name: event.currentTarget.value })}
        />
      )}
      <Textarea
        label="Description"
        description="What whoever is called at night should know: who runs it, what depends on it. No patient data."
        autosize
        minRows={2}
        maxLength={2000}
        value={draft.description}
        error={errors['description']}
        onChange={(event) => onChange({ description: event.currentTarget.value })}
      />
    </>
  )
}
