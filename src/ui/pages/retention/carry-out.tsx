import { Button, Text } from '@mantine/core'
import { useState } from 'react'
import { retention, type RetentionPlanView } from '#contract/retention.ts'
import { useAct } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { counted } from '#ui/words.ts'
import { SignedAct } from '#ui/parts/signed-act.tsx'

/** Exactly what was previewed, or nothing: the plan is named by its digest. */
export function CarryOut({ plan }: { readonly plan: RetentionPlanView }) {
  const run = useAct(retention.run, ['retention', 'backups', 'alerts', 'audit'])
  const [isOpen, setIsOpen] = useState(false)
  const { systemId, digest, removes, keeps, isMassDeletion, decisions } = plan
  return (
    <>
      <Button size="xs" variant="default" onClick={() => setIsOpen(true)}>
        Carry it out now…
      </Button>
      {isOpen && (
        <SignedAct
          title={`Delete ${counted(removes, 'backup')}?`}
          meaning={`I delete ${counted(removes, 'backup')} of ${decisions.length}, as the preview showed`}
          submit={isMassDeletion ? 'Sign and delete' : 'Delete'}
          isSignatureNeeded={isMassDeletion}
          isDangerous
          isBusy={run.isPending}
          error={run.error}
          onClose={() => setIsOpen(false)}
          onSubmit={({ reason, signature }) =>
            run.mutate(
              { body: { systemId, digest, reason, ...(signature && { signature }) } },
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
        </SignedAct>
      )}
    </>
  )
}
