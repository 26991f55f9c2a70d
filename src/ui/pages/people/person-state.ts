import type { Person } from '#contract/people.ts'
import type { Wording } from '#ui/words.ts'

/** Whether somebody can come in, and what keeps them from it. */
export function personState(
  person: Pick<Person, 'retiredAt' | 'lockedUntil' | 'hasPassword' | 'lastSignInAt' | 'mustChangePassword'>,
  now: Date,
): Wording {
  if (person.retiredAt !== null) return { words: 'Closed', tone: 'neutral' }
  if (person.lockedUntil !== null && new Date(person.lockedUntil) > now) return { words: 'Locked out', tone: 'bad' }
  if (!person.hasPassword && person.lastSignInAt === null) return { words: 'Has not set a password', tone: 'warning' }
  if (person.mustChangePassword) return { words: 'Must change the password', tone: 'warning' }
  return { words: 'Open', tone: 'good' }
}
