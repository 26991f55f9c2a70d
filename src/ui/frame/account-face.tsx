import { Group, Text, UnstyledButton, type UnstyledButtonProps } from '@mantine/core'
import { IconUserCircle } from '@tabler/icons-react'
import type { ComponentPropsWithRef } from 'react'
import type { Person } from '#ui/session.ts'

type AccountFaceProps = { readonly person: Person } & UnstyledButtonProps & ComponentPropsWithRef<'button'>

export function AccountFace({ person, ...button }: AccountFaceProps) {
  return (
    <UnstyledButton aria-label={`Account of ${person.title}`} {...button}>
      <Group gap={6} wrap="nowrap">
        <IconUserCircle size={24} stroke={1.6} aria-hidden />
        <Text size="sm" visibleFrom="md" maw={180} truncate>
          {person.title}
        </Text>
      </Group>
    </UnstyledButton>
  )
}
