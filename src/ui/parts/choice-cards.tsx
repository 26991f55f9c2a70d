import { Group, Radio, SimpleGrid, Text } from '@mantine/core'
import type { ReactNode } from 'react'

export interface Choice<Value extends string> {
  readonly value: Value
  readonly title: string
  readonly text: ReactNode
  /** Why it cannot be chosen now. */
  readonly isDisabled?: boolean
}

interface ChoiceCardsProps<Value extends string> {
  readonly label: string
  readonly choices: readonly Choice<Value>[]
  readonly value: Value
  readonly onChange: (value: Value) => void
}

/** One of a few, where each needs a sentence to be understood. */
export function ChoiceCards<Value extends string>({ label, choices, value, onChange }: ChoiceCardsProps<Value>) {
  return (
    <Radio.Group label={label} value={value} onChange={onChange}>
      <SimpleGrid cols={{ base: 1, sm: Math.min(3, choices.length) }} spacing="sm" mt={4}>
        {choices.map((choice) => (
          <Radio.Card key={choice.value} value={choice.value} disabled={choice.isDisabled ?? false} p="sm" className="choice-card">
            <Group wrap="nowrap" align="flex-start" gap="sm">
              <Radio.Indicator mt={2} disabled={choice.isDisabled ?? false} />
              <div>
                <Text size="sm" fw={650}>
                  {choice.title}
                </Text>
                <Text size="sm" c="dimmed" component="div">
                  {choice.text}
                </Text>
              </div>
            </Group>
          </Radio.Card>
        ))}
      </SimpleGrid>
    </Radio.Group>
  )
}
