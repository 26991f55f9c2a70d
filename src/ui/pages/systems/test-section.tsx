import { Button, Stack, Text } from '@mantine/core'
import { IconPlugConnected } from '@tabler/icons-react'
import { systems, type SystemView } from '#contract/systems.ts'
import { useAct } from '#ui/call.ts'
import { Refusal } from '#ui/parts/refusal.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Ago } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'
import { TestResult } from './test-result.tsx'

export function TestSection({ system: { id, tenantId, lastTest } }: { readonly system: SystemView }) {
  const may = useMay()
  const act = useAct(systems.test, ['systems'])
  return (
    <Section
      title="Test"
      lead="Whether a backup of it would work."
      actions={
        may('systems.test', tenantId) && (
          <Button
            variant="default"
            leftSection={<IconPlugConnected size={16} aria-hidden />}
            loading={act.isPending}
            onClick={() => act.mutate({ params: { id } })}
          >
            {lastTest === null ? 'Test it' : 'Test again'}
          </Button>
        )
      }
    >
      <Stack gap="md">
        <Refusal error={act.error} />
        {lastTest === null ? (
          <Note tone="unknown" title="Not tested since it was connected">
            A test asks each source and the repository; it changes nothing.
          </Note>
        ) : (
          <>
            <Text size="sm" c="dimmed">
              Tested <Ago at={lastTest.at} />
            </Text>
            <TestResult test={lastTest} />
          </>
        )}
      </Stack>
    </Section>
  )
}
