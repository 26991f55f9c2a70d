import { Button, Group, Loader, Stack, Text } from '@mantine/core'
import { IconPlugConnected } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import { systems } from '#contract/systems.ts'
import { useAct } from '#ui/call.ts'
import { Refusal } from '#ui/parts/refusal.tsx'
import { bodyOf, type SystemDraft } from './system-draft.ts'
import { TestResult } from './test-result.tsx'

interface TestStepProps {
  readonly draft: SystemDraft
  /** It is being registered. */
  readonly isBusy: boolean
  readonly onConnect: () => void
  readonly onRefused: (error: unknown) => void
}

/** Looks at once whether a backup would work; what failed may be connected all the same, when its reader says so. */
export function TestStep({ draft, isBusy, onConnect, onRefused }: TestStepProps) {
  const test = useAct(systems.testDraft, [])
  const { databases, roots, repositoryId } = bodyOf(draft)
  const run = () => test.mutate({ body: { databases, roots, repositoryId } }, { onError: onRefused })
  const isBegun = useRef(false)
  useEffect(() => {
    if (isBegun.current) return
    isBegun.current = true
    run()
  })
  const result = test.isPending ? undefined : test.data
  return (
    <Stack gap="md">
      {test.isPending && (
        <Group gap="sm" role="status">
          <Loader size="sm" aria-hidden />
          <Text>Asking {namesOf(draft)} and the repository. That takes up to 40 seconds where something does not answer.</Text>
        </Group>
      )}
      <Refusal error={test.error} />
      {result && <TestResult test={result} />}
      <Group justify="flex-end" mt="md">
        <Button
          variant={result?.result === 'failed' ? 'filled' : 'default'}
          leftSection={<IconPlugConnected size={16} aria-hidden />}
          loading={test.isPending}
          onClick={run}
        >
          Test again
        </Button>
        <Button
          variant={result?.result === 'failed' ? 'default' : 'filled'}
          loading={isBusy}
          disabled={result === undefined}
          onClick={onConnect}
        >
          {result?.result === 'failed' ? 'Connect although it would fail' : 'Connect the system'}
        </Button>
      </Group>
    </Stack>
  )
}

function namesOf({ databases, roots }: SystemDraft): string {
  return [...databases.map(({ name }) => `database ${name}`), ...roots.map(({ name }) => `directory ${name}`)].join(', ')
}
