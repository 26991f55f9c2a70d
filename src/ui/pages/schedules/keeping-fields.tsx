import { Button, NumberInput, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { retention, type RetentionPlanView } from '#contract/retention.ts'
import { useReply } from '#ui/call.ts'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { counted } from '#ui/words.ts'

interface KeepingFieldsProps {
  readonly systemId: string | null
  /** Undefined: of a schedule that is not there yet, and has made nothing. */
  readonly scheduleId: string | undefined
  readonly value: number | null
  readonly error: string | undefined
  readonly onChange: (days: number | null) => void
}

/** How long its backups stay at least, and what that means for those that are there. */
export function KeepingFields({ systemId, scheduleId, value, error, onChange }: KeepingFieldsProps) {
  const [isShown, setIsShown] = useState(false)
  return (
    <Stack gap="xs">
      <NumberInput
        label="Keep its backups at least, in days"
        description="In addition to the retention policy, which may keep them longer. Empty: the policy alone decides."
        placeholder="as the policy says"
        min={1}
        max={36_500}
        allowDecimal={false}
        value={value ?? ''}
        error={error}
        onChange={(days) => onChange(typeof days === 'number' ? days : null)}
      />
      {systemId !== null && (
        <Button
          size="xs"
          variant="default"
          style={{ alignSelf: 'flex-start' }}
          onClick={() => setIsShown(!isShown)}
          aria-expanded={isShown}
        >
          {isShown ? 'Hide what would go' : 'See what would go'}
        </Button>
      )}
      {isShown && systemId !== null && <WhatWouldGo systemId={systemId} scheduleId={scheduleId} days={value} />}
    </Stack>
  )
}

const shownMax = 10

function WhatWouldGo({
  systemId,
  scheduleId,
  days,
}: {
  readonly systemId: string
  readonly scheduleId: string | undefined
  readonly days: number | null
}) {
  const schedule = scheduleId === undefined ? undefined : { id: scheduleId, retentionDays: days }
  const reply = useReply(retention.preview, { body: { systemId, schedule, shown: { act: 'remove' as const, pageSize: shownMax } } })
  return (
    <Loaded reply={reply}>
      {(plan) => (
        <Stack gap="xs" className="surface" p="sm">
          <Text size="sm">
            With these days {counted(plan.removes, 'backup')} of {plan.removes + plan.keeps} would go now.
            {scheduleId === undefined && ' A new schedule has made none yet; its own stay for the days above.'}
          </Text>
          <Going plan={plan} />
        </Stack>
      )}
    </Loaded>
  )
}

function Going({ plan: { decisions, removes } }: { readonly plan: RetentionPlanView }) {
  if (removes === 0) return null
  return (
    <Stack component="ul" gap={4} m={0} pl={0} style={{ listStyle: 'none' }} aria-label="What would go">
      {decisions.map(({ backupId, name, createdAt, reasons }) => (
        <Text component="li" size="sm" key={backupId} style={{ overflowWrap: 'anywhere' }}>
          <Badge tone="warning">Goes</Badge> {name}, <Instant at={createdAt} />: {reasons.join('; ')}
        </Text>
      ))}
      {removes > decisions.length && (
        <Text component="li" size="sm">
          and {removes - decisions.length} more
        </Text>
      )}
    </Stack>
  )
}
