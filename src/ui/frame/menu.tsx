import { NavLink, Stack, Text } from '@mantine/core'
import { Link, useLocation } from '@tanstack/react-router'
import { groups, pages, type PageEntry } from '#ui/pages.ts'
import { mayOf, type Person } from '#ui/session.ts'
import { MenuCount } from './menu-count.tsx'

/** What the reader's roles let them open, in groups. */
export function Menu({ person }: { readonly person: Person }) {
  const shown = pages.filter(({ menu, permission }) => menu && (permission === undefined || mayOf(person, permission)))
  return (
    <Stack component="nav" aria-label="Pages" gap="md">
      {groups.map((group) => {
        const own = shown.filter(({ menu }) => menu!.group === group)
        return (
          own.length > 0 && (
            <div key={group}>
              <Text size="xs" fw={700} c="dimmed" px="xs" mb={2}>
                {group}
              </Text>
              {own.map((page) => (
                <MenuLink key={page.path} page={page} />
              ))}
            </div>
          )
        )
      })}
    </Stack>
  )
}

function MenuLink({ page: { path, title, menu } }: { readonly page: PageEntry }) {
  const { pathname } = useLocation()
  const isHere = path === '/' ? pathname === '/' : pathname === path || pathname.startsWith(`${path}/`)
  const Icon = menu!.icon
  return (
    <NavLink
      className="nav-link"
      label={title}
      leftSection={<Icon size={18} stroke={1.7} aria-hidden />}
      rightSection={<MenuCount path={path} />}
      active={isHere}
      aria-current={isHere ? 'page' : undefined}
      renderRoot={(props) => <Link to={path} {...props} />}
    />
  )
}
