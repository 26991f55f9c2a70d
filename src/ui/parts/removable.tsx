import { ActionIcon, Box, Group, Text } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import type { ReactNode } from 'react'

interface RemovableProps {
  /** `Database 1`: what it is, and what the button takes out. */
  readonly title: string
  readonly onRemove: () => void
  readonly children: ReactNode
}

/** One of several in a form. */
export function Removable({ title, onRemove, children }: RemovableProps) {
  return (
    <Box component="fieldset" className="surface" p="md" m={0} style={{ minWidth: 0 }}>
      <Text component="legend" className="visually-hidden">
        {title}
      </Text>
      <Group justify="space-between" mb="xs" wrap="nowrap">
        <Text size="sm" fw={650} aria-hidden>
          {title}
        </Text>
        <ActionIcon variant="default" aria-label={`Take out ${title}`} onClick={onRemove}>
          <IconTrash size={16} aria-hidden />
        </ActionIcon>
      </Group>
      {children}
    </Box>
  )
}

/** The list with one of its rows changed, or without it. */
export function changedAt<Row>(rows: readonly Row[], index: number, row: Row | undefined): Row[] {
  return rows.flatMap((before, at) => (at !== index ? [before] : row === undefined ? [] : [row]))
}
