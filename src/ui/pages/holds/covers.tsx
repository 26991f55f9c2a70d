import { Anchor, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { HoldView } from '#contract/holds.ts'
import { Instant } from '#ui/parts/time.tsx'

/** What a hold is on, in words, with a link to it where it is one backup. */
export function Covers({ hold }: { readonly hold: HoldView }) {
  const { backupId, backupName, covers, from, to } = hold
  if (backupId !== null)
    return (
      <Text size="sm" component="span">
        the backup{' '}
        <Anchor size="sm" underline="always" renderRoot={(props) => <Link to="/backups/$id" params={{ id: backupId }} {...props} />}>
          {backupName ?? backupId}
        </Anchor>
      </Text>
    )
  // The service names the instants in UTC after the first comma; here they are the reader's.
  return (
    <Text size="sm" component="span">
      {covers.split(', ')[0]}
      {from !== null && (
        <>
          , made from <Instant at={from} />
        </>
      )}
      {to !== null && (
        <>
          , made before <Instant at={to} />
        </>
      )}
    </Text>
  )
}
