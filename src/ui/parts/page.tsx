import { Anchor, Box, Breadcrumbs, Group, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useEffect, type ReactNode } from 'react'

interface PageProps {
  readonly title: string
  /** One sentence: what this is for. */
  readonly lead?: ReactNode
  /** What can be done here, the most likely first. */
  readonly actions?: ReactNode
  /** The pages above this one. */
  readonly trail?: readonly { readonly title: string; readonly to: string }[]
  readonly children: ReactNode
}

export function Page({ title, lead, actions, trail = [], children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Integrum`
  }, [title])
  return (
    <Stack gap="lg" maw={1360} mx="auto">
      <Box component="header">
        {trail.length > 0 && (
          <Breadcrumbs mb={4} component="nav" aria-label="Where this page is">
            {trail.map((above) => (
              <Anchor key={above.to} size="sm" renderRoot={(props) => <Link to={above.to} {...props} />}>
                {above.title}
              </Anchor>
            ))}
            <Text size="sm" c="dimmed" truncate maw={320}>
              {title}
            </Text>
          </Breadcrumbs>
        )}
        <Group justify="space-between" align="flex-start" gap="sm">
          <Box style={{ minWidth: 0, flex: '1 1 18rem' }}>
            <Title order={1} style={{ overflowWrap: 'anywhere' }}>
              {title}
            </Title>
            {lead !== undefined && (
              <Text c="dimmed" mt={2} component="div">
                {lead}
              </Text>
            )}
          </Box>
          {actions !== undefined && (
            <Group gap="xs" className="no-print">
              {actions}
            </Group>
          )}
        </Group>
      </Box>
      {children}
    </Stack>
  )
}

interface SectionProps {
  readonly title?: ReactNode
  readonly lead?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
}

/** A framed part of a page with a heading of its own. */
export function Section({ title, lead, actions, children }: SectionProps) {
  return (
    <Box component="section" className="surface" p="md">
      {(title !== undefined || actions !== undefined) && (
        <Group justify="space-between" align="flex-start" mb="sm" gap="sm">
          <Box>
            {title !== undefined && <Title order={2}>{title}</Title>}
            {lead !== undefined && (
              <Text size="sm" c="dimmed">
                {lead}
              </Text>
            )}
          </Box>
          {actions !== undefined && <Group gap="xs">{actions}</Group>}
        </Group>
      )}
      {children}
    </Box>
  )
}
