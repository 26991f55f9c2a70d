import type { ReactNode } from 'react'
import type { Permission } from '#contract/permissions.ts'
import { Denied } from '#ui/parts/loaded.tsx'
import { useMe, mayOf } from '#ui/session.ts'
import type { PageEntry } from '#ui/pages.ts'

interface GateProps {
  readonly page: PageEntry
  readonly children: ReactNode
}

/** Says so at once when a page is not for its reader, whichever way they came. The service decides at each question anyway. */
export function PageGate({ page, children }: GateProps) {
  // Who is not signed in yet is not asked who they are.
  if (page.permission === undefined) return children
  return (
    <RoleGate title={page.title} permission={page.permission}>
      {children}
    </RoleGate>
  )
}

interface RoleGateProps {
  readonly title: string
  readonly permission: Permission
  readonly children: ReactNode
}

function RoleGate({ title, permission, children }: RoleGateProps) {
  const { data: person } = useMe()
  if (person === undefined || mayOf(person, permission)) return children
  return <Denied fact={`“${title}” needs the permission ${permission}, which your roles do not have`} />
}
