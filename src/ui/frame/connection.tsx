import { useLiveState } from '#ui/live.ts'
import { Badge } from '#ui/parts/tone.tsx'

/** Said only when what is shown may be old. */
export function Connection() {
  const state = useLiveState()
  return (
    <span role="status">
      {state === 'lost' && <Badge tone="warning">Connection lost, trying again</Badge>}
      {state === 'live' && <span className="visually-hidden">Live</span>}
    </span>
  )
}
