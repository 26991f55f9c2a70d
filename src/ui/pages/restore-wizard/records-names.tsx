import { List, Text } from '@mantine/core'
import { RemoteFault } from '#contract/client.ts'
import { records as endpoints } from '#contract/records.ts'
import type { PlanView } from '#contract/restores.ts'
import { useReply } from '#ui/call.ts'
import { Loaded } from '#ui/parts/loaded.tsx'

/** Rows and keys go when nobody may need them any more; then there is nothing to try again. */
export function isGone(error: unknown): boolean {
  return error instanceof RemoteFault && error.code === 'PLAN_EXPIRED'
}

/** Whose records they are; that somebody looked stands in the trail. */
export function RecordNames({ plan }: { readonly plan: PlanView }) {
  const reply = useReply(endpoints.change, { params: { id: plan.id } })
  if (isGone(reply.error)) return <Text size="sm">Whose they are is not kept any more.</Text>
  return (
    <Loaded reply={reply} skeleton={<Text size="sm">…</Text>}>
      {({ records }) => (
        <List size="sm">
          {records.map(({ kind, key }) => (
            <List.Item key={`${kind} ${key}`}>
              {kind} <strong>{key}</strong>
            </List.Item>
          ))}
        </List>
      )}
    </Loaded>
  )
}
