import { Anchor, Button, Group, List, Modal, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { backups, type ListedBackupView } from '#contract/backups.ts'
import { holds } from '#contract/holds.ts'
import { retention } from '#contract/retention.ts'
import { useAct, useReply } from '#ui/call.ts'
import { printInstant, printZone } from '#ui/instants.ts'
import { notify } from '#ui/notify.ts'
import { Confirm } from '#ui/parts/confirm.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { reasonWords } from '#ui/pages/retention/reasons.ts'
import { counted } from '#ui/words.ts'
import { keepingOf, type Keeping } from './keeping.ts'

interface DialogProps {
  readonly backup: ListedBackupView
  readonly onClose: () => void
}

const changes = ['backups', 'holds', 'retention', 'health', 'audit']

/** Before anything is typed it says what would happen, and whether it would be refused. */
export function DeleteBackup({ backup, onClose }: DialogProps) {
  return backup.holdCount > 0 ? <Held backup={backup} onClose={onClose} /> : <DeleteFree backup={backup} onClose={onClose} />
}

function Held({ backup, onClose }: DialogProps) {
  const held = useReply(holds.held, { query: { backupId: backup.id, pageSize: 1 } })
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>This backup cannot be deleted</Text>} size="lg">
      <Stack gap="md">
        <Note tone="warning" title={`${backup.name} is on hold`}>
          <Text size="sm">Neither a person nor a policy deletes it until every hold on it is released, signed.</Text>
        </Note>
        <Loaded reply={held}>
          {({ rows }) => (
            <List size="sm">
              {(rows[0]?.holds ?? []).map(({ id, reason, reference }) => (
                <List.Item key={id}>
                  <Anchor size="sm" underline="always" renderRoot={(props) => <Link to="/holds" search={{ open: id }} {...props} />}>
                    {reference}
                  </Anchor>
                  : {reason}
                </List.Item>
              ))}
            </List>
          )}
        </Loaded>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}

function DeleteFree({ backup, onClose }: DialogProps) {
  const remove = useAct(backups.remove, changes)
  const { id, name, systemId } = backup
  const grace = useReply(retention.grace, {})
  const plan = useReply(retention.preview, { body: { systemId: systemId ?? '', shown: { backupId: id } } }, { isAsked: systemId !== null })
  const keeping = keepingOf(plan.data?.decisions[0])
  return (
    <Confirm
      isOpen
      onClose={onClose}
      title={`Delete “${name}”?`}
      submit="Delete the backup"
      typed={name}
      asksReason
      isBusy={remove.isPending}
      error={remove.error}
      onConfirm={({ reason }) =>
        remove.mutate(
          { params: { id }, body: { reason } },
          {
            onSuccess: ({ removalDueAt }) => {
              const until = removalDueAt === null ? '' : ` until ${printInstant(removalDueAt)} ${printZone(removalDueAt)}`
              notify({ tone: 'good', title: `${name} is deleted`, message: `The deletion can be taken back${until}.` })
              onClose()
            },
          },
        )
      }
    >
      <Stack gap="sm">
        <Text size="sm">
          It leaves the lists now. Its bytes stay in the repository for{' '}
          <strong>{grace.data === undefined ? 'the grace period' : counted(grace.data.days, 'day')}</strong>; until then the deletion can be
          taken back. After that they are removed, and a signed deletion certificate remains.
        </Text>
        <WhatSpeaksAgainst keeping={keeping} />
      </Stack>
    </Confirm>
  )
}

function WhatSpeaksAgainst({ keeping: { refusedBy, waitsFor, keptBy } }: { readonly keeping: Keeping }) {
  return (
    <>
      {refusedBy.length > 0 && (
        <Note tone="bad" title="It will be refused">
          <Reasons reasons={refusedBy} />
        </Note>
      )}
      {waitsFor.length > 0 && (
        <Note tone="warning" title="Its bytes will stay longer than that">
          <Reasons reasons={waitsFor} />
          <Text size="sm">They are removed only when a newer one has taken its place.</Text>
        </Note>
      )}
      {keptBy.length > 0 && (
        <Note tone="warning" title="The retention policy would keep it">
          <Reasons reasons={keptBy} />
          <Text size="sm">A deletion by hand overrules the policy.</Text>
        </Note>
      )}
    </>
  )
}

function Reasons({ reasons }: { readonly reasons: readonly string[] }) {
  return (
    <List size="sm">
      {reasons.map((reason) => (
        <List.Item key={reason}>{reasonWords(reason)}</List.Item>
      ))}
    </List>
  )
}

export function UndeleteBackup({ backup, onClose }: DialogProps) {
  const undelete = useAct(backups.undelete, changes)
  const { id, name } = backup
  return (
    <Confirm
      isOpen
      onClose={onClose}
      title={`Take the deletion of “${name}” back?`}
      submit="Take it back"
      isDangerous={false}
      isBusy={undelete.isPending}
      error={undelete.error}
      onConfirm={() =>
        undelete.mutate(
          { params: { id } },
          {
            onSuccess: () => {
              notify({ tone: 'good', title: `${name} is back`, message: 'It is in the lists again; retention decides about it as before.' })
              onClose()
            },
          },
        )
      }
    >
      It was deleted by {backup.deletedBy ?? 'somebody'}
      {backup.deleteReason === null ? '' : `: “${backup.deleteReason}”`}. It comes back whole; both acts stay in the audit trail.
    </Confirm>
  )
}
