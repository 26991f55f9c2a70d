import { Anchor, Button, Stack, Text } from '@mantine/core'
import { IconArchive, IconArrowBackUp, IconPlugConnected } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { lazy } from 'react'
import { alerts } from '#contract/alerts.ts'
import { health } from '#contract/health.ts'
import { schedules } from '#contract/schedules.ts'
import { useReply } from '#ui/call.ts'
import { InView } from '#ui/parts/in-view.tsx'
import { CardSkeletons, Loaded, Placeholder } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { useMay } from '#ui/session.ts'
import { Figures } from './figures.tsx'
import { OpenAlerts } from './open-alerts.tsx'
import { SystemVerdict } from './system-verdict.tsx'
import { TheAnswer } from './the-answer.tsx'
import { worstFirst } from './verdict.ts'

// What stands below the answer is fetched when somebody comes near it.
const RecentBackups = lazy(async () => ({ default: (await import('./recent-backups.tsx')).RecentBackups }))
const StorageUse = lazy(async () => ({ default: (await import('./storage-use.tsx')).StorageUse }))
const OutcomeCalendar = lazy(async () => ({ default: (await import('./outcome-calendar.tsx')).OutcomeCalendar }))

/** Ages go on by themselves, and no event tells of that. */
const againEveryMs = 60_000
const systemsMax = 200

export function Overview() {
  const may = useMay()
  const reply = useReply(health.systems, { query: { pageSize: systemsMax } }, { everyMs: againEveryMs })
  const hasSystems = reply.data !== undefined && reply.data.total > 0
  return (
    <Page
      title="Overview"
      actions={
        hasSystems && (
          <>
            {may('backups.create') && (
              <Button leftSection={<IconArchive size={16} aria-hidden />} renderRoot={(props) => <Link to="/backups/new" {...props} />}>
                Back up now
              </Button>
            )}
            {may('restores.preview') && (
              <Button
                variant="default"
                leftSection={<IconArrowBackUp size={16} aria-hidden />}
                renderRoot={(props) => <Link to="/restore" {...props} />}
              >
                Restore
              </Button>
            )}
          </>
        )
      }
    >
      <Loaded reply={reply} skeleton={<CardSkeletons />} isEmpty={({ total }) => total === 0} empty={<NoSystem />}>
        {({ rows, total }) => <Everything systems={rows} total={total} />}
      </Loaded>
    </Page>
  )
}

function NoSystem() {
  const may = useMay()
  return (
    <Placeholder
      icon={<IconPlugConnected size={40} aria-hidden />}
      title="Nothing is protected yet"
      action={
        may('systems.write') && (
          <Button mt="sm" renderRoot={(props) => <Link to="/welcome" {...props} />}>
            Begin with the first steps
          </Button>
        )
      }
    >
      {may('systems.write')
        ? 'Four steps lead to the first backup: a repository, a system, a test of both, a schedule.'
        : 'An administrator connects the first system; then you see here whether it could be recovered.'}
    </Placeholder>
  )
}

interface EverythingProps {
  readonly systems: Parameters<typeof TheAnswer>[0]['systems']
  readonly total: number
}

function Everything({ systems, total }: EverythingProps) {
  const may = useMay()
  const open = useReply(alerts.list, { query: { state: 'open', pageSize: 100 } }, { isAsked: may('alerts.read') })
  const plans = useReply(schedules.list, { query: { isActive: 'true', pageSize: 200 } }, { isAsked: may('schedules.read') })
  return (
    <Stack gap="lg">
      <TheAnswer systems={systems} />
      <Stack component="section" aria-label="Systems" gap="sm">
        {worstFirst(systems).map((system) => (
          <SystemVerdict
            key={system.id}
            system={system}
            alerts={open.data?.rows ?? []}
            nextRunAt={plans.data && (plans.data.rows.find(({ systemId }) => systemId === system.id)?.nextRunAt ?? null)}
          />
        ))}
        {total > systems.length && (
          <Text size="sm">
            {systems.length} of {total} systems are shown;{' '}
            <Anchor renderRoot={(props) => <Link to="/systems" {...props} />}>see all</Anchor>.
          </Text>
        )}
      </Stack>
      <Figures systems={systems} plans={plans} />
      {may('alerts.read') && <OpenAlerts reply={open} />}
      {may('backups.read') && (
        <InView height={420}>
          <RecentBackups />
        </InView>
      )}
      {may('backups.read') && (
        <Section title="The last 12 months" lead="What became of the backups of each day. A day leads to its list.">
          <InView height={330}>
            <OutcomeCalendar systems={systems} />
          </InView>
        </Section>
      )}
      {may('repositories.read') && (
        <Section title="Storage" lead="What the backups take, and how that goes on at the growth seen so far.">
          <InView height={300}>
            <StorageUse />
          </InView>
        </Section>
      )}
    </Stack>
  )
}
