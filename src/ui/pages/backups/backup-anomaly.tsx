import { Button, Group, List, Text } from '@mantine/core'
import { useState } from 'react'
import { backups, type AnomalyView, type Verdict, type BackupDetailsView } from '#contract/backups.ts'
import { useAct } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { Confirm } from '#ui/parts/confirm.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { capitalized, counted } from '#ui/words.ts'

interface BackupAnomalyProps {
  readonly backup: BackupDetailsView
  readonly anomaly: AnomalyView
}

/** How it is unlike those before it, and what somebody said about that. */
export function BackupAnomaly({ backup, anomaly }: BackupAnomalyProps) {
  const { findings, innocent, verdict, settledAt, settledBy, reason } = anomaly
  return (
    <Note tone={verdict === 'accepted' ? 'neutral' : verdict === 'rejected' ? 'bad' : 'warning'} title={titleOf(verdict)}>
      <List size="sm">
        {findings.map(({ measure, fact }) => (
          <List.Item key={measure}>{capitalized(fact)}</List.Item>
        ))}
      </List>
      {verdict === null && innocent.length > 0 && (
        <Text size="sm" mt={4}>
          It may be harmless: {innocent.join('; ')}.
        </Text>
      )}
      {verdict !== null && (
        <Text size="sm" mt={4}>
          {verdict === 'accepted' ? 'Accepted' : 'Rejected'} by {settledBy ?? 'somebody'}, <Instant at={settledAt} />: “{reason}”
        </Text>
      )}
      {verdict === null && <Verdicts backup={backup} />}
    </Note>
  )
}

function titleOf(verdict: Verdict | null): string {
  if (verdict === null) return 'Unlike those before it: it is no good backup until somebody says that it is right'
  return verdict === 'accepted'
    ? 'Unlike those before it, and accepted'
    : 'Unlike those before it, and rejected: never restore it by mistake'
}

function Verdicts({ backup: { id, name, tenantId } }: { readonly backup: BackupDetailsView }) {
  const may = useMay()
  const settle = useAct(backups.settleAnomaly, ['backups', 'alerts', 'health', 'retention'])
  const [asked, setAsked] = useState<Verdict>()
  if (!may('backups.judge', tenantId))
    return (
      <Text size="sm" mt={4}>
        An administrator or a restore approver decides.
      </Text>
    )
  const isAccepting = asked === 'accepted'
  return (
    <>
      <Group gap="xs" mt="xs" className="no-print">
        <Button size="xs" variant="default" onClick={() => setAsked('accepted')}>
          It is right: accept
        </Button>
        <Button size="xs" variant="default" onClick={() => setAsked('rejected')}>
          It is wrong: reject
        </Button>
      </Group>
      <Confirm
        isOpen={asked !== undefined}
        onClose={() => setAsked(undefined)}
        title={isAccepting ? `Is “${name}” right as it is?` : `Is “${name}” wrong?`}
        submit={isAccepting ? 'Accept it' : 'Reject it'}
        asksReason
        isDangerous={!isAccepting}
        isBusy={settle.isPending}
        error={settle.error}
        onConfirm={({ reason }) =>
          settle.mutate(
            { params: { id }, body: { verdict: asked ?? 'rejected', reason } },
            {
              onSuccess: ({ settled }) => {
                notify({ tone: 'good', title: `${isAccepting ? 'Accepted' : 'Rejected'}: ${counted(settled.length, 'backup')}` })
                setAsked(undefined)
              },
            },
          )
        }
      >
        {isAccepting
          ? 'It counts as good, and what is made from now on is compared with it. The same holds for those before it that nobody had decided about.'
          : 'It never counts as good, and nothing is compared with it. The same holds for those before it that nobody had decided about.'}
      </Confirm>
    </>
  )
}
