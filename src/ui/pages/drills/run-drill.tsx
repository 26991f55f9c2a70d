import { Modal, Select, Stack, Text } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { backups } from '#contract/backups.ts'
import { drills } from '#contract/drills.ts'
import { systems } from '#contract/systems.ts'
import { useAct, useReply } from '#ui/call.ts'
import { printInstant, printZone } from '#ui/instants.ts'
import { FormButtons, Refusal } from '#ui/parts/refusal.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { sentenceCase, standingWords } from '#ui/words.ts'
import { obstacleOf, proposedBackup } from '#ui/pages/restore-wizard/backup-choice.ts'

interface RunProps {
  readonly systemId: string | undefined
  readonly isOpen: boolean
  readonly onClose: () => void
}

/** A drill by hand: of which backup. Live systems are not touched, so nothing has to be typed. */
export function RunDrill({ systemId, isOpen, onClose }: RunProps) {
  return (
    <Modal opened={isOpen} onClose={onClose} title={<Text fw={650}>Run a drill</Text>} size="lg">
      {isOpen && <RunForm systemId={systemId} onClose={onClose} />}
    </Modal>
  )
}

function RunForm({ systemId, onClose }: Omit<RunProps, 'isOpen'>) {
  const known = useReply(systems.list, { query: { pageSize: 200 } })
  const [chosenSystem, setChosenSystem] = useState(systemId)
  const [chosenBackup, setChosenBackup] = useState<string>()
  const system = chosenSystem ?? (known.data?.rows.length === 1 ? known.data.rows[0]!.id : undefined)
  const reply = useReply(backups.list, { query: { systemId: system, pageSize: 100 } }, { isAsked: system !== undefined })
  const rows =
    system === undefined ? [] : (reply.data?.rows ?? []).filter((one) => obstacleOf(one) === undefined && one.systemId === system)
  const backup = chosenBackup ?? proposedBackup(rows)?.id
  const start = useAct(drills.start, ['drills', 'jobs'])
  const navigate = useNavigate()
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (backup !== undefined)
          start.mutate(
            { body: { backupId: backup } },
            { onSuccess: ({ drillId }) => void navigate({ to: '/drills/$id', params: { id: drillId } }) },
          )
      }}
    >
      <Stack gap="md">
        <Select
          label="System"
          required
          searchable
          allowDeselect={false}
          data={(known.data?.rows ?? []).map(({ id, title }) => ({ value: id, label: title }))}
          value={system ?? null}
          onChange={(value) => {
            setChosenSystem(value ?? undefined)
            setChosenBackup(undefined)
          }}
        />
        <Select
          label="Backup"
          description="The newest good one is proposed. An older one now and then tells more."
          required
          searchable
          allowDeselect={false}
          disabled={system === undefined}
          nothingFoundMessage="There is no backup that could be restored"
          data={rows.map(({ id, createdAt, type, standing }) => ({
            value: id,
            label: `${printInstant(createdAt)} ${printZone(createdAt)}, ${sentenceCase(type)}, ${standingWords[standing].words}`,
          }))}
          value={backup ?? null}
          onChange={(value) => setChosenBackup(value ?? undefined)}
        />
        <WhatItDoes />
        <Refusal error={start.error ?? reply.error} />
        <FormButtons submit="Begin the drill" isBusy={start.isPending} isDisabled={backup === undefined} onCancel={onClose} />
      </Stack>
    </form>
  )
}

function WhatItDoes() {
  return (
    <Note tone="neutral" title="What it does">
      <Text size="sm">
        It restores the backup into a PostgreSQL and a directory of its own on a worker, compares every row and byte, asks the questions of
        the system’s settings, and takes it all away again. Live systems are not touched. The worker needs room for all of it.
      </Text>
    </Note>
  )
}
