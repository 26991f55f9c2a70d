import { Anchor, Button, Group, SegmentedControl, Text } from '@mantine/core'
import { IconGavel, IconPlus } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { z } from 'zod'
import { holds, type HoldView } from '#contract/holds.ts'
import { pageQuery, uuidSchema } from '#contract/shapes.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Loaded, Placeholder } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { Ago } from '#ui/parts/time.tsx'
import { useSearchState } from '#ui/search.ts'
import { useMay } from '#ui/session.ts'
import { counted } from '#ui/words.ts'
import { Covers } from './covers.tsx'
import { HeldBackups } from './held-backups.tsx'
import { HoldDrawer } from './hold-drawer.tsx'
import { HoldState } from './hold-state.tsx'
import { PlaceHold } from './place-hold.tsx'

const states = ['active', 'released', 'all'] as const
const searchSchema = z.object({
  ...pageQuery,
  state: z.enum(states).default('active').catch('active'),
  open: uuidSchema.optional().catch(undefined),
})
const stateWords = { active: 'Open', released: 'Released', all: 'All' } as const

const columns: readonly Column<HoldView>[] = [
  {
    id: 'reference',
    title: 'Reference',
    cell: ({ id, reference }) => (
      <Anchor size="sm" renderRoot={(props) => <Link to="." search={(before: object) => ({ ...before, open: id })} {...props} />}>
        {reference}
      </Anchor>
    ),
  },
  { id: 'state', title: 'State', cell: ({ releasedAt }) => <HoldState releasedAt={releasedAt} /> },
  { id: 'covers', title: 'What is held', cell: (hold) => <Covers hold={hold} /> },
  { id: 'held', title: 'Keeps now', isNumber: true, cell: ({ held }) => counted(held, 'backup') },
  {
    id: 'reason',
    title: 'Reason',
    cell: ({ reason }) => (
      <Text size="sm" lineClamp={2}>
        {reason}
      </Text>
    ),
  },
  { id: 'by', title: 'Placed by', cell: ({ placedBy }) => placedBy },
  { id: 'at', title: 'Placed', cell: ({ placedAt }) => <Ago at={placedAt} /> },
]

export function Holds() {
  const [search, change] = useSearchState(searchSchema)
  const { page, pageSize, state, open } = search
  const reply = useReply(holds.list, { query: { page, pageSize, state } })
  return (
    <Page
      title="Legal holds"
      lead="What is held is deleted by nobody, whatever a policy says, until an administrator signs that the hold is over."
      actions={<PlaceButton />}
    >
      <Section title="Holds">
        <Group mb="sm" className="no-print">
          <SegmentedControl
            aria-label="Which holds"
            size="xs"
            data={states.map((value) => ({ value, label: stateWords[value] }))}
            value={state}
            onChange={(chosen) => change({ state: states.find((one) => one === chosen) ?? 'active', page: 1 })}
          />
        </Group>
        <Loaded reply={reply} skeleton={<TableSkeleton />} isEmpty={({ total }) => total === 0} empty={<NoHolds state={state} />}>
          {({ rows, total }) => (
            <DataTable
              label="Legal holds"
              noun="hold"
              columns={columns}
              rows={rows}
              keyOf={({ id }) => id}
              paging={{ page, pageSize, total, onChange: change }}
              onOpen={({ id }) => change({ open: id })}
              isOld={reply.isPlaceholderData}
            />
          )}
        </Loaded>
      </Section>
      <Section title="Held backups" lead="Each with the holds that keep it.">
        <HeldBackups />
      </Section>
      <HoldDrawer id={open} onClose={() => change({ open: undefined })} />
    </Page>
  )
}

function PlaceButton() {
  const may = useMay()
  const [isPlacing, setIsPlacing] = useState(false)
  if (!may('holds.place')) return null
  return (
    <>
      <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setIsPlacing(true)}>
        Place a hold
      </Button>
      {isPlacing && <PlaceHold onClose={() => setIsPlacing(false)} />}
    </>
  )
}

function NoHolds({ state }: { readonly state: (typeof states)[number] }) {
  return (
    <Placeholder icon={<IconGavel size={36} aria-hidden />} title={state === 'released' ? 'No hold was released' : 'Nothing is on hold'}>
      Place a hold as soon as you learn of a claim, an investigation or an audit. It costs nothing but space.
    </Placeholder>
  )
}
