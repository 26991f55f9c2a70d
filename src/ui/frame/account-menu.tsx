import { Menu } from '@mantine/core'
import { IconLogout, IconUserCircle } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { roleWords } from '#ui/roles.ts'
import type { Person } from '#ui/session.ts'
import { AccountFace } from './account-face.tsx'
import { signOut } from './sign-out.ts'

/** Open at once: it is fetched when somebody asks for it. */
export function AccountMenu({ person }: { readonly person: Person }) {
  const roles = [...new Set(person.grants.map(({ role }) => roleWords[role].title))]
  return (
    <Menu position="bottom-end" width={260} defaultOpened>
      <Menu.Target>
        <AccountFace person={person} />
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
  )
}
