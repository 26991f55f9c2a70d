import { Modal, Select, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { DateTimePicker } from '@mantine/dates'
import { useState } from 'react'
import type { ListedBackupView } from '#contract/backups.ts'
import { holds } from '#contract/holds.ts'
import { systems } from '#contract/systems.ts'
import { useAct, useReply } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { OrganizationSelect } from '#ui/parts/organization-select.tsx'
import { targetOf, type HoldDraft } from './hold-draft.ts'

interface PlaceHoldProps {
  /** The one to hold; without it a system or a time is chosen. */
  readonly backup?: Pick<ListedBackupView, 'id' | 'name'>
  readonly onClose: () => void
}

/** From then on nobody deletes what it covers. It takes no signature: releasing it does. */
export function PlaceHold({ backup, onClose }: PlaceHoldProps) {
  const place = useAct(holds.place, ['holds', 'backups', 'retention', 'audit'])
  const [draft, setDraft] = useState<HoldDraft>({ backupId: backup?.id })
  const [reason, setReason] = useState('')
  const [reference, setReference] = useState('')
  const target = targetOf(draft)
  const isReady = target !== undefined && reason.trim() !== '' && reference.trim() !== ''
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>{backup ? `Hold “${backup.name}”` : 'Place a legal hold'}</Text>} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!isReady) return
          const body = { ...target, reason: reason.trim(), reference: reference.trim() }
          place.mutate(
            { body },
            {
              onSuccess: ({ fact }) => {
                notify({ tone: 'good', title: 'The hold is placed', message: `${fact}.` })
                onClose()
              },
            },
          )
        }}
      >
        <Stack gap="md">
          <Text size="sm">
            Nobody deletes what is held: not the retention policy, not a person. What was deleted and is still there comes back. Only an
            administrator releases a hold, with a signature.
          </Text>
          {backup === undefined && <HoldTarget draft={draft} onChange={setDraft} />}
          <TextInput
            label="Reference"
            description="The matter that it is about, such as a docket number. No patient data: it stands in lists."
            required
            maxLength={200}
            value={reference}
            onChange={({ currentTarget }) => setReference(currentTarget.value)}
          />
          <Textarea
            label="Reason"
            description="For the audit trail. No patient data."
            required
            autosize
            minRows={2}
            maxLength={500}
            value={reason}
            onChange={({ currentTarget }) => setReason(currentTarget.value)}
          />
          <Refusal error={place.error} />
          <FormButtons submit="Place the hold" isBusy={place.isPending} isDisabled={!isReady} onCancel={onClose} />
        </Stack>
      </form>
    </Modal>
  )
}

interface HoldTargetProps {
  readonly draft: HoldDraft
  readonly onChange: (draft: HoldDraft) => void
}

function HoldTarget({ draft, onChange }: HoldTargetProps) {
  const { data } = useReply(systems.list, { query: { pageSize: 200 } })
  return (
    <>
      <Select
        label="System"
        description="All of its backups, also those made from now on. Left empty: those of every system in the time below."
        placeholder="Every system"
        clearable
        searchable
        data={(data?.rows ?? []).map(({ id, name, title }) => ({ value: id, label: `${title} (${name})` }))}
        value={draft.systemId ?? null}
        onChange={(systemId) => onChange({ ...draft, systemId: systemId ?? undefined })}
      />
      {draft.systemId === undefined && (
        <OrganizationSelect permission="holds.place" value={draft.tenantId} onChange={(tenantId) => onChange({ ...draft, tenantId })} />
      )}
      <DateTimePicker
        label="Made from"
        description="Your own time. Left empty: from the beginning."
        valueFormat="D MMM YYYY, HH:mm"
        clearable
        clearButtonProps={{ 'aria-label': 'From the beginning' }}
        value={draft.from ?? null}
        onChange={(from) => onChange({ ...draft, from: from ?? undefined })}
      />
      <DateTimePicker
        label="Made before"
        description="Left empty: without an end."
        valueFormat="D MMM YYYY, HH:mm"
        clearable
        clearButtonProps={{ 'aria-label': 'Without an end' }}
        value={draft.to ?? null}
        onChange={(to) => onChange({ ...draft, to: to ?? undefined })}
      />
    </>
  )
}
