import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { IconMoon, IconSun } from '@tabler/icons-react'
import { useState } from 'react'
import type { Person } from '#ui/session.ts'
import { AccountFace } from './account-face.tsx'
import { OnDemand } from './on-demand.tsx'

const load = async () => (await import('./account-menu.tsx')).AccountMenu

export function AccountButton({ person }: { readonly person: Person }) {
  const [isWanted, setIsWanted] = useState(false)
  return (
    <>
      <SchemeButton />
      <OnDemand
        isWanted={isWanted}
        load={load}
        props={{ person }}
        meanwhile={<AccountFace person={person} aria-haspopup="menu" aria-expanded={false} onClick={() => setIsWanted(true)} />}
      />
    </>
  )
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
