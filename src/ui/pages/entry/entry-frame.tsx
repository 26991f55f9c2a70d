import { Box, Group, Stack, Text, Title } from '@mantine/core'
import { useEffect, type ReactNode } from 'react'

/** Around what is shown to whoever is not signed in. */
export function EntryFrame({
  title,
  width = 440,
  children,
}: {
  readonly title: string
  readonly width?: number
  readonly children: ReactNode
}) {
  useEffect(() => {
    document.title = `${title} · Integrum`
  }, [title])
  return (
    <Stack component="main" align="center" py={{ base: 'xl', sm: 80 }} px="md" mih="100vh">
      <Group gap="sm" mb="sm">
        <img src="/mark.svg" width={40} height={40} alt="" />
        <Box>
          <Text fw={700} fz="xl" lh={1.1}>
            Integrum
          </Text>
          <Text size="sm" c="dimmed">
            restored to exactly what it was
          </Text>
        </Box>
      </Group>
      <Box className="surface" p="lg" w="100%" maw={width}>
        <Title order={1} mb="md">
          {title}
        </Title>
        {children}
      </Box>
    </Stack>
  )
}
