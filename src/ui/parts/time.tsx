import { Text } from '@mantine/core'
import { useEffect, useState } from 'react'
import { systemClock } from '#base/clock.ts'
import { printAgo, printInstant, printLeft, printZone } from '#ui/instants.ts'

/** The time now, again and again, for what counts up or down on a page. */
export function useNow(everyMs: number): Date {
  const [now, setNow] = useState(() => systemClock.now())
  useEffect(() => {
    const timer = systemClock.every(everyMs, () => setNow(systemClock.now()))
    return () => timer[Symbol.dispose]()
  }, [everyMs])
  return now
}

interface InstantProps {
  /** ISO 8601; null is shown as a dash with the words for it. */
  readonly at: string | null | undefined
  readonly absent?: string
}

/** A moment in the reader's own time zone, which is named; in UTC when pointed at. */
export function Instant({ at, absent = '—' }: InstantProps) {
  if (at === null || at === undefined)
    return (
      <Text span inherit>
        {absent}
      </Text>
    )
  return (
    <time dateTime={at} title={`${new Date(at).toISOString().replace('T', ' ').slice(0, 19)} UTC`} style={{ whiteSpace: 'nowrap' }}>
      {printInstant(at)} {printZone(at)}
    </time>
  )
}

/** `3 hours ago`, with the moment itself when pointed at. */
export function Ago({ at, absent = 'never' }: InstantProps) {
  const now = useNow(30_000)
  if (at === null || at === undefined)
    return (
      <Text span inherit>
        {absent}
      </Text>
    )
  return (
    <time dateTime={at} title={`${printInstant(at)} ${printZone(at)}`} style={{ whiteSpace: 'nowrap' }}>
      {printAgo(at, now)}
    </time>
  )
}

/** `23 h 12 min left`, to the second in the last hour. */
export function Countdown({ until, over = 'over' }: { readonly until: string; readonly over?: string }) {
  const now = useNow(1_000)
  return (
    <time dateTime={until} role="timer" style={{ whiteSpace: 'nowrap' }}>
      {printLeft(until, now) ?? over}
    </time>
  )
}
