import { printBytes } from '#base/units.ts'
import type { ReplyOf } from '#contract/endpoint.ts'
import type { space } from '#contract/space.ts'
import { TimeChart } from '#ui/parts/time-chart.tsx'
import { Note } from '#ui/parts/tone.tsx'
import { spaceRows } from './space-words.ts'

/** What a repository took, day by day, and where that leads. */
export function SpaceChart({ seen }: { readonly seen: ReplyOf<typeof space.days> }) {
  const { days, growthBytesPerDay } = seen
  if (days.length < 2) return <Note tone="unknown">What is stored is drawn here from the second day on.</Note>
  const isForeseen = growthBytesPerDay !== null
  return (
    <TimeChart
      label={`Stored bytes by day${isForeseen ? ', and how they would go on' : ''}`}
      series={[
        { name: 'stored', label: 'Stored', color: '--busy-line' },
        ...(isForeseen ? [{ name: 'ahead', label: 'Forecast', color: '--neutral-line', isDashed: true }] : []),
      ]}
      rows={spaceRows(days, seen)}
      print={printBytes}
    />
  )
}
