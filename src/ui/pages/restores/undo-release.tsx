import { Button, Group, Stack, Switch, Text, Textarea } from '@mantine/core'
import { IconArrowBackUp, IconTrash } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { restores, type RestoreView } from '#contract/restores.ts'
import { useAct } from '#ui/call.ts'
import { Section } from '#ui/parts/page.tsx'
import { Confirm } from '#ui/parts/confirm.tsx'
import { Countdown, Instant, useNow } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { replacedNothing } from './restore-state.ts'

const changed = ['restores', 'jobs', 'signatures', 'health']

/** While what was replaced is kept: back to it, or let it go. */
export function UndoRelease({ restore }: { readonly restore: RestoreView }) {
  const may = useMay()
  const [open, setOpen] = useState<'undo' | 'release'>()
  if (!restore.mayUndo) return null
  const canAct = may('restores.execute', restore.tenantId)
  return (
    <Section
      title={keptTitle(restore)}
      actions={
        canAct && (
          <Group gap="xs" className="no-print">
            <Button color="red.9" leftSection={<IconArrowBackUp size={16} aria-hidden />} onClick={() => setOpen('undo')}>
              Undo restore
            </Button>
            <Button variant="default" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => setOpen('release')}>
              Release
            </Button>
          </Group>
        )
      }
    >
      <Kept restore={restore} />
      {!canAct && <Text size="sm">Administrators and restore approvers can put it back, or let it go.</Text>}
      <Undo restore={restore} isOpen={open === 'undo'} onClose={() => setOpen(undefined)} />
      <Release restore={restore} isOpen={open === 'release'} onClose={() => setOpen(undefined)} />
    </Section>
  )
}

function keptTitle(restore: RestoreView): string {
  if (restore.extent === 'records') return 'It can be undone'
  return replacedNothing(restore) ? 'It can be taken away again' : 'What it replaced is kept'
}

function Kept({ restore }: { readonly restore: RestoreView }) {
  const { undoUntil, extent } = restore
  const now = useNow(1_000)
  if (replacedNothing(restore))
    return <Text size="sm">Nothing was in its place. Undo takes away what came back; release says that it stays, and ends the undo.</Text>
  if (extent === 'records' && undoUntil !== null) return <KeptRows undoUntil={undoUntil} />
  if (undoUntil === null) return <Text size="sm">It can be put back until it is released.</Text>
  if (new Date(undoUntil) <= now)
    return (
      <Text size="sm">
        The time for which it was promised was over <Instant at={undoUntil} />. It is still there, and can be put back until it is released.
      </Text>
    )
  return (
    <div>
      <Text fz={26} fw={650} lh={1.3}>
        <Countdown until={undoUntil} />
      </Text>
      <Text size="sm">
        It is kept until <Instant at={undoUntil} /> at least. Until then somebody who knows the application should look at it. Nothing lets
        it go by itself when space runs low.
      </Text>
    </div>
  )
}

/** Rows of people are removed by the service itself when nobody may need them any more. */
function KeptRows({ undoUntil }: { readonly undoUntil: string }) {
  return (
    <div>
      <Text fz={26} fw={650} lh={1.3}>
        <Countdown until={undoUntil} over="over" />
      </Text>
      <Text size="sm">
        Until <Instant at={undoUntil} />, as long as nobody has written to these rows since. Then what is kept for it is removed.
      </Text>
    </div>
  )
}

interface ActProps {
  readonly restore: RestoreView
  readonly isOpen: boolean
  readonly onClose: () => void
}

function nameOf({ extent, systemName }: RestoreView): string {
  return extent === 'records' ? `restore of records of ${systemName}` : `restore of ${systemName}`
}

