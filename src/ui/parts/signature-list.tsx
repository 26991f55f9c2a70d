import { Stack, Text } from '@mantine/core'
import { signatures } from '#contract/signatures.ts'
import { useReply } from '#ui/call.ts'
import { Loaded, TextSkeleton } from './loaded.tsx'
import { Instant } from './time.tsx'

/** Who signed that, when, and what for: name, time and meaning as they were signed (21 CFR 11.50). */
export function SignatureList({ subjectId, none = 'Nobody has signed it.' }: { readonly subjectId: string; readonly none?: string }) {
  const reply = useReply(signatures.list, { query: { subjectId, pageSize: 50 } })
  return (
    <Loaded
      reply={reply}
      skeleton={<TextSkeleton lines={2} />}
      isEmpty={({ rows }) => rows.length === 0}
      empty={
        <Text size="sm" c="dimmed">
          {none}
        </Text>
      }
    >
      {({ rows }) => (
        <Stack gap="sm" component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
          {rows.map((one) => (
            <li key={one.id}>
              <Text size="sm">
                <strong>{one.userTitle}</strong> ({one.userName}), <Instant at={one.signedAt} />
              </Text>
              <Text size="sm">“{one.meaning}”</Text>
              <Text size="sm">Reason: {one.reason}</Text>
              <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
                Signed digest <code>{one.digest}</code>
              </Text>
            </li>
          ))}
        </Stack>
      )}
    </Loaded>
  )
}
