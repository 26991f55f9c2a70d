import { Drawer, MultiSelect, Select, Stack, Switch, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { noticeKindSchema } from '#contract/alerts.ts'
import { channels, type ChannelView, type Digest } from '#contract/channels.ts'
import { RemoteFault } from '#contract/client.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { noticeKinds, severities, type NoticeKind, type Severity } from '#contract/notice-kinds.ts'
import { useAct } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { useOrganizations } from '#ui/parts/organization-select.tsx'
import { TimeZoneSelect, ownTimeZone } from '#ui/parts/time-zone-select.tsx'
import { useMay } from '#ui/session.ts'
import { capitalized } from '#ui/words.ts'
import { SchemaInputs, type Typed } from './schema-inputs.tsx'
import { fieldsOf, filled } from './schema-fields.ts'

type ChannelKindView = ReplyOf<typeof channels.kinds>['kinds'][number]

interface ChannelEditorProps {
  readonly isOpen: boolean
  readonly onClose: () => void
  /** Undefined: a new one. */
  readonly channel: ChannelView | undefined
  readonly kinds: readonly ChannelKindView[]
}

export function ChannelEditor(props: ChannelEditorProps) {
  const { isOpen, onClose, channel } = props
  return (
    <Drawer
      opened={isOpen}
      onClose={onClose}
      position="right"
      size="lg"
      title={<Text fw={650}>{channel ? `Change “${channel.name}”` : 'New channel'}</Text>}
    >
      {isOpen && <EditorForm {...props} />}
    </Drawer>
  )
}

interface Draft {
  readonly kind: string | null
  /** `all`: the whole installation. */
  readonly hears: string
  readonly name: string
  readonly settings: Typed
  readonly secrets: Typed
  readonly noticeKinds: readonly NoticeKind[]
  readonly severityLeast: Severity
  readonly digest: Digest | null
  readonly isActive: boolean
}

function draftOf(channel: ChannelView | undefined): Draft {
  if (!channel)
    return {
      kind: null,
      hears: '',
      name: '',
      settings: {},
      secrets: {},
      noticeKinds: [],
      severityLeast: 'warning',
      digest: null,
      isActive: true,
    }
  const { kind, tenantId, name, settings, severityLeast, digest, isActive } = channel
  const told = (channel.noticeKinds ?? []).flatMap((one) => noticeKindSchema.safeParse(one).data ?? [])
  return { kind, hears: tenantId ?? 'all', name, settings, secrets: {}, noticeKinds: told, severityLeast, digest, isActive }
}

function EditorForm({ onClose, channel, kinds }: ChannelEditorProps) {
  const [draft, setDraft] = useState(() => draftOf(channel))
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }))
  const kind = kinds.find(({ name }) => name === draft.kind)
  const { submit, error, isPending } = useSaving(channel, { draft, kind, onClose })
  const isReady = kind !== undefined && draft.name.trim() !== '' && (channel !== undefined || draft.hears !== '')
  const errorAt = (place: string) => (error instanceof RemoteFault && error.field === place ? capitalized(error.message) : undefined)
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady) submit()
      }}
    >
      <Stack gap="md">
        {!channel && (
          <Select
            label="Kind"
            required
            data={kinds.map(({ name, title }) => ({ value: name, label: title }))}
            value={draft.kind}
            onChange={(name) => change({ kind: name, settings: {}, secrets: {} })}
          />
        )}
        <TextInput
          label="Name"
          required
          maxLength={80}
          placeholder="the administrators"
          value={draft.name}
          error={errorAt('name')}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
        {!channel && <Hears value={draft.hears} onChange={(hears) => change({ hears })} />}
        {kind && <KindFields draft={draft} kind={kind} change={change} isKept={channel !== undefined} error={error} />}
        <WhatGoesOut draft={draft} change={change} />
        <Refusal error={error} />
        <FormButtons
          submit={channel ? 'Save the channel' : 'Make the channel'}
          isBusy={isPending}
          isDisabled={!isReady}
          onCancel={onClose}
        />
      </Stack>
    </form>
  )
}

interface Saving {
  readonly draft: Draft
  readonly kind: ChannelKindView | undefined
  readonly onClose: () => void
}

