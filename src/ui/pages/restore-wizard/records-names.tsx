import { List, Text } from '@mantine/core'
import { records as endpoints } from '#contract/records.ts'
import type { PlanView } from '#contract/restores.ts'
import { useReply } from '#ui/call.ts'
import { Loaded } from '#ui/parts/loaded.tsx'

/** Whose records they are; that somebody looked stands in the trail. */
export function RecordNames({ plan }: { readonly plan: PlanView }) {
  const reply = useReply(endpoints.change, { params: { id: plan.id } })
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
