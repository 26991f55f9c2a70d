import type { ReactNode } from 'react'
import { Denied } from '#ui/parts/loaded.tsx'
import { useMe, mayOf } from '#ui/session.ts'
import type { PageEntry } from '#ui/pages.ts'

/** Says so at once when a page is not for its reader, whichever way they came. The service decides at each question anyway. */
export function PageGate({ page, children }: { readonly page: PageEntry; readonly children: ReactNode }) {
  const { data: person } = useMe()
  if (page.permission === undefined || person === undefined || mayOf(person, page.permission)) return children
  return <Denied fact={`“${page.title}” needs the permission ${page.permission}, which your roles do not have`} />
}
