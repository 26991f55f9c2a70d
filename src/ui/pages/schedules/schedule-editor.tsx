import { Accordion, Drawer, Group, Select, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { schedules, type ScheduleView } from '#contract/schedules.ts'
import type { SystemView } from '#contract/systems.ts'
import { useAct } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { TimeZoneSelect, ownTimeZone } from '#ui/parts/time-zone-select.tsx'
import { CronBuilder } from './cron-builder.tsx'
import { KeepingFields } from './keeping-fields.tsx'
import { MoreFields } from './more-fields.tsx'
import { LivePreview, usePreview } from './next-runs.tsx'
import {
  draftOf,
  fieldsOf,
  isSaidAtField,
  newDraft,
  refusalAt,
  typeWords,
  typesOf,
  type ChangeDraft,
  type Draft,
} from './schedule-draft.ts'

interface ScheduleEditorProps {
  readonly isOpen: boolean
  readonly onClose: () => void
  /** Undefined: a new one. */
  readonly schedule: ScheduleView | undefined
  readonly systems: readonly SystemView[]
  /** Chosen beforehand for a new one. */
  readonly systemId?: string | undefined
}

export function ScheduleEditor(props: ScheduleEditorProps) {
  const { isOpen, onClose, schedule } = props
  return (
    <Drawer
      opened={isOpen}
      onClose={onClose}
      position="right"
      size="xl"
      title={<Text fw={650}>{schedule ? `Change “${schedule.name}”` : 'New schedule'}</Text>}
    >
      {isOpen && <EditorForm {...props} />}
    </Drawer>
  )
}

const changes = ['schedules', 'health']

function EditorForm({ onClose, schedule, systems, systemId }: ScheduleEditorProps) {
  const [only] = systems
  const [draft, setDraft] = useState<Draft>(() =>
    schedule ? draftOf(schedule) : newDraft(ownTimeZone, systemId ?? (systems.length === 1 ? only!.id : null)),
  )
  const change: ChangeDraft = (part) => setDraft((before) => ({ ...before, ...part }))
  const preview = usePreview(draft)
  const { submit, error, isPending } = useSaving(schedule, draft, onClose)
  const isReady = draft.systemId !== null && draft.name.trim() !== '' && schedules.edit.body.safeParse(fieldsOf(draft)).success
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady) submit()
      }}
    >
      <Stack gap="md">
        <WhatFields draft={draft} change={change} systems={systems} isNew={!schedule} error={error} />
        <CronBuilder
          value={draft.cronExpression}
          error={refusalAt(error, 'cronExpression') ?? refusalAt(preview.error, 'cronExpression')}
          onChange={(cronExpression) => change({ cronExpression })}
        />
        <TimeZoneSelect
          description="Of the clock that it goes by, also when summer time begins and ends."
          value={draft.timeZone}
          error={refusalAt(error, 'timeZone')}
          onChange={(timeZone) => change({ timeZone })}
        />
        <LivePreview reply={preview} />
        <KeepingFields
          systemId={draft.systemId}
          scheduleId={schedule?.id}
          value={draft.retentionDays}
          error={refusalAt(error, 'retentionDays')}
          onChange={(retentionDays) => change({ retentionDays })}
        />
        <Accordion variant="contained" order={3}>
          <Accordion.Item value="more">
            <Accordion.Control>Blackouts, spread, catching up, following</Accordion.Control>
            <Accordion.Panel>
              <MoreFields draft={draft} change={change} error={error} />
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
        {!isSaidAtField(error) && <Refusal error={error} />}
        <FormButtons
          submit={schedule ? 'Save the schedule' : 'Make the schedule'}
          isBusy={isPending}
          isDisabled={!isReady}
          onCancel={onClose}
        />
      </Stack>
    </form>
  )
}

function useSaving(schedule: ScheduleView | undefined, draft: Draft, onClose: () => void) {
  const create = useAct(schedules.create, changes)
  const edit = useAct(schedules.edit, changes)
  const onSuccess = () => {
    notify({ tone: 'good', title: schedule ? 'The schedule is changed' : 'The schedule is made', message: draft.name })
    onClose()
  }
  const submit = () => {
    if (schedule) edit.mutate({ params: { id: schedule.id }, body: fieldsOf(draft) }, { onSuccess })
    else if (draft.systemId !== null) create.mutate({ body: { systemId: draft.systemId, ...fieldsOf(draft) } }, { onSuccess })
  }
  const { error, isPending } = schedule ? edit : create
  return { submit, error, isPending }
}

interface WhatFieldsProps {
  readonly draft: Draft
  readonly change: ChangeDraft
  readonly systems: readonly SystemView[]
  readonly isNew: boolean
  readonly error: unknown
}

function WhatFields({ draft, change, systems, isNew, error }: WhatFieldsProps) {
  const types = typesOf(systems.find(({ id }) => id === draft.systemId))
  const take = (systemId: string | null) => {
    const [first, ...others] = typesOf(systems.find(({ id }) => id === systemId))
    const isPossible = [first, ...others].includes(draft.backupType)
    change({ systemId, ...(!isPossible && first && { backupType: first }) })
  }
  return (
    <Group grow align="flex-start">
      {isNew && (
        <Select
          label="System"
          required
          searchable
          data={systems.map(({ id, title }) => ({ value: id, label: title }))}
          value={draft.systemId}
          error={refusalAt(error, 'systemId')}
          onChange={take}
        />
      )}
      <TextInput
        label="Name"
        required
        maxLength={120}
        placeholder="every night"
        value={draft.name}
        error={refusalAt(error, 'name')}
        onChange={(event) => change({ name: event.currentTarget.value })}
      />
      <Select
        label="What"
        allowDeselect={false}
        data={(['full', 'database', 'files'] as const).map((type) => ({
          value: type,
          label: typeWords[type],
          disabled: !types.includes(type),
        }))}
        value={draft.backupType}
        error={refusalAt(error, 'backupType')}
        onChange={(backupType) => backupType !== null && change({ backupType })}
      />
    </Group>
  )
}
