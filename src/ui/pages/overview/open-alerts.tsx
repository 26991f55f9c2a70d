import { Anchor, Button, Group, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { alerts } from '#contract/alerts.ts'
import { severities } from '#contract/notice-kinds.ts'
import type { Reply } from '#ui/call.ts'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Ago } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { capitalized, severityWords } from '#ui/words.ts'

const shownMax = 5

/** What is in doubt, the most pressing first. */
export function OpenAlerts({ reply }: { readonly reply: Reply<typeof alerts.list> }) {
  return (
    <Section
      title="Open alerts"
      actions={
        <Button size="xs" variant="default" renderRoot={(props) => <Link to="/alerts" {...props} />}>
          All alerts
        </Button>
      }
    >
      <Loaded reply={reply} isEmpty={({ total }) => total === 0} empty={<Text size="sm">None. Nothing is in doubt.</Text>}>
        {({ rows, total }) => {
          const sorted = severities.toReversed().flatMap((severity) => rows.filter((row) => row.severity === severity))
          return (
            <Stack gap="xs">
              <Group gap="xs">
                {severities.toReversed().map((severity) => {
                  const count = rows.filter((row) => row.severity === severity).length
                  return (
                    count > 0 && (
                      <Badge key={severity} tone={severityWords[severity].tone}>
                        {count} {severityWords[severity].words.toLowerCase()}
                      </Badge>
                    )
                  )
                })}
              </Group>
              <Stack component="ul" gap={6} m={0} p={0} style={{ listStyle: 'none' }}>
                {sorted.slice(0, shownMax).map(({ id, severity, title, fact, openedAt, acknowledgedBy }) => (
                  <Text component="li" size="sm" key={id} style={{ overflowWrap: 'anywhere' }}>
                    <Badge tone={severityWords[severity].tone}>{severityWords[severity].words}</Badge>{' '}
                    <Anchor size="sm" underline="always" renderRoot={(props) => <Link to="/alerts" search={{ id }} {...props} />}>
                      {title}
                    </Anchor>
                    : {capitalized(fact)}{' '}
                    <Text span size="sm" c="dimmed">
                      (<Ago at={openedAt} />
                      {acknowledgedBy !== null && `, ${acknowledgedBy} takes care of it`})
                    </Text>
                  </Text>
                ))}
              </Stack>
              {total > shownMax && <Text size="sm">and {total - shownMax} more</Text>}
            </Stack>
          )
        }}
      </Loaded>
    </Section>
  )
}
