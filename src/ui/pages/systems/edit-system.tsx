import { Stack, Textarea } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { RemoteFault } from '#contract/client.ts'
import { systems, type SystemView } from '#contract/systems.ts'
import { useAct } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { capitalized, counted } from '#ui/words.ts'
import { IdentityForm } from './identity-form.tsx'
import { RepositoryChoice } from './repository-choice.tsx'
import { SettingsForm } from './settings-form.tsx'
import { SourcesForm } from './sources-form.tsx'
import { bodyOf, draftOf, errorsOf, type DraftErrors, type SystemDraft } from './system-draft.ts'

interface EditSystemProps {
  readonly system: SystemView
  readonly onClose: () => void
}

/** The same forms as when it was connected, all at once. */
export function EditSystem({ system, onClose }: EditSystemProps) {
  const { form, reason, setReason, save, act } = useEditing({ system, onClose })
  const wrong = Object.keys(form.errors).length
  return (
    <Page
      title={`Edit ${system.title}`}
      trail={[
        { title: 'Systems', to: '/systems' },
        { title: system.title, to: `/systems/${system.id}` },
      ]}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          save()
        }}
      >
        <Stack gap="lg">
          <FormPart title="What it is">
            <IdentityForm {...form} />
          </FormPart>
          <FormPart title="What is backed up">
            <SourcesForm {...form} />
          </FormPart>
          <FormPart title="Where to, and what is promised">
            <RepositoryChoice {...form} />
            <SettingsForm {...form} />
          </FormPart>
          <Textarea
            label="Reason"
            description="For the audit trail. No patient data."
            autosize
            maxLength={500}
            maw={860}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          {wrong > 0 && (
            <div role="alert">
              <Note tone="bad" title={`${counted(wrong, 'field')} ${wrong === 1 ? 'is' : 'are'} not right yet`}>
                {Object.values(form.errors).join('; ')}
              </Note>
            </div>
          )}
          <Refusal error={act.error} />
          <FormButtons submit="Save" isBusy={act.isPending} onCancel={onClose} />
        </Stack>
      </form>
    </Page>
  )
}

function FormPart({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Section title={title}>
      <Stack gap="md" maw={860}>
        {children}
      </Stack>
    </Section>
  )
}

function useEditing({ system, onClose }: EditSystemProps) {
  const [draft, setDraft] = useState<SystemDraft>(() => draftOf(system))
  const [reason, setReason] = useState('')
  const [isChecked, setIsChecked] = useState(false)
  const [refused, setRefused] = useState<DraftErrors>({})
  const act = useAct(systems.edit, ['systems', 'health', 'repositories', 'schedules'])
  const done = () => {
    notify({ tone: 'good', title: 'Saved', message: 'Test it to see whether a backup still works.' })
    onClose()
  }
  const save = () => {
    setIsChecked(true)
    if (Object.keys(errorsOf(draft)).length > 0) return
    const body = { ...bodyOf(draft), ...(reason.trim() !== '' && { reason: reason.trim() }) }
    act.mutate({ params: { id: system.id }, body }, { onSuccess: done, onError: (error) => setRefused(refusalOf(error)) })
  }
  const errors = isChecked ? { ...errorsOf(draft), ...refused } : refused
  const onChange = (part: Partial<SystemDraft>) => {
    setDraft((before) => ({ ...before, ...part }))
    setRefused({})
  }
  return { form: { draft, errors, onChange }, reason, setReason, save, act }
}

function refusalOf(error: unknown): DraftErrors {
  return error instanceof RemoteFault && error.field !== undefined ? { [error.field]: capitalized(error.message) } : {}
}
