import { useEffect, useSyncExternalStore } from 'react'
import { systemClock } from '#base/clock.ts'
import { parse } from '#base/parse.ts'
import { eventSchema, events } from '#contract/events.ts'
import { jobSchema, jobs, type Job } from '#contract/jobs.ts'
import { askAgain, keyOf, queries } from './call.ts'

/** `connecting`: for the first time. `lost`: what is shown may be old; the browser tries again by itself. */
export type LiveState = 'connecting' | 'live' | 'lost'

const eventNames = [
  'job.changed',
  'alert.opened',
  'alert.repeated',
  'alert.settled',
  'alert.happened',
  'alert.acknowledged',
  'missed',
] as const
/** What a change of a job may have changed beside it. */
const byJobs = [
  'jobs',
  'backups',
  'restores',
  'drills',
  'health',
  'repositories',
  'space',
  'schedules',
  'verification',
  'holds',
  'retention',
]

const retryAfterMs = 5_000

let state: LiveState = 'connecting'
const watchers = new Set<() => void>()

function setState(next: LiveState): void {
  if (next === state) return
  state = next
  for (const tell of watchers) tell()
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (tell) => {
      watchers.add(tell)
      return () => void watchers.delete(tell)
    },
    () => state,
  )
}

/** Keeps what is shown as it is, for as long as the page is there: one stream for all of it. */
export function useLive(): void {
  useEffect(() => {
    const over = new AbortController()
    void listen(over.signal)
    return () => {
      over.abort()
      setState('connecting')
    }
  }, [])
}

/** A browser connects again by itself unless the server answered with a refusal; then we try again. */
async function listen(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await listenOnce(signal)
    if (signal.aborted) return
    // A session that ended is such a refusal: asking for anything says so.
    void queries.invalidateQueries()
    await systemClock.sleep(retryAfterMs, signal).catch(() => undefined) // Cancelled: the loop ends.
  }
}

function listenOnce(signal: AbortSignal): Promise<void> {
  const stream = new EventSource(events.stream.path)
  stream.addEventListener('open', () => {
    // What happened while nobody listened is asked for.
    if (state === 'lost') void queries.invalidateQueries()
    setState('live')
  })
  for (const name of eventNames) stream.addEventListener(name, (event: MessageEvent<string>) => take(name, event.data))
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      stream.close()
      resolve()
    })
    stream.addEventListener('error', () => {
      setState('lost')
      if (stream.readyState === EventSource.CLOSED) resolve()
    })
  })
}

function take(name: (typeof eventNames)[number], data: string): void {
  if (name === 'missed') return void queries.invalidateQueries()
  if (name !== 'job.changed') return void askAgain(['alerts', 'health'])
  const { body } = parse(eventSchema, data, 'an event of the service', 'SERVICE_REPLY')
  const job = jobSchema.parse(body)
  keep(job)
  // Progress comes several times a second, and concerns nobody but who watches that job.
  if (job.status !== 'in_progress') void askAgain(byJobs)
}

function keep(job: Job): void {
  queries.setQueryData(keyOf(jobs.read, { params: { id: job.id } }), (before: object | undefined) => before && { ...before, ...job })
  queries.setQueriesData({ queryKey: [jobs.list.name] }, (before: { rows: readonly Job[] } | undefined) =>
    before?.rows.some(({ id }) => id === job.id) ? { ...before, rows: before.rows.map((row) => (row.id === job.id ? job : row)) } : before,
  )
}
