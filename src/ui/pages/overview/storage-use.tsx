import { Select, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { printBytes } from '#base/units.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { space, type SpaceView } from '#contract/space.ts'
import { useReply } from '#ui/call.ts'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { capitalized } from '#ui/words.ts'
import { SpaceChart } from '#ui/pages/storage/space-chart.tsx'

/** What each repository took, day by day, and where that leads. */
export function StorageUse() {
  const list = useReply(space.list, { query: { pageSize: 200 } })
  const [chosen, setChosen] = useState<string | null>(null)
  return (
    <Loaded reply={list} isEmpty={({ total }) => total === 0} empty={<Text size="sm">There is no repository yet.</Text>}>
      {({ rows }) => {
        const id = chosen ?? rows[0]!.id
        return (
          <Stack gap="sm">
            {rows.length > 1 && (
              <Select
                label="Repository"
                maw={320}
                allowDeselect={false}
                data={rows.map((row) => ({ value: row.id, label: row.name }))}
                value={id}
                onChange={setChosen}
              />
            )}
            <Repository id={id} />
          </Stack>
        )
      }}
    </Loaded>
  )
}

function Repository({ id }: { readonly id: string }) {
  const reply = useReply(space.days, { params: { id }, query: { days: 365 } })
  return (
    <Loaded reply={reply} isEmpty={({ days }) => days.length === 0} empty={<NotMeasured />}>
      {(seen) => <Seen seen={seen} />}
    </Loaded>
  )
}

function NotMeasured() {
  return <Text size="sm">Not measured yet. The storage is looked at within a minute after a backup; the first look is drawn here.</Text>
}

function Seen({ seen }: { readonly seen: ReplyOf<typeof space.days> }) {
  return (
    <Stack gap="sm">
      {seen.state === 'low' && seen.fact !== null && (
        <Note tone="warning" title={capitalized(seen.fact)}>
          Free space, or let the retention remove more.
        </Note>
      )}
      <Text size="sm" maw={760}>
        {wordsOf(seen)}
      </Text>
      <SpaceChart seen={seen} />
    </Stack>
  )
}

function wordsOf({ name, storedBytes, freeBytes, forecast }: SpaceView): string {
  const facts = [
    storedBytes === null ? 'not measured yet' : `${printBytes(storedBytes)} stored`,
    freeBytes === null ? 'free space not known' : `${printBytes(freeBytes)} free`,
  ]
  return `${name}: ${facts.join(', ')}. ${capitalized(forecast.words)}.`
}
