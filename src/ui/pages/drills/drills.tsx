import { Anchor, Button, Group, Select, Text } from '@mantine/core'
import { IconClipboardCheck, IconPlayerPlay } from '@tabler/icons-react'
import { Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { z } from 'zod'
import { printDuration } from '#base/units.ts'
import { drills, type DrillView } from '#contract/drills.ts'
import { pageQuery, uuidSchema } from '#contract/shapes.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton, type Column } from '#ui/parts/data-table.tsx'
import { Loaded, Placeholder } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { SystemSelect } from '#ui/parts/system-select.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { useSearchState } from '#ui/search.ts'
import { useMay } from '#ui/session.ts'
import { causeWords, isWithin, wordingOfDrill } from './drill-words.ts'
import { RunDrill } from './run-drill.tsx'
import { DrillsOfSystem } from './drills-of-system.tsx'
import { SystemsDrilled } from './systems-drilled.tsx'

const searchSchema = z.object({ ...pageQuery, system: uuidSchema.optional(), outcome: z.enum(['proven', 'failed']).optional() })

const columns: readonly Column<DrillView>[] = [
  {
    id: 'at',
    title: 'Begun',
    cell: ({ id, createdAt }) => (
      <Anchor size="sm" renderRoot={(props) => <Link to="/drills/$id" params={{ id }} {...props} />}>
        <Instant at={createdAt} />
      </Anchor>
    ),
  },
  { id: 'system', title: 'System', cell: ({ systemName }) => systemName },
  { id: 'outcome', title: 'Outcome', cell: (drill) => <Badge tone={wordingOfDrill(drill).tone}>{wordingOfDrill(drill).words}</Badge> },
  { id: 'backup', title: 'Backup of', cell: ({ backupCreatedAt }) => <Instant at={backupCreatedAt} /> },
  { id: 'time', title: 'Restored in', isNumber: true, cell: (drill) => <RestoredIn drill={drill} /> },
  { id: 'findings', title: 'Wrong', isNumber: true, cell: ({ findingCount }) => findingCount },
  { id: 'cause', title: 'Because', cell: ({ cause }) => causeWords[cause] },
  { id: 'by', title: 'By', cell: ({ createdBy }) => createdBy, isHidden: true },
]

function RestoredIn({ drill }: { readonly drill: DrillView }) {
  if (drill.restoredInMs === null) return <>not measured</>
  const within = isWithin(drill)
  return (
    <>
      {printDuration(drill.restoredInMs)}
      {within === false && <strong className="tone-text tone-bad"> over the objective</strong>}
    </>
  )
}

/** Whether restores would work, and how long they would take: by having done it. */
export function Drills() {
  const may = useMay()
  const [search, change] = useSearchState(searchSchema)
  const { page, pageSize, system, outcome } = search
  const reply = useReply(drills.list, { query: { page, pageSize, systemId: system, outcome } })
  const navigate = useNavigate()
  const [isRunOpen, setIsRunOpen] = useState(false)
  return (
    <Page
      title="Drills"
      lead="A drill restores a backup for real, where nobody is disturbed, compares all of it, and keeps the evidence."
      actions={
        may('drills.run') && (
          <Button leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={() => setIsRunOpen(true)}>
            Run a drill
          </Button>
        )
      }
    >
      <Filters system={system} outcome={outcome} change={change} />
      {system === undefined ? <SystemsDrilled onChoose={(id) => change({ system: id, page: 1 })} /> : <DrillsOfSystem systemId={system} />}
      <Section title="All drills">
        <Loaded
          reply={reply}
          skeleton={<TableSkeleton />}
          isEmpty={({ total }) => total === 0}
          empty={
            <Placeholder
              icon={<IconClipboardCheck size={36} aria-hidden />}
              title={outcome ? 'No drill like that' : 'No drill has been held yet'}
            >
              <Text span>A backup is worth what its restore is worth: run a drill of the newest one.</Text>
            </Placeholder>
          }
        >
          {({ rows, total }) => (
            <DataTable
              label="Drills"
              noun="drill"
              columns={columns}
              rows={rows}
              keyOf={({ id }) => id}
              paging={{ page, pageSize, total, onChange: change }}
              onOpen={({ id }) => void navigate({ to: '/drills/$id', params: { id } })}
              isOld={reply.isPlaceholderData}
              hasColumnChoice
            />
          )}
        </Loaded>
      </Section>
      <RunDrill systemId={system} isOpen={isRunOpen} onClose={() => setIsRunOpen(false)} />
    </Page>
  )
}

interface FiltersProps {
  readonly system: string | undefined
  readonly outcome: 'proven' | 'failed' | undefined
  readonly change: (part: { system?: string | undefined; outcome?: 'proven' | 'failed' | undefined; page: number }) => void
}

function Filters({ system, outcome, change }: FiltersProps) {
  return (
    <Section>
      <Group align="flex-end">
        <SystemSelect value={system} onChange={(id) => change({ system: id, page: 1 })} />
        <Select
          label="Outcome"
          clearable
          placeholder="All"
          data={[
            { value: 'proven', label: 'Proven' },
            { value: 'failed', label: 'Not proven' },
          ]}
          value={outcome ?? null}
          onChange={(value) => change({ outcome: value ?? undefined, page: 1 })}
        />
      </Group>
    </Section>
  )
}
