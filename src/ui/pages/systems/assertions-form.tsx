import { Button, Group, Stack, Text } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import type { Assertion, ReadyAssertion, SystemSettings } from '#base/settings.ts'
import { durations } from '#base/units.ts'
import { Removable, changedAt } from '#ui/parts/removable.tsx'
import { OwnAssertion } from './own-assertion.tsx'
import { ReadyAssertionFields } from './ready-assertion.tsx'
import type { DraftErrors, SystemDraft } from './system-draft.ts'

interface AssertionsFormProps {
  readonly draft: SystemDraft
  readonly errors: DraftErrors
  readonly set: (change: Partial<SystemSettings>) => void
}

const newAssertion: Assertion = { name: '', sql: '', expect: true, timeoutMs: 5 * durations.minute }
const newQuestion: ReadyAssertion = { kind: 'count', schema: 'public', table: '', atLeast: 1 }

/** Asked of every copy that is restored, in drills and before a restore goes live. */
export function AssertionsForm({ draft, errors, set }: AssertionsFormProps) {
  const { databases, settings } = draft
  if (databases.length === 0) return <Text size="sm">For systems that have a database.</Text>
  const { assertions, readyAssertions = [] } = settings
  const changeReady = (index: number, row: ReadyAssertion | undefined) => set({ readyAssertions: changedAt(readyAssertions, index, row) })
  const change = (index: number, row: Assertion | undefined) => set({ assertions: changedAt(assertions, index, row) })
  const names = databases.map(({ name }) => name)
  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        Asked in every drill and before every restore goes live; an answer that is not as expected stops it. They run read only.
      </Text>
      {readyAssertions.map((row, index) => (
        <Removable key={`ready ${index}`} title={`Question ${index + 1}`} onRemove={() => changeReady(index, undefined)}>
          <ReadyAssertionFields
            {...{ row, names, errors }}
            at={`settings.readyAssertions.${index}`}
            onChange={(next) => changeReady(index, next)}
          />
        </Removable>
      ))}
      {assertions.map((row, index) => (
        <Removable key={`own ${index}`} title={`Query ${index + 1}`} onRemove={() => change(index, undefined)}>
          <OwnAssertion {...{ row, names, errors }} at={`settings.assertions.${index}`} onChange={(next) => change(index, next)} />
        </Removable>
      ))}
      <Group gap="xs">
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => set({ readyAssertions: [...readyAssertions, newQuestion] })}
        >
          Add a question by tables and columns
        </Button>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => set({ assertions: [...assertions, newAssertion] })}
        >
          Add a query of your own
        </Button>
      </Group>
    </Stack>
  )
}
