import { SimpleGrid } from '@mantine/core'
import type { ReactNode } from 'react'
import { printBytes } from '#base/units.ts'
import { backups } from '#contract/backups.ts'
import type { SystemHealth } from '#contract/health.ts'
import type { schedules } from '#contract/schedules.ts'
import { space, type SpaceView } from '#contract/space.ts'
import { useReply, type Reply } from '#ui/call.ts'
import { Figure } from '#ui/parts/facts.tsx'
import { Ago, Instant } from '#ui/parts/time.tsx'
import { useMay } from '#ui/session.ts'
import { counted, printWhole, wordingOf } from '#ui/words.ts'
import { recentQuery } from './recent-query.ts'

interface FiguresProps {
  readonly systems: readonly SystemHealth[]
  readonly plans: Reply<typeof schedules.list>
}

/** The numbers that are asked for first. Each says where it stands still when it is not known. */
export function Figures({ systems, plans }: FiguresProps) {
  const may = useMay()
  const recent = useReply(backups.list, { query: recentQuery }, { isAsked: may('backups.read') })
  const stored = useReply(space.list, { query: { pageSize: 200 } }, { isAsked: may('repositories.read') })
  const [newest] = recent.data?.rows ?? []
  const [next] = plans.data?.rows ?? []
  const [proven] = systems
    .filter(({ lastProvenAt }) => lastProvenAt !== null)
    .toSorted((a, b) => b.lastProvenAt!.localeCompare(a.lastProvenAt!))
  const usable = systems.reduce((sum, { chain }) => sum + chain.unverified + chain.intact + chain.proven, 0)
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="md">
      <Figure
        label="Backups"
        value={recent.data ? printWhole(recent.data.total) : 'not known yet'}
        note={`${counted(usable, 'is', 'are')} complete and there`}
      />
      <Figure label="Storage used" {...sumOf(stored.data?.rows, ({ storedBytes }) => storedBytes)} />
      <Figure label="Saved" {...savings(stored.data?.rows)} />
      <Figure
        label="Last backup"
        value={recent.data ? <Ago at={newest?.createdAt} absent="none yet" /> : 'not known yet'}
        note={newest && `${wordingOf(newest.status).words}, ${newest.systemName}`}
      />
      <Figure
        label="Next scheduled backup"
        value={plans.data ? <Ago at={next?.nextRunAt} absent="none" /> : 'not known yet'}
        note={next ? <Next at={next.nextRunAt} of={next.systemName} /> : plans.data && 'no schedule is switched on'}
      />
      <Figure
        label="Last proven restore"
        value={proven ? <Ago at={proven.lastProvenAt} /> : 'never'}
        note={proven ? proven.title : 'a recovery drill proves one'}
      />
    </SimpleGrid>
  )
}

function Next({ at, of }: { readonly at: string | null; readonly of: string }) {
  return (
    <>
      <Instant at={at} />, {of}
    </>
  )
}

interface Figured {
  readonly value: ReactNode
  readonly note?: ReactNode
}

/** Of the repositories that were measured; how many were not is said beside it. */
function sumOf(rows: readonly SpaceView[] | undefined, part: (row: SpaceView) => number | null): Figured {
  if (rows === undefined) return { value: 'not known yet' }
  const known = rows.map(part).filter((bytes) => bytes !== null)
  if (known.length === 0) return { value: 'not measured yet', note: 'it is counted within a minute after a backup' }
  const left = rows.length - known.length
  return {
    value: printBytes(known.reduce((sum, bytes) => sum + bytes, 0)),
    note:
      left > 0
        ? `${counted(left, 'repository', 'repositories')} not measured yet`
        : `in ${counted(rows.length, 'repository', 'repositories')}`,
  }
}

function savings(rows: readonly SpaceView[] | undefined): Figured {
  const all = sumOf(rows, ({ savedByCompressionBytes: zipped, savedByDedupBytes: shared }) =>
    zipped === null && shared === null ? null : (zipped ?? 0) + (shared ?? 0),
  )
  const [zipped, shared] = [
    sumOf(rows, ({ savedByCompressionBytes }) => savedByCompressionBytes),
    sumOf(rows, ({ savedByDedupBytes }) => savedByDedupBytes),
  ]
  if (rows === undefined || rows.every(({ savedByDedupBytes }) => savedByDedupBytes === null)) return all
  return {
    value: all.value,
    note: (
      <>
        {zipped.value} by compression, {shared.value} by deduplication
      </>
    ),
  }
}
