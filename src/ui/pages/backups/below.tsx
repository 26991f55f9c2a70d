import { Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'

/** A heading within a part of the details. */
export function Below({ title, children, lead }: { readonly title: string; readonly lead?: ReactNode; readonly children: ReactNode }) {
  return (
    <Stack gap={6} component="section" mt="lg">
      <Title order={3}>{title}</Title>
      {lead !== undefined && (
        <Text size="sm" c="dimmed">
          {lead}
        </Text>
      )}
      {children}
    </Stack>
  )
}
