import { EntryFrame } from './entry-frame.tsx'

export function SetPassword() {
  return <EntryFrame title="Set your password">PLACEHOLDER</EntryFrame>
}
