import { Button, List, Stack, Text } from '@mantine/core'
import { IconEyeCheck } from '@tabler/icons-react'
import { restores } from '#contract/restores.ts'
import type { TestLine } from '#contract/systems.ts'
import { useAct } from '#ui/call.ts'
import { Refusal } from '#ui/parts/refusal.tsx'
import { Instant } from '#ui/parts/time.tsx'
import { Badge, Note } from '#ui/parts/tone.tsx'
import { capitalized, type Wording } from '#ui/words.ts'
import { WithInstants } from './loss-statement.tsx'

const resultWords: Readonly<Record<TestLine['result'], Wording>> = {
  ok: { words: 'in order', tone: 'good' },
  warning: { words: 'look at this', tone: 'warning' },
  failed: { words: 'stands in the way', tone: 'bad' },
}

/** Whether it could be restored at this moment: the backup is read quickly, the target is asked. Changes nothing. */
export function LookNow({
  of,
  label,
}: {
  readonly of: { readonly backupId: string } | { readonly planId: string }
  readonly label: string
}) {
  const look = useAct(restores.validate, [])
  return (
    <Stack gap="sm">
      <Button
        variant="default"
        style={{ alignSelf: 'flex-start' }}
        leftSection={<IconEyeCheck size={16} aria-hidden />}
        loading={look.isPending}
        onClick={() => look.mutate({ body: of })}
      >
        {label}
      </Button>
      <Refusal error={look.error} />
      <div aria-live="polite">
        {look.data && (
          <Note
            tone={resultWords[look.data.result].tone}
            title={
              look.data.result === 'failed'
                ? 'It could not be restored now'
                : look.data.result === 'warning'
                  ? 'It could be restored now; read what is marked'
                  : 'It could be restored now'
            }
          >
            <Text size="sm">
              Looked at <Instant at={look.data.at} />
            </Text>
            <List size="sm" spacing={4} mt={4} listStyleType="none">
              {look.data.lines.map(({ subject, result, fact, hint }) => (
                <List.Item key={`${subject} ${fact}`}>
                  <Badge tone={resultWords[result].tone}>{resultWords[result].words}</Badge> {capitalized(subject)}:{' '}
                  <WithInstants text={fact} />
                  {result !== 'ok' && hint !== '' && ` ${hint}`}
                </List.Item>
              ))}
            </List>
          </Note>
        )}
      </div>
    </Stack>
  )
}
