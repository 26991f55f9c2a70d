import { Button, Group, Stack, Text } from '@mantine/core'
import { IconWand } from '@tabler/icons-react'
import { schedules } from '#contract/schedules.ts'
import { systems, type SystemView } from '#contract/systems.ts'
import { useAct, useReply } from '#ui/call.ts'
import { notify } from '#ui/notify.ts'
import { Refusal } from '#ui/parts/refusal.tsx'
import { ownTimeZone } from '#ui/parts/time-zone-select.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { counted } from '#ui/words.ts'

/** Systems of which the clock makes no backup, and the usual schedules at one click. */
export function WithoutSchedule() {
  const may = useMay()
  const all = useReply(systems.list, { query: { pageSize: 200 } })
  const on = useReply(schedules.list, { query: { isActive: 'true', pageSize: 200 } })
  if (!all.data || !on.data || on.data.total > on.data.rows.length) return null
  const scheduled = new Set(on.data.rows.map(({ systemId }) => systemId))
  const bare = all.data.rows.filter(({ id, tenantId }) => !scheduled.has(id) && may('schedules.write', tenantId))
  if (bare.length === 0) return null
  return (
    <Note tone="warning" title={`${counted(bare.length, 'system')} of ${all.data.total} without a schedule that is switched on`}>
      <Stack gap="xs" mt="xs">
        {bare.map((system) => (
          <UsualOnes key={system.id} system={system} />
        ))}
      </Stack>
    </Note>
  )
}

function UsualOnes({ system: { id, title } }: { readonly system: SystemView }) {
  const act = useAct(schedules.defaults, ['schedules', 'health'])
  return (
    <div>
      <Group gap="sm">
        <Text size="sm" fw={600}>
          {title}
        </Text>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconWand size={14} aria-hidden />}
          loading={act.isPending}
          aria-label={`Make the usual schedules: ${title}`}
          onClick={() =>
            act.mutate(
              { body: { systemId: id, timeZone: ownTimeZone } },
              {
                onSuccess: ({ rows }) =>
                  notify({
                    tone: 'good',
                    title: `${counted(rows.length, 'schedule')} made`,
                    message: rows.map(({ words }) => words).join('; '),
                  }),
              },
            )
          }
        >
          Make the usual schedules
        </Button>
        <Text size="sm">every night, and all of it every Sunday night, in {ownTimeZone}</Text>
      </Group>
      <Refusal error={act.error} />
    </div>
  )
}
