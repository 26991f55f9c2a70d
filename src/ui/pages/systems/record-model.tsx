import { Button, Group, List, Stack, Text } from '@mantine/core'
import { IconHistory, IconListSearch } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { records, type RecordModel } from '#contract/records.ts'
import type { SystemView } from '#contract/systems.ts'
import { useReply } from '#ui/call.ts'
import { TableSkeleton } from '#ui/parts/data-table.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { useMay } from '#ui/session.ts'

/** What one patient, one study, one organization is in this system. Asked of the live database, so only when somebody wants to know. */
export function RecordModelSection({ system: { id: systemId, tenantId, retiredAt, databases: own } }: { readonly system: SystemView }) {
  const [isAsked, setIsAsked] = useState(false)
  const may = useMay()
  const canAsk = retiredAt === null && own.length > 0
  const reply = useReply(records.kinds, { params: { id: systemId } }, { isAsked })
  return (
    <Section
      title="Single records"
      lead="What one patient or one study is here, and what belongs to it: by the settings, and as the keys of the database suggest."
      actions={
        <>
          {canAsk && !isAsked && (
            <Button variant="default" size="xs" leftSection={<IconListSearch size={16} aria-hidden />} onClick={() => setIsAsked(true)}>
              Look at the database
            </Button>
          )}
          {may('backups.download', tenantId) && (
            <Button
              variant="default"
              size="xs"
              leftSection={<IconHistory size={16} aria-hidden />}
              renderRoot={(props) => <Link to="/systems/$id/history" params={{ id: systemId }} {...props} />}
            >
              History of one record
            </Button>
          )}
        </>
      }
    >
      {isAsked && (
        <Loaded reply={reply} skeleton={<TableSkeleton />}>
          {({ databases }) => (
            <Stack gap="lg">
              {databases.length === 0 && <Text size="sm">This system has no database.</Text>}
              {databases.map((model) => (
                <Model key={model.database} model={model} />
              ))}
            </Stack>
          )}
        </Loaded>
      )}
    </Section>
  )
}

const meanings = { own: 'belongs to it', reference: 'has to exist', ignore: 'left aside' } as const

function Model({ model: { database, kinds, edges, files, warnings } }: { readonly model: RecordModel }) {
  return (
    <Stack gap="sm">
      <Text fw={600}>Database {database}</Text>
      {kinds.length === 0 && <Text size="sm">No kind is known: name a table and its key in the settings, under “entities”.</Text>}
      {kinds.map(({ name, table, key, isProposed }) => (
        <Group key={name} gap="xs">
          <Text size="sm" w={100}>
            {isProposed ? 'proposed' : 'by settings'}
          </Text>
          <Text size="sm">
            <strong>{name}</strong>: a row of {table}, known by its {key}
          </Text>
        </Group>
      ))}
      {edges.map(({ child, columns, parent, ownership, because }) => (
        <Group key={`${child} ${columns.join()} ${parent}`} gap="xs" align="baseline" wrap="nowrap">
          <Text size="sm" fw={ownership === 'own' ? 650 : undefined} w={100} style={{ flexShrink: 0 }}>
            {meanings[ownership]}
          </Text>
          <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
            {child} ({columns.join(', ')}) → {parent}: {because}
          </Text>
        </Group>
      ))}
      {files.map(({ table, root, pattern }) => (
        <Text size="sm" key={`${table} ${root} ${pattern}`}>
          Files of {table}: {pattern} below {root}
        </Text>
      ))}
      {warnings.length > 0 && (
        <Note tone="warning" title={`Not covered, or slow (${warnings.length})`}>
          <List size="sm">
            {warnings.map(({ table, fact }) => (
              <List.Item key={`${table} ${fact}`}>
                {table}: {fact}
              </List.Item>
            ))}
          </List>
        </Note>
      )}
    </Stack>
  )
}
