import { Anchor, Button, Group, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { schedules } from '#contract/schedules.ts'
import { systems } from '#contract/systems.ts'
import { useAct, useReply } from '#ui/call.ts'
import { Refusal } from '#ui/parts/refusal.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'

const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()

/** The usual schedules, on the clock of whoever asks for them. */
export function OneClickSchedules({ hasSchedules }: { readonly hasSchedules: boolean }) {
  const reply = useReply(systems.list, { query: { pageSize: 20 } })
  const act = useAct(schedules.defaults, ['schedules', 'health'])
  if (hasSchedules)
    return (
      <Text size="sm">
        Schedules are set.{' '}
        <Anchor underline="always" renderRoot={(props) => <Link to="/schedules" {...props} />}>
          See and change them
        </Anchor>
      </Text>
    )
  return (
    <Loaded reply={reply}>
      {({ rows }) => (
        <Stack gap="sm">
          <Text size="sm">
            The usual: the database every day, all of it every week, on the clock of {timeZone}. You can change them later.
          </Text>
          {rows.length === 0 && (
            <Text size="sm" c="dimmed">
              Comes after step 3: a schedule is for a system.
            </Text>
          )}
          <Group gap="xs">
            {rows.map(({ id, title }) => (
              <Button
                key={id}
                variant="default"
                loading={act.isPending && act.variables.body.systemId === id}
                onClick={() => act.mutate({ body: { systemId: id, timeZone } })}
              >
                Set them for {title}
              </Button>
            ))}
          </Group>
          <Refusal error={act.error} />
        </Stack>
      )}
    </Loaded>
  )
}
