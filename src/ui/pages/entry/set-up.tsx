import { EntryFrame } from './entry-frame.tsx'

export function SetUp() {
  return <EntryFrame title="Set-up">PLACEHOLDER</EntryFrame>
}
