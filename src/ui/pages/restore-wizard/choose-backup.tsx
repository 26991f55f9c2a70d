import { Button, SegmentedControl, Select, Skeleton, Stack, Text, UnstyledButton } from '@mantine/core'
import { IconArchiveOff } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { durations } from '#base/units.ts'
import { backups, type BackupView } from '#contract/backups.ts'
import { systems } from '#contract/systems.ts'
import { useReply } from '#ui/call.ts'
import { DataTable, type Column } from '#ui/parts/data-table.tsx'
import { CardSkeletons, Loaded, Placeholder } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Ago, Instant, useNow } from '#ui/parts/time.tsx'
import { Badge, Note } from '#ui/parts/tone.tsx'
import { counted, sentenceCase, standingWords, wordingOf } from '#ui/words.ts'
import { newestProven, obstacleOf, proposedBackup } from './backup-choice.ts'
import { BackupTimeline } from './backup-timeline.tsx'
import { ChosenBackup } from './chosen-backup.tsx'
import type { Span } from './timeline-layout.ts'
import type { WizardAddress } from './wizard-address.ts'

interface ChooseProps {
  readonly address: WizardAddress
  readonly change: (part: Partial<WizardAddress>) => void
  readonly onGoOn: (backupId: string) => void
}

/** Step 1. Of which system, and from when. */
export function ChooseBackup({ address, change, onGoOn }: ChooseProps) {
  const known = useReply(systems.list, { query: { pageSize: 200 } })
  const asked = useReply(backups.details, { params: { id: address.backup ?? '' } }, { isAsked: address.backup !== undefined })
  const preset = address.system ?? (address.backup === undefined ? undefined : (asked.data?.systemId ?? undefined))
  return (
    <Loaded
      reply={known}
      skeleton={<CardSkeletons count={2} />}
      isEmpty={({ total }) => total === 0}
      empty={
        <Placeholder
          icon={<IconArchiveOff size={36} aria-hidden />}
          title="No system is connected"
          action={<Button renderRoot={(props) => <Link to="/backups" {...props} />}>All backups</Button>}
        >
          Backups that belong to no system are found among all backups; open one and choose “Restore”.
        </Placeholder>
      }
    >
      {({ rows }) => {
        const systemId = preset ?? (address.backup === undefined && rows.length === 1 ? rows[0]!.id : undefined)
        const isOfNone = address.backup !== undefined && asked.data?.systemId === null
        return (
          <Stack gap="lg">
            {rows.length > 1 && !isOfNone && (
              <Section>
                <Select
                  label="System"
                  description="Whose data is to come back?"
                  placeholder="Choose a system"
                  maw={420}
                  allowDeselect={false}
                  searchable
                  data={rows.map(({ id, title, name }) => ({ value: id, label: `${title} (${name})` }))}
                  value={systemId ?? null}
                  onChange={(system) => system !== null && change({ system, backup: undefined, page: 1 })}
                />
              </Section>
            )}
            {systemId !== undefined && <OfSystem systemId={systemId} address={address} change={change} onGoOn={onGoOn} />}
            {isOfNone && asked.data && (
              <ChosenBackup
                backup={asked.data}
                isProposed={false}
                proven={undefined}
                onChoose={(id) => change({ backup: id })}
                onGoOn={() => onGoOn(asked.data.id)}
              />
            )}
          </Stack>
        )
      }}
    </Loaded>
  )
}

const rangeWords = { day: '24 hours', week: '7 days', month: '30 days', year: '1 year', all: 'All' } as const
const rangeMs = { day: durations.day, week: 7 * durations.day, month: 30 * durations.day, year: 365 * durations.day } as const
const pageSizeMax = 200

function OfSystem({ systemId, address, change, onGoOn }: ChooseProps & { readonly systemId: string }) {
  const { range, view, backup: chosenId } = address
  const now = useNow(durations.minute)
  // To the hour: the question stays the same while somebody looks.
  const hourMs = Math.floor(now.getTime() / durations.hour) * durations.hour
  const fromMs = range === 'all' ? undefined : hourMs - rangeMs[range]
  const query = { systemId, pageSize: pageSizeMax, ...(fromMs !== undefined && { from: new Date(fromMs).toISOString() }) }
  const reply = useReply(backups.list, { query })
  const chosen = useReply(backups.details, { params: { id: chosenId ?? '' } }, { isAsked: chosenId !== undefined })
  return (
    <>
      <Section
        title="From when?"
        lead="The newest one from before it went wrong. Proven is better than verified, verified better than not verified."
        actions={<Looks range={range} view={view} change={change} />}
      >
        <Loaded
          reply={reply}
          skeleton={<Skeleton height={120} />}
          isEmpty={({ total }) => total === 0}
          empty={<NoneHere isAll={range === 'all'} onAll={() => change({ range: 'all' })} />}
        >
          {({ rows, total }) => (
            <Backups
              rows={rows}
              total={total}
              span={{ fromMs: fromMs ?? Math.min(...rows.map(({ createdAt }) => Date.parse(createdAt))), untilMs: now.getTime() }}
              view={view}
              chosenId={chosenId ?? proposedBackup(rows)?.id}
              page={address.page}
              change={change}
            />
          )}
        </Loaded>
      </Section>
      <Chosen
        rows={reply.data?.rows ?? []}
        asked={chosenId === undefined ? undefined : chosen.data?.id === chosenId ? chosen.data : undefined}
        onChoose={(id) => change({ backup: id })}
        onGoOn={onGoOn}
        hasChosen={chosenId !== undefined}
      />
    </>
  )
}

