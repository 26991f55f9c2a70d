import { LineChart } from '@mantine/charts'
import '@mantine/charts/styles.css'
import { printDuration } from '#base/units.ts'
import { printDay } from '#ui/instants.ts'

interface TrendChartProps {
  readonly points: readonly { readonly drillId: string; readonly at: string; readonly restoredInMs: number }[]
  readonly objectiveMs: number | null
}

/** The table beside it is for whoever cannot see it. */
export function TrendChart({ points, objectiveMs }: TrendChartProps) {
  return (
    <div aria-hidden style={{ overflow: 'clip' }}>
      <LineChart
        h={220}
        data={points.map(({ at, restoredInMs }) => ({ day: printDay(at), 'Restored in': restoredInMs }))}
        dataKey="day"
        series={[{ name: 'Restored in', color: 'petrol.8' }]}
        curveType="linear"
        lineChartProps={{ accessibilityLayer: false }}
        valueFormatter={printDuration}
        yAxisProps={{ width: 70, domain: [0, (highest: number) => Math.max(highest, objectiveMs ?? 0) * 1.1] }}
        {...(objectiveMs !== null && {
          referenceLines: [{ y: objectiveMs, label: `Objective ${printDuration(objectiveMs)}`, color: 'red.8' }],
        })}
      />
    </div>
  )
}
