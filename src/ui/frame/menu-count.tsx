import { alerts } from '#contract/alerts.ts'
import { jobs } from '#contract/jobs.ts'
import { useReply } from '#ui/call.ts'
import { counted } from '#ui/words.ts'

/** How much waits behind an entry of the menu, where that is known; nothing when nothing does. */
export function MenuCount({ path }: { readonly path: string }) {
  if (path === '/alerts') return <OpenAlerts />
  if (path === '/jobs') return <OpenJobs />
  return null
}

function OpenAlerts() {
  const { data } = useReply(alerts.list, { query: { state: 'open', pageSize: 1 } })
  return data ? <Count total={data.total} noun="open alert" isPressing /> : null
}

function OpenJobs() {
  const { data } = useReply(jobs.list, { query: { isOpen: 'true', pageSize: 1 } })
  return data ? <Count total={data.total} noun="job" /> : null
}

export function Count({
  total,
  noun,
  isPressing = false,
}: {
  readonly total: number
  readonly noun: string
  readonly isPressing?: boolean
}) {
  if (total === 0) return null
  return (
    <span className={`badge tone tone-${isPressing ? 'bad' : 'busy'}`}>
      {total}
      <span className="visually-hidden"> {counted(total, noun).replace(/^\S+ /, '')}</span>
    </span>
  )
}