function useSaving(channel: ChannelView | undefined, { draft, kind, onClose }: Saving) {
  const create = useAct(channels.create, ['channels'])
  const edit = useAct(channels.edit, ['channels'])
  const onSuccess = () => {
    notify({
      tone: 'good',
      title: channel ? 'The channel is changed' : 'The channel is made',
      message: `${draft.name}: send a test message.`,
    })
    onClose()
  }
  const submit = () => {
    if (!kind) return
    const body = {
      name: draft.name,
      settings: filled(fieldsOf(kind.settings), draft.settings),
      secrets: filled(fieldsOf(kind.secrets), draft.secrets),
      isActive: draft.isActive,
      noticeKinds: draft.noticeKinds.length === 0 ? null : [...draft.noticeKinds],
      severityLeast: draft.severityLeast,
      digest: draft.digest,
    }
    if (channel) edit.mutate({ params: { id: channel.id }, body }, { onSuccess })
    else create.mutate({ body: { ...body, kind: kind.name, tenantId: draft.hears === 'all' ? null : draft.hears } }, { onSuccess })
  }
  const { error, isPending } = channel ? edit : create
  return { submit, error, isPending }
}

/** Of one organization, or of all of them and of what concerns none. */
function Hears({ value, onChange }: { readonly value: string; readonly onChange: (hears: string) => void }) {
  const may = useMay()
  const own = useOrganizations('notices.write')
  return (
    <Select
      label="Hears of"
      description="Refused sign-ins and the audit trail are told on channels of the whole installation alone: have at least one."
      required
      data={[
        ...(may('settings.write') ? [{ value: 'all', label: 'The whole installation' }] : []),
        ...own.map(({ id, title }) => ({ value: id, label: title })),
      ]}
      value={value === '' ? null : value}
      onChange={(hears) => onChange(hears ?? '')}
    />
  )
}

interface PartProps {
  readonly draft: Draft
  readonly change: (part: Partial<Draft>) => void
}

interface KindFieldsProps extends PartProps {
  readonly kind: ChannelKindView
  readonly isKept: boolean
  readonly error: unknown
}

function KindFields({ draft, kind, change, isKept, error }: KindFieldsProps) {
  const refused = (group: string) => (name: string) =>
    error instanceof RemoteFault && error.field?.startsWith(`${group}.${name}`) ? capitalized(error.message) : undefined
  return (
    <>
      <SchemaInputs
        fields={fieldsOf(kind.settings)}
        value={draft.settings}
        onChange={(settings) => change({ settings })}
        errorOf={refused('settings')}
      />
      <SchemaInputs
        fields={fieldsOf(kind.secrets)}
        value={draft.secrets}
        onChange={(secrets) => change({ secrets })}
        isSecret
        isKept={isKept}
        errorOf={refused('secrets')}
      />
    </>
  )
}

function WhatGoesOut({ draft, change }: PartProps) {
  const least = { info: 'Everything', warning: 'Warnings and what is critical', critical: 'Only what is critical' } as const
  return (
    <>
      <Select
        label="Told from this severity on"
        allowDeselect={false}
        data={severities.map((severity) => ({ value: severity, label: least[severity] }))}
        value={draft.severityLeast}
        onChange={(severityLeast) => severityLeast !== null && change({ severityLeast })}
      />
      <MultiSelect
        label="Only of these kinds"
        placeholder={draft.noticeKinds.length === 0 ? 'All kinds' : undefined}
        searchable
        clearable
        data={Object.entries(noticeKinds).map(([value, { title }]) => ({ value: value as NoticeKind, label: title }))}
        value={[...draft.noticeKinds]}
        onChange={(told) => change({ noticeKinds: told })}
      />
      <Switch
        label="A digest once a day"
        description="What ran, what failed, what is open, what runs next."
        checked={draft.digest !== null}
        onChange={(event) => change({ digest: event.currentTarget.checked ? { time: '07:00', timeZone: ownTimeZone } : null })}
      />
      {draft.digest && <DigestFields value={draft.digest} onChange={(digest) => change({ digest })} />}
      <Switch
        label="Switched on"
        description="Off: nothing goes out, and what waits is given up."
        checked={draft.isActive}
        onChange={(event) => change({ isActive: event.currentTarget.checked })}
      />
    </>
  )
}

function DigestFields({ value, onChange }: { readonly value: Digest; readonly onChange: (digest: Digest) => void }) {
  return (
    <Stack gap="sm">
      <TextInput
        label="Digest at"
        type="time"
        w={140}
        value={value.time}
        onChange={(event) => event.currentTarget.value !== '' && onChange({ ...value, time: event.currentTarget.value })}
      />
      <TimeZoneSelect label="Time zone of the digest" value={value.timeZone} onChange={(timeZone) => onChange({ ...value, timeZone })} />
    </Stack>
  )
}