function Looks({ range, view, change }: Pick<WizardAddress, 'range' | 'view'> & Pick<ChooseProps, 'change'>) {
  return (
    <>
      <SegmentedControl
        aria-label="How far back"
        size="xs"
        data={Object.entries(rangeWords).map(([value, label]) => ({ value, label }))}
        value={range}
        onChange={(next) => change({ range: next as WizardAddress['range'], page: 1 })}
      />
      <SegmentedControl
        aria-label="How they are shown"
        size="xs"
        data={[
          { value: 'timeline', label: 'Timeline' },
          { value: 'list', label: 'List' },
        ]}
        value={view}
        onChange={(next) => change({ view: next })}
      />
    </>
  )
}

interface ChosenPartProps {
  readonly rows: readonly BackupView[]
  readonly asked: BackupView | undefined
  readonly hasChosen: boolean
  readonly onChoose: (id: string) => void
  readonly onGoOn: (id: string) => void
}

function Chosen({ rows, asked, hasChosen, onChoose, onGoOn }: ChosenPartProps) {
  const proposed = proposedBackup(rows)
  const backup = hasChosen ? asked : proposed
  if (!backup) return null
  return (
    <ChosenBackup
      backup={backup}
      isProposed={backup.id === proposed?.id && backup.type === 'full'}
      proven={newestProven(rows, backup)}
      onChoose={onChoose}
      onGoOn={() => onGoOn(backup.id)}
    />
  )
}

interface BackupsProps {
  readonly rows: readonly BackupView[]
  readonly total: number
  readonly span: Span
  readonly view: WizardAddress['view']
  readonly chosenId: string | undefined
  readonly page: number
  readonly change: (part: Partial<WizardAddress>) => void
}

const listPageSize = 25

function Backups({ rows, total, span, view, chosenId, page, change }: BackupsProps) {
  const onChoose = (id: string) => change({ backup: id })
  return (
    <Stack gap="sm">
      {view === 'timeline' ? (
        <BackupTimeline backups={rows} span={span} chosenId={chosenId} onChoose={onChoose} />
      ) : (
        <DataTable
          label="Backups to restore from"
          noun="backup"
          columns={columnsFor(chosenId, onChoose)}
          rows={rows.slice((page - 1) * listPageSize, page * listPageSize)}
          keyOf={({ id }) => id}
          onOpen={({ id }) => onChoose(id)}
          paging={{ page, pageSize: listPageSize, total: rows.length, onChange: ({ page: next }) => change({ page: next ?? 1 }) }}
        />
      )}
      {total > rows.length && (
        <Note tone="neutral" title={`The newest ${counted(rows.length, 'backup')} of ${total} are shown`}>
          <Text size="sm">Choose a shorter time to see each of them, or open an older one among all backups.</Text>
        </Note>
      )}
    </Stack>
  )
}

function columnsFor(chosenId: string | undefined, onChoose: (id: string) => void): readonly Column<BackupView>[] {
  return [
    {
      id: 'at',
      title: 'Made',
      cell: (backup) => (
        <UnstyledButton fz="sm" c="var(--mantine-color-anchor)" aria-pressed={backup.id === chosenId} onClick={() => onChoose(backup.id)}>
          {backup.id === chosenId ? <strong>Chosen: </strong> : 'Choose '}
          <Instant at={backup.createdAt} />
        </UnstyledButton>
      ),
    },
    { id: 'age', title: 'Age', cell: ({ createdAt }) => <Ago at={createdAt} /> },
    { id: 'type', title: 'Holds', cell: ({ type }) => sentenceCase(type) },
    { id: 'status', title: 'Outcome', cell: ({ status }) => <Badge tone={wordingOf(status).tone}>{wordingOf(status).words}</Badge> },
    {
      id: 'standing',
      title: 'Integrity',
      cell: (backup) =>
        obstacleOf(backup) ?? <Badge tone={standingWords[backup.standing].tone}>{standingWords[backup.standing].words}</Badge>,
    },
    {
      id: 'anomaly',
      title: 'Doubts',
      cell: ({ anomaly }) =>
        anomaly === null ? (
          'none'
        ) : anomaly.verdict === 'accepted' ? (
          'looked at, accepted'
        ) : (
          <Badge tone="warning">unlike those before it</Badge>
        ),
    },
  ]
}

function NoneHere({ isAll, onAll }: { readonly isAll: boolean; readonly onAll: () => void }) {
  return (
    <Placeholder
      icon={<IconArchiveOff size={36} aria-hidden />}
      title={isAll ? 'There is no backup of this system' : 'No backup in this time'}
      action={isAll ? undefined : <Button onClick={onAll}>Look further back</Button>}
    >
      {isAll ? 'Look at its schedules, and whether its repository is connected.' : 'There may be older ones.'}
    </Placeholder>
  )
}
