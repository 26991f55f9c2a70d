import { Spotlight, spotlight } from '@mantine/spotlight'
import { IconSearch } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { useEffect } from 'react'
import { pages } from '#ui/pages.ts'
import { mayOf, type Person } from '#ui/session.ts'

/** Every page that the reader may open, by its name and other words for it; Ctrl K from anywhere. */
export function Palette({ person }: { readonly person: Person }) {
  const navigate = useNavigate()
  // It is fetched when somebody asks for it.
  useEffect(() => spotlight.open(), [])
  const actions = pages
    .filter(({ path, permission }) => !path.includes('$') && (permission === undefined || mayOf(person, permission)))
    .map(({ path, title, words = '', menu }) => {
      const Icon = menu?.icon
      return {
        id: path,
        label: title,
        keywords: words.split(' '),
        leftSection: Icon && <Icon size={18} stroke={1.7} aria-hidden />,
        onClick: () => void navigate({ to: path }),
      }
    })
  return (
    <Spotlight
      actions={actions}
      nothingFound="No page has that name."
      highlightQuery
      shortcut="mod + K"
      searchProps={{ placeholder: 'Go to…', 'aria-label': 'Go to a page', leftSection: <IconSearch size={18} aria-hidden /> }}
    />
  )
}
