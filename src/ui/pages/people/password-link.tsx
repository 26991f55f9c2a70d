import { ShownOnce } from '#ui/parts/shown-once.tsx'
import { Instant } from '#ui/parts/time.tsx'

export interface PasswordLinkMade {
  readonly link: string
  readonly expiresAt: string
  /** Whose. */
  readonly title: string
}

export function PasswordLink({
  made: { link, expiresAt, title },
  onDone,
}: {
  readonly made: PasswordLinkMade
  readonly onDone: () => void
}) {
  return (
    <ShownOnce what={`Password link for ${title}`} lines={[link]} saved="I have handed it over, or will" onDone={onDone}>
      Whoever opens it sets the password of this account, once, until <Instant at={expiresAt} />. Hand it over where nobody else reads it. A
      link from before is good for nothing any more.
    </ShownOnce>
  )
}
