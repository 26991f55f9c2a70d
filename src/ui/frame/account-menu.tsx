import { ActionIcon, Menu, Text, UnstyledButton, useComputedColorScheme, useMantineColorScheme, Group } from '@mantine/core'
import { IconLogout, IconMoon, IconSun, IconUserCircle } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { signIn } from '#contract/sign-in.ts'
import { client, queries } from '#ui/call.ts'
import type { Person } from '#ui/session.ts'
import { roleWords } from '#ui/roles.ts'

export function AccountMenu({ person }: { readonly person: Person }) {
  const roles = [...new Set(person.grants.map(({ role }) => roleWords[role].title))]
  return (
    <>
      <SchemeButton />
      <Menu position="bottom-end" width={260}>
        <Menu.Target>
          <UnstyledButton aria-label={`Account of ${person.title}`}>
            <Group gap={6} wrap="nowrap">
              <IconUserCircle size={24} stroke={1.6} aria-hidden />
              <Text size="sm" visibleFrom="md" maw={180} truncate>
                {person.title}
              </Text>
            </Group>
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            {person.title} ({person.name}): {roles.join(', ') || 'no role'}
          </Menu.Label>
          <Menu.Item leftSection={<IconUserCircle size={16} aria-hidden />} renderRoot={(props) => <Link to="/account" {...props} />}>
            Your account
          </Menu.Item>
          <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => void signOut()}>
            Sign out
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  )
}

export async function signOut(): Promise<void> {
  await client.call(signIn.end, {})
  queries.clear()
  window.location.assign('/sign-in')
}

function SchemeButton() {
  const scheme = useComputedColorScheme('light')
  const { setColorScheme } = useMantineColorScheme()
  const other = scheme === 'dark' ? 'light' : 'dark'
  return (
    <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Show it ${other}`} onClick={() => setColorScheme(other)}>
      {scheme === 'dark' ? <IconSun size={20} aria-hidden /> : <IconMoon size={20} aria-hidden />}
    </ActionIcon>
  )
}
