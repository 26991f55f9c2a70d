import { Button, Checkbox, FileInput, Group, Modal, PasswordInput, Progress, Stack, Text, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { printBytes } from '#base/units.ts'
import { backupContent } from '#contract/backup-content.ts'
import { addressOf } from '#contract/client.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { JobProgress } from '#ui/parts/job-progress.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { askAgain } from '#ui/call.ts'
import { printWhole } from '#ui/words.ts'
import { SystemSelect } from '#ui/parts/system-select.tsx'
import { upload } from './upload.ts'

interface ImportDraft {
  readonly systemId: string | undefined
  readonly file: File | null
  readonly sourceName: string
  readonly passphrase: string
  readonly isAsNew: boolean
}

const nothing: ImportDraft = { systemId: undefined, file: null, sourceName: '', passphrase: '', isAsNew: false }

/** A backup of what comes from elsewhere: a portable archive, a dump of pg_dump, a tar of files. */
export function ImportBackup({ onClose }: { readonly onClose: () => void }) {
  const [draft, setDraft] = useState(nothing)
  const [sentBytes, setSentBytes] = useState(0)
  const over = useRef(new AbortController())
  const sending = useMutation({
    mutationFn: async ({ systemId, file, sourceName, passphrase, isAsNew }: ImportDraft) => {
      over.current = new AbortController()
      setSentBytes(0)
      const query = {
        systemId: systemId!,
        fileName: file!.name,
        isAsNew: isAsNew ? 'true' : 'false',
        ...(sourceName !== '' && { sourceName }),
      } as const
      const place = addressOf(backupContent.upload, { query })
      return await upload({ place, file: file!, passphrase, onProgress: setSentBytes, signal: over.current.signal })
    },
    onSuccess: () => askAgain(['jobs', 'backups']),
  })
  const leave = () => {
    over.current.abort()
    onClose()
  }
  return (
    <Modal opened onClose={leave} closeOnClickOutside={!sending.isPending} title={<Text fw={650}>Import a backup</Text>} size="lg">
      {sending.data !== undefined && <Imported runId={sending.data.runId} sha256={sending.data.sha256} onClose={onClose} />}
      {sending.isPending && <Sending file={draft.file!} sentBytes={sentBytes} onCancel={() => over.current.abort()} />}
      {!sending.isPending && sending.data === undefined && (
        <ImportForm draft={draft} onChange={setDraft} error={sending.error} onCancel={leave} onSubmit={() => sending.mutate(draft)} />
      )}
    </Modal>
  )
}

interface ImportFormProps {
  readonly draft: ImportDraft
  readonly onChange: (draft: ImportDraft) => void
  readonly error: unknown
  readonly onCancel: () => void
  readonly onSubmit: () => void
}

function ImportForm({ draft, onChange, error, onCancel, onSubmit }: ImportFormProps) {
  const isReady = draft.systemId !== undefined && draft.file !== null
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady) onSubmit()
      }}
    >
      <Stack gap="md">
        <SystemSelect isRequired value={draft.systemId} onChange={(systemId) => onChange({ ...draft, systemId })} />
        <FileInput
          label="File"
          description="A portable archive (also encrypted), a dump of pg_dump, or a tar of files."
          placeholder="Choose a file"
          required
          clearable
          clearButtonProps={{ 'aria-label': 'Choose no file' }}
          value={draft.file}
          onChange={(file) => onChange({ ...draft, file })}
        />
        {draft.file !== null && <Text size="sm">{printBytes(draft.file.size)}</Text>}
        <PasswordInput
          label="Passphrase"
          description="Of an encrypted archive."
          autoComplete="off"
          value={draft.passphrase}
          onChange={({ currentTarget }) => onChange({ ...draft, passphrase: currentTarget.value })}
        />
        <TextInput
          label="Name of the source"
          description="Of a dump or a tar: which database or root of the system it is. An archive knows it by itself."
          value={draft.sourceName}
          onChange={({ currentTarget }) => onChange({ ...draft, sourceName: currentTarget.value.trim() })}
        />
        <Checkbox
          label="Import it once more although it is there already"
          checked={draft.isAsNew}
          onChange={({ currentTarget }) => onChange({ ...draft, isAsNew: currentTarget.checked })}
        />
        <Refusal error={error} />
        <FormButtons submit="Upload and import" isBusy={false} isDisabled={!isReady} onCancel={onCancel} />
      </Stack>
    </form>
  )
}

interface SendingProps {
  readonly file: File
  readonly sentBytes: number
  readonly onCancel: () => void
}

function Sending({ file, sentBytes, onCancel }: SendingProps) {
  const percent = file.size === 0 ? 100 : Math.min(100, Math.floor((sentBytes / file.size) * 100))
  return (
    <Stack gap="sm">
      <Text size="sm" aria-live="polite">
        {percent < 100 ? `${printBytes(sentBytes)} of ${printBytes(file.size)} sent` : 'Everything is sent; the service takes it in'}
      </Text>
      <Progress value={percent} size="lg" aria-label={`Upload, ${printWhole(percent)} percent`} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
      </Group>
    </Stack>
  )
}

function Imported({ runId, sha256, onClose }: { readonly runId: string; readonly sha256: string; readonly onClose: () => void }) {
  return (
    <Stack gap="md">
      <Note tone="good" title="Received">
        <Text size="sm">SHA-256 {sha256}. A job makes a backup of it now; the backup is in the list when the job has ended.</Text>
      </Note>
      <JobProgress runId={runId} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Close
        </Button>
      </Group>
    </Stack>
  )
}
