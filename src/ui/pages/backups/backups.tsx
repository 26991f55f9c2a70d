import { Button, Group, Text } from '@mantine/core'
import { IconArchive, IconFileImport, IconPlus } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { backups } from '#contract/backups.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, TableSkeleton } from '#ui/parts/data-table.tsx'
import { Loaded, Placeholder } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { useSearchState } from '#ui/search.ts'
import { useMay } from '#ui/session.ts'
import { ActDialogs, useActs } from './backup-acts.tsx'
import { columnsOf } from './backup-columns.tsx'
import { BackupDrawer } from './backup-drawer.tsx'
import { BackupFilters } from './backup-filters.tsx'
import { backupsSearchSchema, isFiltered, queryOf } from './backups-search.ts'
import { ImportBackup } from './import-backup.tsx'
import { NewestGood, useNewestGood } from './newest-good.tsx'

export function Backups() {
  const [search, change] = useSearchState(backupsSearchSchema)
  const reply = useReply(backups.list, { query: queryOf(search) })
  const newest = useNewestGood()
  const acts = useActs()
  const [chosen, setChosen] = useState<readonly string[]>([])
  const { page, pageSize, sort, order, open, tab } = search
  const choose = (id: string) => setChosen((before) => (before.includes(id) ? before.filter((one) => one !== id) : [...before, id]))
  return (
    <Page title="Backups" lead="Every backup of every system: find it, look into it, prove it, take it out." actions={<PageActions />}>
      {newest.systems && <NewestGood systems={newest.systems} systemId={search.systemId} />}
      <Section>
        <BackupFilters search={search} onChange={change} />
        <Chosen chosen={chosen} onEmpty={() => setChosen([])} />
        <Loaded
          reply={reply}
          skeleton={<TableSkeleton />}
          isEmpty={({ total }) => total === 0}
          empty={<NoBackups isFiltered={isFiltered(search)} />}
        >
          {({ rows, total }) => (
            <DataTable
              label="Backups"
              noun="backup"
              columns={columnsOf({ acts, newestGood: newest.ids, chosen, onChoose: choose })}
              rows={rows}
              keyOf={({ id }) => id}
              paging={{ page, pageSize, total, onChange: change }}
              sorting={{ sort, order, onChange: (sorted) => change(sorted as Parameters<typeof change>[0]) }}
              onOpen={({ id }) => change({ open: id })}
              isOld={reply.isPlaceholderData}
              hasColumnChoice
            />
          )}
        </Loaded>
      </Section>
      <BackupDrawer
        id={open}
        tab={tab}
        acts={acts}
        onTab={(next) => change({ tab: next === 'overview' ? undefined : next })}
        onClose={() => change({ open: undefined, tab: undefined })}
      />
      <ActDialogs acts={acts} />
    </Page>
  )
}

function PageActions() {
  const may = useMay()
  const [isImporting, setIsImporting] = useState(false)
  return (
    <>
      {may('backups.create') && (
        <Button leftSection={<IconPlus size={16} aria-hidden />} renderRoot={(props) => <Link to="/backups/new" {...props} />}>
          Back up now
        </Button>
      )}
      {may('backups.import') && (
        <Button variant="default" leftSection={<IconFileImport size={16} aria-hidden />} onClick={() => setIsImporting(true)}>
          Import
        </Button>
      )}
      {isImporting && <ImportBackup onClose={() => setIsImporting(false)} />}
    </>
  )
}

/** Two that were ticked are set side by side, the older one first. */
function Chosen({ chosen, onEmpty }: { readonly chosen: readonly string[]; readonly onEmpty: () => void }) {
  if (chosen.length === 0) return null
  const [a, b] = chosen
  return (
    <Group gap="sm" mb="sm" role="status">
      <Text size="sm">{chosen.length === 1 ? 'Choose a second backup to compare it with.' : '2 backups are chosen.'}</Text>
      {b !== undefined && (
        <Button size="xs" renderRoot={(props) => <Link to="/backups/compare" search={{ a, b }} {...props} />}>
          Compare them
        </Button>
      )}
      <Button size="xs" variant="subtle" onClick={onEmpty}>
        Choose none
      </Button>
    </Group>
  )
}

function NoBackups({ isFiltered: isNarrowed }: { readonly isFiltered: boolean }) {
  return isNarrowed ? (
    <Placeholder icon={<IconArchive size={36} aria-hidden />} title="No backup is like that">
      Take a filter away, or look among the deleted ones as well.
    </Placeholder>
  ) : (
    <Placeholder icon={<IconArchive size={36} aria-hidden />} title="There is no backup yet">
      Connect a system first, then back it up by hand once. From then on its schedules do it.
    </Placeholder>
  )
}
