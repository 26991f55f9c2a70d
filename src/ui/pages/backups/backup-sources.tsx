import { Code, List, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { printBytes } from '#base/units.ts'
import type { BackupSummary } from '#contract/backup-summary.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { counted, printWhole } from '#ui/words.ts'

/** What it was made of, each with its moment, and what is not bit-exact in it. */
export function BackupSources({ manifest: { databases, roots } }: { readonly manifest: BackupSummary }) {
  return (
    <SimpleGrid cols={{ base: 1, xl: 2 }} spacing="lg">
      {databases.map((database) => (
        <DatabaseSource key={database.name} database={database} />
      ))}
      {roots.map((root) => (
        <RootSource key={root.name} root={root} />
      ))}
    </SimpleGrid>
  )
}

function DatabaseSource({ database }: { readonly database: BackupSummary['databases'][number] }) {
  const { name, instant, lsn, serverVersion, clientVersion, tables, rows, bytes, sizeBytes, largeObjects, sequences } = database
  return (
    <Stack gap="xs" component="section">
      <Title order={3}>Database {name}</Title>
      <Facts
        rows={[
          ['Database', database.database],
          ['Server', `PostgreSQL ${serverVersion}`],
          ['Read with', clientVersion],
          ['State of', <Instant key="instant" at={instant} />],
          ['LSN', lsn === null ? 'not given by the server' : <Code key="lsn">{lsn}</Code>],
          ['Tables', printWhole(tables)],
          ['Rows', printWhole(rows)],
          ['Content', printBytes(bytes)],
          ['On the server', printBytes(sizeBytes)],
          ['Large objects', printWhole(largeObjects)],
          ['Sequences', printWhole(sequences)],
          ['Extensions', listed(database.extensions.map(({ name: one, version }) => `${one} ${version}`))],
          ['Roles', listed(database.roles)],
        ]}
      />
      <Exactness exactness={database.exactness} />
    </Stack>
  )
}

function RootSource({ root }: { readonly root: BackupSummary['roots'][number] }) {
  const { name, path, instant, files, directories, specials, bytes, newer } = root
  return (
    <Stack gap="xs" component="section">
      <Title order={3}>Files {name}</Title>
      <Facts
        rows={[
          ['Path', <Code key="path">{path}</Code>],
          ['State of', <Instant key="instant" at={instant} />],
          ['Files', printWhole(files)],
          ['Folders', printWhole(directories)],
          ['Links and devices', printWhole(specials)],
          ['Content', printBytes(bytes)],
          ['Newer than the database', newer === 0 ? 'none' : `${counted(newer, 'entry', 'entries')} changed while it was made`],
        ]}
      />
      <Exactness exactness={root.exactness} />
    </Stack>
  )
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ')
}

function Exactness({ exactness }: { readonly exactness: BackupSummary['databases'][number]['exactness'] }) {
  return (
    <div>
      <Text size="sm" fw={600}>
        How exact it is
      </Text>
      {exactness.length === 0 ? (
        <Text size="sm">A restore gives back every row and byte as it was.</Text>
      ) : (
        <>
          <Text size="sm">Every row and byte comes back as it was, except for:</Text>
          <List size="sm">
            {exactness.map(({ what, why }) => (
              <List.Item key={what}>
                {what}: {why}
              </List.Item>
            ))}
          </List>
        </>
      )}
    </div>
  )
}
