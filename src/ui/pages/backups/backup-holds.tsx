import { Anchor, List, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { holds } from '#contract/holds.ts'
import { useReply } from '#ui/call.ts'
import { Note } from '#ui/parts/tone.tsx'
import { counted } from '#ui/words.ts'
import type { BackupDetailsView } from '#contract/backups.ts'

export function BackupHolds({ backup: { id, holdCount, heldByAlert } }: { readonly backup: BackupDetailsView }) {
  const { data } = useReply(holds.held, { query: { backupId: id, pageSize: 1 } }, { isAsked: holdCount > 0 })
  return (
    <>
      {holdCount > 0 && (
        <Note tone="neutral" title={`${counted(holdCount, 'legal hold')}: nobody deletes it`}>
          <List size="sm">
            {(data?.rows[0]?.holds ?? []).map((hold) => (
              <List.Item key={hold.id}>
                <Anchor size="sm" underline="always" renderRoot={(props) => <Link to="/holds" search={{ open: hold.id }} {...props} />}>
                  {hold.reference}
                </Anchor>
                : {hold.reason}
              </List.Item>
            ))}
          </List>
        </Note>
      )}
      {heldByAlert !== null && (
        <Note tone="warning" title="An open alert keeps it">
          <Text size="sm">
            A later backup is in doubt, so that this one may be needed. It can be deleted once the{' '}
            <Anchor size="sm" underline="always" renderRoot={(props) => <Link to="/alerts" {...props} />}>
              alert
            </Anchor>{' '}
            is settled.
          </Text>
        </Note>
      )}
    </>
  )
}
