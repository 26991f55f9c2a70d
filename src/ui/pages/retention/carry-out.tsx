import { Button, Text } from '@mantine/core'
import { useState } from 'react'
import { retention, type RetentionPlanView } from '#contract/retention.ts'
import { useAct } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { counted } from '#ui/words.ts'
import { Confirm } from '#ui/parts/confirm.tsx'

/** Exactly what was previewed, or nothing: the plan is named by its digest. */
export function CarryOut({ plan }: { readonly plan: RetentionPlanView }) {
  const run = useAct(retention.run, ['retention', 'backups', 'alerts', 'audit'])
  const [isOpen, setIsOpen] = useState(false)
  const { systemId, digest, removes, keeps, isMassDeletion } = plan
  return (
    <>
      <Button size="xs" variant="default" onClick={() => setIsOpen(true)}>
        Carry it out now…
      </Button>
      <Confirm
        isOpen={isOpen}
        title={`Delete ${counted(removes, 'backup')}?`}
        meaning={isMassDeletion ? `I delete ${counted(removes, 'backup')} of ${removes + keeps}, as the preview showed` : undefined}
        submit={isMassDeletion ? 'Sign and delete' : 'Delete'}
        asksReason
        isBusy={run.isPending}
        error={run.error}
        onClose={() => setIsOpen(false)}
        onConfirm={({ reason, signature }) =>
          run.mutate(
            { body: { systemId, digest, reason, shown: { pageSize: 1 }, ...(isMassDeletion && { signature }) } },
            {
              onSuccess: (done) => {
                notify({
                  tone: 'good',
                  title: `${counted(done.removes, 'backup')} deleted`,
                  message: 'They can be taken back until they are removed.',
                })
                setIsOpen(false)
              },
            },
          )
        }
      >
        <Text size="sm">
          {counted(removes, 'backup')} leave the lists, {counted(keeps, 'backup')} stay. Each of them can be taken back until its grace
          period is over. If anything has changed since the preview, nothing is deleted.
        </Text>
      </Confirm>
    </>
  )
}
