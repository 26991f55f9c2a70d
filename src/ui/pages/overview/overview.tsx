import { Stack, Text } from '@mantine/core'
import { health } from '#contract/health.ts'
import { useReply } from '#ui/call.ts'
import { CardSkeletons, Loaded } from '#ui/parts/loaded.tsx'
import { Page, Section } from '#ui/parts/page.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { protectionWords } from '#ui/words.ts'

export function Overview() {
  const reply = useReply(health.systems, { query: {} })
  return (
    <Page title="Overview" lead="Can we recover today?">
      <Loaded reply={reply} skeleton={<CardSkeletons />}>
        {({ rows }) => (
          <Stack>
            {rows.map((system) => (
              <Section
                key={system.id}
                title={system.title}
                actions={<Badge tone={protectionWords[system.state].tone}>{protectionWords[system.state].words}</Badge>}
              >
                {system.reasons.map(({ fact }) => (
                  <Text key={fact}>{fact}</Text>
                ))}
              </Section>
            ))}
          </Stack>
        )}
      </Loaded>
    </Page>
  )
}
