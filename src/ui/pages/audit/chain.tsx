import { Button, Checkbox, Group, Stack, Table, Text } from '@mantine/core'
import { IconShieldSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { audit } from '#contract/audit.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import { useAct, useReply } from '#ui/call.ts'
import { Facts } from '#ui/parts/facts.tsx'
import { Refusal } from '#ui/parts/refusal.tsx'
import { Loaded } from '#ui/parts/loaded.tsx'
import { Section } from '#ui/parts/page.tsx'
import { Ago } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { capitalized, counted, printWhole } from '#ui/words.ts'

type Report = ReplyOf<typeof audit.verify>

/** Whether anybody changed the trail: asked by whoever wants to know, answered by reading all of it. */
export function Chain() {
  const checkpoints = useReply(audit.checkpoints, { query: { pageSize: 1 } })
  const verify = useAct(audit.verify, ['audit'])
  const [withRepositories, setWith] = useState(true)
  return (
    <Section
      title="Is it whole?"
      lead="Each event holds the hash of the one before. Signed checkpoints lie in the repositories too, out of reach of whoever has the database."
      actions={
        <Button
          className="no-print"
          leftSection={<IconShieldSearch size={16} aria-hidden />}
          loading={verify.isPending}
          onClick={() => verify.mutate({ body: { withRepositories } })}
        >
          Verify the trail
        </Button>
      }
    >
      <Stack gap="sm">
        <Checkbox
          className="no-print"
          label="Compare with the copies in the repositories too: slower, and sees a trail that was cut off"
          checked={withRepositories}
          onChange={(event) => setWith(event.currentTarget.checked)}
        />
        <Refusal error={verify.error} />
        <div aria-live="polite">{verify.data && <Result report={verify.data} />}</div>
        <Loaded reply={checkpoints}>
          {({ lastSeq, lastHash, key, total, rows }) => (
            <Facts
              rows={[
                ['Events so far', printWhole(lastSeq)],
                ['Hash of the last', <code key="hash">{lastHash}</code>],
                ['Signed by key', <code key="key">{key.fingerprint}</code>],
                [
                  'Checkpoints',
                  <span key="checkpoints">
                    {total === 0 ? (
                      'none yet: the first is signed when the trail is looked at next'
                    ) : (
                      <>
                        {printWhole(total)}, the newest <Ago at={rows[0]?.at} />
                      </>
                    )}
                  </span>,
                ],
              ]}
            />
          )}
        </Loaded>
      </Stack>
    </Section>
  )
}

function Result({ report }: { readonly report: Report }) {
  const { isWhole, events, checkpoints, findings, findingCount, repositories } = report
  const copies = repositories.reduce((sum, { copies: count }) => sum + count, 0)
  const compared = `${counted(checkpoints, 'signed checkpoint')}${repositories.length > 0 ? `, with ${counted(copies, 'copy', 'copies')} in ${counted(repositories.length, 'repository', 'repositories')}` : ''}`
  if (isWhole)
    return (
      <Stack gap="xs">
        <Note tone="good" title={`The trail is whole: ${counted(events, 'event')}`}>
          <Text size="sm">Each is as it was written, none is missing, none was added by another hand. Compared with {compared}.</Text>
        </Note>
        <Unread report={report} />
      </Stack>
    )
  return (
    <Stack gap="xs">
      <Note tone="bad" title={`The trail was changed: ${counted(findingCount, 'finding')} in ${counted(events, 'event')}`}>
        <Text size="sm">
          Change nothing more. Keep a copy of the catalog as it is, export the trail, and compare with the checkpoints in the repositories
          and with what is on paper.
        </Text>
      </Note>
      <Table aria-label="Findings">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Event</Table.Th>
            <Table.Th>What</Table.Th>
            <Table.Th>Fact</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {findings.map(({ seq, kind, fact }) => (
            <Table.Tr key={`${seq} ${kind} ${fact}`}>
              <Table.Td>{seq}</Table.Td>
              <Table.Td>{kind}</Table.Td>
              <Table.Td>{capitalized(fact)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {findingCount > findings.length && (
        <Text size="sm">
          The first {printWhole(findings.length)} of {printWhole(findingCount)}.
        </Text>
      )}
      <Unread report={report} />
    </Stack>
  )
}

/** What was not compared is said, so that nobody takes it for compared. */
function Unread({ report: { repositories } }: { readonly report: Report }) {
  const unread = repositories.filter(({ problem }) => problem !== null)
  if (unread.length === 0) return null
  return (
    <Note tone="warning" title={`${counted(unread.length, 'repository', 'repositories')} could not be asked`}>
      <Group gap="xs">
        {unread.map(({ id, name, problem }) => (
          <Text size="sm" key={id}>
            {name}: {problem}.
          </Text>
        ))}
      </Group>
    </Note>
  )
}
