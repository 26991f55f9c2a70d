import { Button, SimpleGrid, Switch } from '@mantine/core'
import { IconDatabase, IconPlus } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { z } from 'zod'
import { repositories, type RepositoryView } from '#contract/repositories.ts'
import { space, type SpaceView } from '#contract/space.ts'
import { useReply } from '#ui/call.ts'
import { CardSkeletons, Loaded, Placeholder } from '#ui/parts/loaded.tsx'
import { Page } from '#ui/parts/page.tsx'
import { useSearchState } from '#ui/search.ts'
import { useMay } from '#ui/session.ts'
import { RepositoryCard } from './repository-card.tsx'

const searchSchema = z.object({ retired: z.enum(['true', 'false']).default('false') })

export function Storage() {
  const [{ retired }, change] = useSearchState(searchSchema)
  const may = useMay()
  const known = useReply(repositories.list, { query: { pageSize: 200, retired } })
  const spaces = useReply(space.list, { query: { pageSize: 200 } })
  const isRetired = retired === 'true'
  return (
    <Page
      title="Storage"
      lead="The repositories that hold the backups: what they take, what is free, and when they fill."
      actions={
        may('repositories.write') && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} renderRoot={(props) => <Link to="/storage/new" {...props} />}>
            Add a repository
          </Button>
        )
      }
    >
      <Switch
        label="Show retired ones"
        checked={isRetired}
        onChange={(event) => change({ retired: event.currentTarget.checked ? 'true' : 'false' })}
      />
      <Loaded
        reply={known}
        skeleton={<CardSkeletons count={2} height={220} />}
        isEmpty={({ total }) => total === 0}
        empty={<NoRepository isRetired={isRetired} />}
      >
        {({ rows }) => <Cards rows={rows} spaces={spaces.data?.rows} />}
      </Loaded>
    </Page>
  )
}

function Cards({ rows, spaces }: { readonly rows: readonly RepositoryView[]; readonly spaces: readonly SpaceView[] | undefined }) {
  return (
    <SimpleGrid cols={{ base: 1, lg: rows.length > 1 ? 2 : 1 }}>
      {rows.map((row) => (
        <RepositoryCard key={row.id} repository={row} space={spaces?.find(({ id }) => id === row.id)} />
      ))}
    </SimpleGrid>
  )
}

function NoRepository({ isRetired }: { readonly isRetired: boolean }) {
  const may = useMay()
  if (isRetired) return <Placeholder icon={<IconDatabase size={36} aria-hidden />} title="No repository is retired" />
  return (
    <Placeholder
      icon={<IconDatabase size={36} aria-hidden />}
      title="There is no repository yet"
      action={
        may('repositories.write') && (
          <Button mt="sm" renderRoot={(props) => <Link to="/storage/new" {...props} />}>
            Add the first one
          </Button>
        )
      }
    >
      A repository is where backups rest, encrypted. Without one nothing can be backed up.
    </Placeholder>
  )
}
