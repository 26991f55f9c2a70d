import { Text } from '@mantine/core'
import { useState } from 'react'
import type { Key } from '#contract/keys.ts'
import { people, type Person } from '#contract/people.ts'
import { useAct, useReply } from '#ui/call.ts'
import { Confirm } from '#ui/parts/confirm.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { useMay } from '#ui/session.ts'
import { KeyTable } from '#ui/pages/account/key-table.tsx'

export function PersonKeys({ person }: { readonly person: Person }) {
  const reply = useReply(people.keys, { params: { id: person.id } })
  const act = useAct(people.revokeKey, ['people'])
  const may = useMay()
  const [ending, setEnding] = useState<Key>()
  const mayEnd = may('people.write') && !person.hasFurtherRoles && person.retiredAt === null
  return (
    <Section title="Keys for programs" lead="What acts in their name without them.">
      <Loaded reply={reply} isEmpty={({ rows }) => rows.length === 0} empty={<Text size="sm">None.</Text>}>
        {({ rows }) => <KeyTable label={`Keys of ${person.title}`} keys={rows} {...(mayEnd && { onEnd: setEnding })} />}
      </Loaded>
      <Confirm
        isOpen={ending !== undefined}
        onClose={() => setEnding(undefined)}
        title={`End the key ${ending?.name ?? ''}?`}
        submit="End it"
        isBusy={act.isPending}
        error={act.error}
        onConfirm={() => ending && act.mutate({ params: { id: person.id, keyId: ending.id } }, { onSuccess: () => setEnding(undefined) })}
      >
        Whatever uses it is refused from now on. It cannot be taken back.
      </Confirm>
    </Section>
  )
}
