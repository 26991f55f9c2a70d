import { Box, Stack, Text } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { schedules, type Upcoming } from '#contract/schedules.ts'
import { useReply } from '#ui/call.ts'
import { Loaded, TextSkeleton } from '#ui/parts/loaded.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { capitalized } from '#ui/words.ts'
import type { Draft } from './schedule-draft.ts'

/** While somebody types, no question is asked of each letter. */
const quietMs = 250

type When = Pick<Draft, 'cronExpression' | 'timeZone' | 'blackouts' | 'jitterMinutes'>

export function usePreview({ cronExpression, timeZone, blackouts, jitterMinutes }: When) {
  const [body] = useDebouncedValue({ cronExpression, timeZone, blackouts: [...blackouts], jitterMinutes }, quietMs)
  return useReply(schedules.preview, { body }, { isAsked: schedules.preview.body.safeParse(body).success })
}

/** The words and the next five runs, as the service itself would run them. */
export function LivePreview({ reply }: { readonly reply: ReturnType<typeof usePreview> }) {
  return (
    <Box className="surface" p="md" component="section" aria-label="Preview" aria-live="polite">
      {reply.error ? (
        <Text size="sm">When this runs cannot be told yet: {reply.error.message}.</Text>
      ) : (
        <Loaded reply={reply} skeleton={<TextSkeleton lines={5} />}>
          {({ words, nextRuns }) => (
            <Stack gap="xs">
              <Text fw={650}>{words}</Text>
              <Text size="sm" c="dimmed">
                The next five runs
              </Text>
              <RunList runs={nextRuns} />
            </Stack>
          )}
        </Loaded>
      )}
    </Box>
  )
}

/** On the wall of the schedule’s own zone, and where the reader is. */
export function RunList({ runs }: { readonly runs: readonly Upcoming[] }) {
  return (
    <Stack component="ol" gap={6} m={0} pl={0} style={{ listStyle: 'none' }} aria-label="Next runs">
      {runs.map(({ at, local, utcOffset, note }) => (
        <li key={at}>
          <Text size="sm" component="span">
            <strong>{local}</strong> UTC{utcOffset}{' '}
            <Text span size="sm" c="dimmed">
              (for you <Instant at={at} />)
            </Text>
          </Text>
          {note !== null && (
            <Note tone="warning">
              <Text size="sm">{capitalized(note)}.</Text>
            </Note>
          )}
        </li>
      ))}
    </Stack>
  )
}
