import { AppShell, Burger, Group, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Navigate, Outlet, useLocation } from '@tanstack/react-router'
import { useEffect } from 'react'
import { RemoteFault } from '#contract/client.ts'
import { queries } from '#ui/call.ts'
import { useLive } from '#ui/live.ts'
import { Failed } from '#ui/parts/loaded.tsx'
import { useMe, type Person } from '#ui/session.ts'
import { AccountButton } from './account-button.tsx'
import { Connection } from './connection.tsx'
import { Menu } from './menu.tsx'
import { PaletteButton } from './palette-button.tsx'
import { PageLoading } from './page-loading.tsx'

/** Around every page of whoever is signed in; who is not is led to where that is done, and back. */
export function Frame() {
  const { data: person, error, refetch } = useMe()
  const { pathname, searchStr, hash } = useLocation()
  if (error instanceof RemoteFault && error.status === 401)
    return <SignedOut to={`${pathname}${searchStr}${hash && `#${hash}`}`} hasEnded={person !== undefined} />
  // Nothing else is open to them, so nothing else is offered.
  if (person?.mustChangePassword) return pathname === '/change-password' ? <Outlet /> : <Navigate to="/change-password" replace />
  if (person) return <SignedInFrame person={person} />
  return error ? <Failed error={error} onRetry={() => void refetch()} /> : <PageLoading />
}

/** What was shown was for somebody who is gone: nothing of it is kept. */
function SignedOut({ to, hasEnded }: { readonly to: string; readonly hasEnded: boolean }) {
  useEffect(() => queries.clear(), [])
  return <Navigate to="/sign-in" search={{ ...(to !== '/' && { to }), ...(hasEnded && { notice: 'ended' }) }} replace />
}

function SignedInFrame({ person }: { readonly person: Person }) {
  useLive()
  const [isMenuOpen, { toggle, close }] = useDisclosure(false)
  const { pathname } = useLocation()
  useEffect(() => close(), [pathname, close])
  return (
    <AppShell header={{ height: 56 }} navbar={{ width: 236, breakpoint: 'sm', collapsed: { mobile: !isMenuOpen } }} padding="md">
      <a href="#content" className="skip-link">
        To the content
      </a>
      <AppShell.Header style={{ background: 'var(--surface)' }}>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap" gap="xs">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={isMenuOpen}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={isMenuOpen ? 'Close the menu' : 'Open the menu'}
            />
            <img src="/mark.svg" width={28} height={28} alt="" />
            <Text fw={700} fz="lg" visibleFrom="xs">
              Integrum
            </Text>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <Connection />
            <PaletteButton person={person} />
            <AccountButton person={person} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="sm" style={{ background: 'var(--surface)', overflowY: 'auto' }}>
        <Menu person={person} />
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <Outlet />
      </AppShell.Main>
    </AppShell>
  )
}
