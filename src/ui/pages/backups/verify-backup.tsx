import { Button, Group, Modal, Radio, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { printBytes } from '#base/units.ts'
import { backups, type ListedBackupView } from '#contract/backups.ts'
import { useAct } from '#ui/call.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { JobProgress } from '#ui/parts/job-progress.tsx'

/** Reads a backup back and compares it; the job is shown as it goes on. */
export function VerifyBackup({ backup, onClose }: { readonly backup: ListedBackupView; readonly onClose: () => void }) {
  const verify = useAct(backups.verify, ['jobs'])
  const [depth, setDepth] = useState('full')
  const runId = verify.data?.runId
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>Verify “{backup.name}”</Text>} size="lg">
      {runId === undefined ? (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            verify.mutate({ params: { id: backup.id }, body: { isQuick: depth === 'quick' } })
          }}
        >
          <Radio.Group value={depth} onChange={setDepth} label="How thoroughly">
            <Stack gap="sm" mt="xs">
              <Radio
                value="full"
                label="Everything"
                description={`Reads it as a restore would and compares every row and byte with its manifest${backup.fileSizeBytes === null ? '' : ` (${printBytes(backup.fileSizeBytes)})`}. Afterwards it is “Verified”, or “Damaged”.`}
              />
              <Radio
                value="quick"
                label="Quick"
                description="Looks whether everything that it needs is in the repository, without reading the content. Finds what is missing, not what was changed."
              />
            </Stack>
          </Radio.Group>
          <Refusal error={verify.error} />
          <FormButtons submit="Verify" isBusy={verify.isPending} onCancel={onClose} />
        </form>
      ) : (
        <Stack gap="md">
          <JobProgress runId={runId} />
          <Group justify="space-between">
            <Text size="sm" c="dimmed">
              It goes on when you close this: see Activity.
            </Text>
            <Button variant="default" onClick={onClose}>
              Close
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  )
}