/** Its own loss statement: an undo is a restore as well (SAFETY rule 11). */
function Undo({ restore, isOpen, onClose }: ActProps) {
  const { id, systemName } = restore
  const navigate = useNavigate()
  const undo = useAct(restores.undo, changed)
  return (
    <Confirm
      isOpen={isOpen}
      onClose={onClose}
      title={`Undo the ${nameOf(restore)}`}
      typed={systemName}
      asksReason
      meaning={`I order that what the ${nameOf(restore)} replaced is put back`}
      submit="Sign and undo the restore"
      isBusy={undo.isPending}
      error={undo.error}
      onConfirm={(body) =>
        undo.mutate(
          { params: { id }, body },
          { onSuccess: ({ restoreId }) => void navigate({ to: '/restores/$id', params: { id: restoreId } }) },
        )
      }
    >
      {restore.extent === 'records' ? (
        <Text size="sm">
          Exactly these rows and files become what they were before the restore, with the same proof. It is refused, and nothing is changed,
          when one of them was written since. It cannot be undone in its turn.
        </Text>
      ) : (
        <WhatUndoTakes restore={restore} />
      )}
    </Confirm>
  )
}

function WhatUndoTakes({ restore }: { readonly restore: RestoreView }) {
  return (
    <Stack gap="sm">
      <Note tone="bad" title="What exists now and would be gone">
        <Text size="sm">
          Every change to rows, and every file written, since <Instant at={restore.validationResults.swappedAt} absent="the restore" />. How
          many there are is not known.
        </Text>
      </Note>
      <Text size="sm">
        {replacedNothing(restore)
          ? 'What came back is taken away: before the restore nothing was there.'
          : 'Exactly what was live before the restore comes back, in moments.'}{' '}
        What is there now is kept in its turn, so that this can be undone as well. It is refused when what is there is not what the restore
        left.
      </Text>
    </Stack>
  )
}

function Release({ restore, isOpen, onClose }: ActProps) {
  const { id, systemName } = restore
  const navigate = useNavigate()
  const release = useAct(restores.release, changed)
  const [isBackedUp, setIsBackedUp] = useState(true)
  const isAlone = replacedNothing(restore)
  const isOfRecords = restore.extent === 'records'
  const [without, setWithout] = useState('')
  return (
    <Confirm
      isOpen={isOpen}
      onClose={onClose}
      title={`Let go of what the ${nameOf(restore)} replaced`}
      typed={systemName}
      asksReason
      meaning={`I order that what the ${nameOf(restore)} replaced is let go`}
      submit="Sign and release"
      isBusy={release.isPending}
      error={release.error}
      isBlocked={!isBackedUp && without.trim() === ''}
      onConfirm={(signed) =>
        release.mutate(
          { params: { id }, body: { ...signed, ...(!isBackedUp && { withoutBackup: { reason: without.trim() } }) } },
          { onSuccess: ({ restoreId }) => void navigate({ to: '/restores/$id', params: { id: restoreId } }) },
        )
      }
    >
      <Stack gap="sm">
        <Note tone="warning" title="After this the restore cannot be undone any more">
          <Text size="sm">{isOfRecords ? releaseRecordsWords : releaseWords(isAlone, isBackedUp)}</Text>
        </Note>
        {!isAlone && !isOfRecords && (
          <Switch
            label="Back it up first"
            description="Rows that were written between the safety backup and the swap exist there alone."
            checked={isBackedUp}
            onChange={(event) => setIsBackedUp(event.currentTarget.checked)}
          />
        )}
        {!isBackedUp && (
          <Textarea
            label="Why without a backup of it"
            required
            maxLength={500}
            autosize
            minRows={2}
            value={without}
            onChange={(event) => setWithout(event.currentTarget.value)}
          />
        )}
      </Stack>
    </Confirm>
  )
}

const releaseRecordsWords = 'The rows that are kept for an undo are removed. What is live is not touched.'

function releaseWords(isAlone: boolean, isBackedUp: boolean): string {
  if (isAlone) return 'Nothing was replaced, so nothing is dropped. What came back stays.'
  return isBackedUp
    ? 'What was replaced is backed up, the backup is read back, and only then it is dropped. What is live is not touched.'
    : 'What was replaced is dropped. What is live is not touched.'
}
