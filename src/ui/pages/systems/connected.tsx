import { Button, Group, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { schedules } from '#contract/schedules.ts'
import type { SystemView } from '#contract/systems.ts'
import { useAct } from '#ui/call.ts'
import { Refusal } from '#ui/parts/refusal.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { counted } from '#ui/words.ts'
import { useMay } from '#ui/session.ts'

/** What to do next: a system that is connected is not protected yet. */
export function Connected({ system }: { readonly system: SystemView }) {
  const { id, title, tenantId, databases, roots } = system
  const may = useMay()
  return (
    <Page title={title} trail={[{ title: 'Systems', to: '/systems' }]}>
      <Section>
        <Note tone="good" title={`${title} is connected`}>
          {counted(databases.length, 'database')} and {counted(roots.length, 'directory', 'directories')} of files. It is not protected yet:
          there is no backup of it.
        </Note>
        <Group mt="md">
          {may('backups.create', tenantId) && (
            <Button renderRoot={(props) => <Link to="/backups/new" search={{ system: id }} {...props} />}>Make its first backup</Button>
          )}
          <Button variant="default" renderRoot={(props) => <Link to="/systems/$id" params={{ id }} {...props} />}>
            Open the system
          </Button>
        </Group>
      </Section>
      {may('schedules.write', tenantId) && <UsualSchedules systemId={id} />}
    </Page>
  )
}

function UsualSchedules({ systemId }: { readonly systemId: string }) {
  const act = useAct(schedules.defaults, ['schedules', 'health'])
  const timeZone = readersZone()
  return (
    <Section title="Schedules" lead="Backups that nobody has to think of.">
      {act.data ? (
        <Note tone="good" title={`${counted(act.data.rows.length, 'schedule')} made`}>
          {act.data.rows.map(({ id, words }) => (
            <Text size="sm" key={id}>
              {words}
            </Text>
          ))}
        </Note>
      ) : (
        <Group>
          <Button variant="default" loading={act.isPending} onClick={() => act.mutate({ body: { systemId, timeZone } })}>
            Make the usual ones ({timeZone})
          </Button>
          <Button variant="default" renderRoot={(props) => <Link to="/schedules" search={{ systemId }} {...props} />}>
            Write one myself
          </Button>
        </Group>
      )}
      <Refusal error={act.error} />
    </Section>
  )
}

/** Nights are those of whoever sets it up. */
function readersZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone
}
