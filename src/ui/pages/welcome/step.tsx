import { Group, Stack, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import { Badge } from '#ui/parts/tone.tsx'

interface StepProps {
  readonly number: number
  readonly title: string
  readonly isDone: boolean
  /** What to do now. */
  readonly isNext: boolean
  readonly children: ReactNode
}

export function Step({ number, title, isDone, isNext, children }: StepProps) {
  return (
    <section
      className={`surface ${isNext ? 'tone-edge tone-busy' : ''}`}
      style={{ padding: '1rem' }}
      aria-current={isNext ? 'step' : undefined}
    >
      <Group justify="space-between" mb="xs" gap="sm">
        <Title order={2}>
          {number}. {title}
        </Title>
        {isDone ? <Badge tone="good">Done</Badge> : isNext ? <Badge tone="busy">Do this now</Badge> : <Badge tone="neutral">Not yet</Badge>}
      </Group>
      <Stack gap="sm">{children}</Stack>
    </section>
  )
}
