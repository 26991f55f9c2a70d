import { Button, Text } from '@mantine/core'
import { IconPlayerStop } from '@tabler/icons-react'
import { useState } from 'react'
import { restores, type RestoreView } from '#contract/restores.ts'
import { useAct } from '#ui/call.ts'
import { Confirm } from '#ui/parts/confirm.tsx'
import { useMay } from '#ui/session.ts'

/** Until the swap: afterwards the service refuses, and there is the undo. */
export function CancelRestore({ restore, label = 'Cancel it' }: { readonly restore: RestoreView; readonly label?: string }) {
  const may = useMay()
  const cancel = useAct(restores.cancel, ['restores', 'jobs'])
  const [isOpen, setIsOpen] = useState(false)
  const { id, status, tenantId, systemName, kind } = restore
  if ((status !== 'pending' && status !== 'in_progress') || !may('restores.execute', tenantId)) return null
  return (
    <>
      <Button
        variant="default"
        className="no-print"
        style={{ alignSelf: 'flex-start' }}
        leftSection={<IconPlayerStop size={16} aria-hidden />}
        onClick={() => setIsOpen(true)}
      >
        {label}
      </Button>
      <Confirm
        isOpen={isOpen}
        onClose={() => setIsOpen(false)}
        title={`${label}: ${kind} of ${systemName}`}
        submit={label}
        dismiss="Leave it as it is"
        asksReason
        isBusy={cancel.isPending}
        error={cancel.error}
        onConfirm={({ reason }) => cancel.mutate({ params: { id }, body: { reason } }, { onSuccess: () => setIsOpen(false) })}
      >
        <Text size="sm">
          {status === 'pending'
            ? 'Nothing has begun. What is live stays as it is.'
            : 'What was built beside is taken away, and what is live stays as it is. Once the swap has begun it is not interrupted any more: then it can be undone.'}
        </Text>
      </Confirm>
    </>
  )
}
