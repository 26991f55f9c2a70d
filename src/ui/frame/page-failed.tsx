import { Failed } from '#ui/parts/loaded.tsx'

/** Where a page itself broke: the frame around it stays, so that the way out is there. */
export function PageFailed({ error, reset }: { readonly error: unknown; readonly reset: () => void }) {
  return <Failed error={error} onRetry={reset} />
}
