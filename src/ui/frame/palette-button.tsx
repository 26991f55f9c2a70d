import { Button, Kbd, Text } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import type { Person } from '#ui/session.ts'
import { OnDemand } from './on-demand.tsx'

const load = async () => (await import('./palette.tsx')).Palette

export function PaletteButton({ person }: { readonly person: Person }) {
  const [isWanted, setIsWanted] = useState(false)
  const open = () => {
    // Once there, it opens itself by its own shortcut.
    if (isWanted) void import('@mantine/spotlight').then(({ spotlight }) => spotlight.open())
    setIsWanted(true)
  }
  useHotkeys([['mod+K', () => setIsWanted(true)]], [])
  return (
    <>
      <Button variant="default" size="xs" px="sm" leftSection={<IconSearch size={15} aria-hidden />} onClick={open}>
        <Text span size="sm">
          Go to…
        </Text>
        <Kbd size="xs" ml={8} visibleFrom="md" aria-hidden>
          Ctrl K
        </Kbd>
      </Button>
      <OnDemand isWanted={isWanted} load={load} props={{ person }} />
    </>
  )
}
