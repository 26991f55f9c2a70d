import { Text } from '@mantine/core'
import { factOf, hintOf } from '#ui/hints.ts'
import { capitalized } from '#ui/words.ts'
import { Note } from './tone.tsx'

interface FaultNoteProps {
  readonly fault: { readonly code: string; readonly fact: string; readonly hint: string }
  readonly tone?: 'bad' | 'warning'
}

/** What went wrong, what to do about it, and the code to look it up by. */
export function FaultNote({ fault, tone = 'bad' }: FaultNoteProps) {
  return (
    <Note tone={tone} title={capitalized(factOf(fault.fact))}>
      <Text size="sm">{hintOf(fault)}</Text>
      <Text size="xs" component="code">
        {fault.code}
      </Text>
    </Note>
  )
}
