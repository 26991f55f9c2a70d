import { Accordion, List, Stack, Text } from '@mantine/core'
import type { Permission } from '#contract/permissions.ts'
import { permissionGroups } from '#ui/roles.ts'

/** Permissions in words, under their headings. */
export function WhatItAllows({ permissions }: { readonly permissions: readonly Permission[] }) {
  const held = new Set<string>(permissions)
  const groups = permissionGroups
    .map(({ title, permissions: all }) => ({ title, lines: Object.entries(all).filter(([name]) => held.has(name)) }))
    .filter(({ lines }) => lines.length > 0)
  if (groups.length === 0) return <Text size="sm">Nothing yet: an administrator gives roles.</Text>
  return (
    <Accordion variant="contained">
      <Accordion.Item value="all">
        <Accordion.Control>
          <Text size="sm">What this allows, one by one</Text>
        </Accordion.Control>
        <Accordion.Panel>
          <Stack gap="sm">
            {groups.map(({ title, lines }) => (
              <div key={title}>
                <Text size="sm" fw={650}>
                  {title}
                </Text>
                <List size="sm">
                  {lines.map(([name, words]) => (
                    <List.Item key={name}>{words}</List.Item>
                  ))}
                </List>
              </div>
            ))}
          </Stack>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  )
}
