import { alerts } from '#contract/alerts.ts'
import { jobs } from '#contract/jobs.ts'
import { restores } from '#contract/restores.ts'
import { useReply } from '#ui/call.ts'
import { waitingQuery } from '#ui/pages/restores/waiting.ts'
import { counted } from '#ui/words.ts'

/** How much waits behind an entry of the menu, where that is known; nothing when nothing does. */
export function MenuCount({ path }: { readonly path: string }) {
  if (path === '/alerts') return <OpenAlerts />
  if (path === '/jobs') return <OpenJobs />
  if (path === '/approvals') return <WaitingApprovals />
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

/** No event tells of an order that waits: no job has begun. */
function WaitingApprovals() {
  const { data } = useReply(restores.history, { query: waitingQuery }, { everyMs: 30_000 })
  return data ? <Count total={data.total} noun="waiting restore" isPressing /> : null
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
