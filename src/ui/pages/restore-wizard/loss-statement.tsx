import { List, Text } from '@mantine/core'
import type { PlanSummary } from '#contract/restores.ts'
import { Instant } from '#ui/parts/time.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { counted } from '#ui/words.ts'
import { replaces, withInstants } from './words-of-plan.ts'

/** A sentence of the service with its moments on the reader's own clock. */
export function WithInstants({ text }: { readonly text: string }) {
  return withInstants(text).map((part, index) =>
    // oxlint-disable-next-line react/no-array-index-key -- parts of one sentence never move
    'instant' in part ? <Instant key={index} at={part.instant} /> : <span key={index}>{part.text}</span>,
  )
}

interface LossProps {
  readonly summary: PlanSummary
  /** `done`: it went live since, and what is said here is past. */
  readonly was?: 'planned' | 'done'
}

/** What exists now and would be gone: the first thing that anybody reads (SAFETY rules 11 and 25). */
export function LossStatement({ summary, was = 'planned' }: LossProps) {
  const { loss, plannedAt, lossRowsMax } = summary
  const isDone = was === 'done'
  if (loss.length === 0)
    return (
      <Note tone="good" title={isDone ? 'Nothing that existed was taken away' : 'Nothing that exists now would be gone'}>
        <Text size="sm">
          {replaces(summary) || isDone
            ? 'As far as counting and comparing shows.'
            : 'What comes back is put where nothing is yet. What is live is neither read nor changed by it.'}
        </Text>
      </Note>
    )
  return (
    <section aria-label="What would be gone">
      <Note tone="bad" title={isDone ? 'What existed before and was taken away' : 'What exists now and would be gone'}>
        <List size="sm" spacing={2} mt={4}>
          {loss.map((line) => (
            <List.Item key={line}>
              <WithInstants text={line} />
            </List.Item>
          ))}
        </List>
        <Text size="sm" mt={6}>
          Counted <Instant at={plannedAt} />;{' '}
          {isDone ? 'what was written until the swap went as well.' : 'whatever is written after that would be gone as well.'}
          {lossRowsMax !== null && ` The restore gives up when more than ${counted(lossRowsMax, 'row')} are written until the swap.`}
        </Text>
      </Note>
    </section>
  )
}
