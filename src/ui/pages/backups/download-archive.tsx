import { Anchor, Button, Checkbox, Code, Group, Modal, PasswordInput, Radio, Stack, Text } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { printBytes } from '#base/units.ts'
import { backupContent } from '#contract/backup-content.ts'
import type { ArchiveFormat, ListedBackupView } from '#contract/backups.ts'
import { addressOf } from '#contract/client.ts'
import { useAct } from '#ui/call.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { JobProgress, useJob } from '#ui/parts/job-progress.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { preparedArchive } from './prepared-archive.ts'

interface DownloadArchiveProps {
  readonly backup: ListedBackupView
  readonly onClose: () => void
}

const formats: readonly { readonly format: ArchiveFormat; readonly words: string; readonly about: string }[] = [
  { format: 'tar.zst', words: 'tar.zst', about: 'Smallest and quickest. Opened by zstd and tar.' },
  { format: 'tar.gz', words: 'tar.gz', about: 'Opened by whatever is at hand, Windows included.' },
  { format: 'tar', words: 'tar', about: 'Not compressed.' },
]
const passphraseMin = 12

/** One backup as one file that is restored without Integrum as well. A job prepares it; it is fetched when it is ready. */
export function DownloadArchive({ backup, onClose }: DownloadArchiveProps) {
  const archive = useAct(backupContent.archive, ['jobs'])
  const [format, setFormat] = useState<ArchiveFormat>('tar.zst')
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>Download “{backup.name}”</Text>} size="lg">
      {archive.data === undefined ? (
        <ArchiveForm
          backup={backup}
          format={format}
          onFormat={setFormat}
          onCancel={onClose}
          isBusy={archive.isPending}
          error={archive.error}
          onSubmit={(passphrase) =>
            archive.mutate({ params: { id: backup.id }, body: { format, ...(passphrase !== '' && { passphrase }) } })
          }
        />
      ) : (
        <Coming backup={backup} format={format} archiveId={archive.data.archiveId} runId={archive.data.runId} onClose={onClose} />
      )}
    </Modal>
  )
}

interface ArchiveFormProps {
  readonly backup: ListedBackupView
  readonly format: ArchiveFormat
  readonly onFormat: (format: ArchiveFormat) => void
  readonly onCancel: () => void
  readonly isBusy: boolean
  readonly error: unknown
  /** Empty: not encrypted. */
  readonly onSubmit: (passphrase: string) => void
}

function ArchiveForm({ backup, format, onFormat, onCancel, isBusy, error, onSubmit }: ArchiveFormProps) {
  const [isEncrypted, setIsEncrypted] = useState(true)
  const [passphrase, setPassphrase] = useState('')
  const isReady = !isEncrypted || passphrase.length >= passphraseMin
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady) onSubmit(isEncrypted ? passphrase : '')
      }}
    >
      <Stack gap="md">
        <Text size="sm">
          The whole backup as one file, with a manifest, checksums and a note on how to restore it without Integrum. Before compression it
          holds {backup.fileSizeBytes === null ? 'an unknown number of bytes' : printBytes(backup.fileSizeBytes)}.
        </Text>
        <Radio.Group label="Format" value={format} onChange={(value) => onFormat(formats.find((one) => one.format === value)!.format)}>
          <Stack gap="xs" mt="xs">
            {formats.map((one) => (
              <Radio key={one.format} value={one.format} label={one.words} description={one.about} />
            ))}
          </Stack>
        </Radio.Group>
        <Checkbox
          label="Encrypt it with a passphrase (age)"
          checked={isEncrypted}
          onChange={({ currentTarget }) => setIsEncrypted(currentTarget.checked)}
        />
        {isEncrypted ? (
          <PasswordInput
            label="Passphrase"
            description={`At least ${passphraseMin} characters. It is not kept: without it nobody opens the file.`}
            autoComplete="new-password"
            required
            value={passphrase}
            onChange={({ currentTarget }) => setPassphrase(currentTarget.value)}
          />
        ) : (
          <Note tone="warning" title="Whoever has the file can read every record in it">
            <Text size="sm">Patient data leaves the installation unprotected. The download stands in the audit trail.</Text>
          </Note>
        )}
        <Refusal error={error} />
        <FormButtons submit="Prepare the archive" isBusy={isBusy} isDisabled={!isReady} onCancel={onCancel} />
      </Stack>
    </form>
  )
}

interface ComingProps extends DownloadArchiveProps {
  readonly format: ArchiveFormat
  readonly archiveId: string
  readonly runId: string
}

function Coming({ backup, format, archiveId, runId, onClose }: ComingProps) {
  const { data: run } = useJob(runId)
  return (
    <Stack gap="md">
      {run?.status !== 'completed' && <JobProgress runId={runId} isLogShown={false} />}
      {run?.status === 'completed' && <Ready backup={backup} format={format} archiveId={archiveId} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Close
        </Button>
      </Group>
    </Stack>
  )
}

function Ready({ backup, format, archiveId }: Omit<ComingProps, 'runId' | 'onClose'>) {
  const place = addressOf(backupContent.download, { params: { id: backup.id }, query: { format, archive: archiveId } })
  const prepared = useQuery({ queryKey: ['prepared-archive', archiveId], queryFn: ({ signal }) => preparedArchive(place, signal) })
  return (
    <Loaded reply={prepared}>
      {({ fileName, sizeBytes, sha256 }) => (
        <Stack gap="md">
          <Note tone="good" title="The archive is ready" />
          <Facts
            rows={[
              ['File', fileName],
              ['Size', `${printBytes(sizeBytes)} (${sizeBytes} bytes)`],
              ['SHA-256', <Code key="sha256">{sha256}</Code>],
            ]}
          />
          <Text size="sm" c="dimmed">
            Compare the SHA-256 after downloading, and keep it elsewhere. The archive stays here for a day; a broken download is continued.
          </Text>
          <Group>
            <Button
              leftSection={<IconDownload size={16} aria-hidden />}
              renderRoot={(props) => <Anchor {...props} href={place} download={fileName} underline="never" />}
            >
              Save the archive
            </Button>
          </Group>
        </Stack>
      )}
    </Loaded>
  )
}
