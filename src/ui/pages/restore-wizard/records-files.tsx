import { Button, Group, List, Stack, Table, Text } from '@mantine/core'
import { useState } from 'react'
import { printBytes } from '#base/units.ts'
import { records as endpoints, type ChangedFile, type RecordPlan } from '#contract/records.ts'
import type { PlanView } from '#contract/restores.ts'
import { useReply } from '#ui/call.ts'
import { TableSkeleton } from '#ui/parts/data-table.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Badge } from '#ui/parts/tone.tsx'
import { counted, printWhole } from '#ui/words.ts'
import { isGone } from './records-names.tsx'

interface FilesProps {
  readonly plan: PlanView
  readonly records: RecordPlan
  /** A path may name a person, as a row may. */
  readonly mayLook: boolean
}

/** Files of the records, root by root: in numbers for everybody, by name for whoever may see the rows. */
export function RecordFiles({ plan, records: { files }, mayLook }: FilesProps) {
  const asked = useReply(endpoints.change, { params: { id: plan.id } }, { isAsked: mayLook })
  return (
    <Section title="Files" lead="Their places are taken in step with the rows; what they replace is kept as long as an undo is possible.">
      <Stack gap="md">
        <List size="sm" spacing={4}>
          {files.map(({ root, adds, replaces, removes, unchanged, bytes, sharedDifferent, notRestored }) => (
            <List.Item key={root}>
              <strong>{root}</strong>: {counted(adds, 'file')} {adds === 1 ? 'comes' : 'come'} back, {printWhole(replaces)}{' '}
              {replaces === 1 ? 'is' : 'are'} replaced, {printWhole(removes)} {removes === 1 ? 'is' : 'are'} taken away,{' '}
              {printWhole(unchanged)} {unchanged === 1 ? 'stays' : 'stay'} as {unchanged === 1 ? 'it is' : 'they are'}; {printBytes(bytes)}{' '}
              are read from the backup.
              {sharedDifferent > 0 && ` ${counted(sharedDifferent, 'file')} differ and are named by others as well: they stay as they are.`}
              {notRestored > 0 && ` ${counted(notRestored, 'device, socket or pipe', 'devices, sockets and pipes')} are left alone.`}
            </List.Item>
          ))}
        </List>
        {mayLook &&
          !isGone(asked.error) &&
          files.flatMap(({ root, adds, replaces, removes }) =>
            adds + replaces + removes > 0 ? [<RootFiles key={root} planId={plan.id} root={root} />] : [],
          )}
      </Stack>
    </Section>
  )
}

const changeWords = {
  add: { words: 'Comes back', tone: 'good' },
  replace: { words: 'Replaced', tone: 'warning' },
  remove: { words: 'Taken away', tone: 'bad' },
} as const satisfies Readonly<Record<ChangedFile['change'], { readonly words: string; readonly tone: string }>>

/** By the place at which each page begins, as with rows. */
function RootFiles({ planId, root }: { readonly planId: string; readonly root: string }) {
  const [seen, setSeen] = useState<readonly string[]>([])
  const after = seen.at(-1)
  const reply = useReply(endpoints.files, { params: { id: planId }, query: { root, limit: 25, ...(after !== undefined && { after }) } })
  return (
    <Loaded reply={reply} skeleton={<TableSkeleton />}>
      {({ files, next }) => (
        <Stack gap="xs">
          <Table layout="fixed" aria-label={`Files below ${root}`}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Below {root}</Table.Th>
                <Table.Th w="9rem">What happens</Table.Th>
                <Table.Th visibleFrom="sm" w="19rem">
                  There now
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {files.map(({ path, change, sizeBytes, changedAt }) => (
                <Table.Tr key={path}>
                  <Table.Td style={{ overflowWrap: 'anywhere' }}>{path}</Table.Td>
                  <Table.Td>
                    <Badge tone={changeWords[change].tone}>{changeWords[change].words}</Badge>
                  </Table.Td>
                  <Table.Td visibleFrom="sm">
                    {sizeBytes === null ? (
                      'nothing'
                    ) : (
                      <Text size="sm" span>
                        {printBytes(sizeBytes)}, <Instant at={changedAt} />
                      </Text>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          {(seen.length > 0 || next !== null) && (
            <Group className="no-print">
              <Button variant="default" size="xs" disabled={seen.length === 0} onClick={() => setSeen(seen.slice(0, -1))}>
                Files before
              </Button>
              <Button variant="default" size="xs" disabled={next === null} onClick={() => setSeen([...seen, next!])}>
                Next files
              </Button>
            </Group>
          )}
        </Stack>
      )}
    </Loaded>
  )
}
