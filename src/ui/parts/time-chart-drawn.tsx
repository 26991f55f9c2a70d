import '@mantine/charts/styles.css'
import { LineChart } from '@mantine/charts'
import { format } from 'date-fns'
import { durations } from '#base/units.ts'
import type { TimeChartProps } from './time-chart-rows.ts'

/** Fetched by time-chart.tsx when there is something to draw. */
export function TimeChartDrawn({ series, rows, print, hasDots = false }: TimeChartProps) {
  const data = rows.map(({ at, values }) => ({ at: new Date(at).getTime(), ...values }))
  const spanMs = (data.at(-1)?.at ?? 0) - (data[0]?.at ?? 0)
  const printAt = (at: number) => format(new Date(at), spanMs < 2 * durations.day ? 'd MMM, HH:mm' : 'd MMM')
  return (
    <LineChart
      h={240}
      data={data}
      dataKey="at"
      series={series.map(({ name, label, color, isDashed }) => ({
        name,
        label,
        color: `var(${color})`,
        ...(isDashed && { strokeDasharray: '5 5' }),
      }))}
      curveType="linear"
      withDots={hasDots || rows.length < 3}
      withLegend={series.length > 1}
      connectNulls={false}
      valueFormatter={print}
      lineChartProps={{ accessibilityLayer: false }}
      lineProps={{ isAnimationActive: false }}
      yAxisProps={{ width: 84, domain: [0, 'auto'] }}
      xAxisProps={{ type: 'number', scale: 'time', domain: ['dataMin', 'dataMax'], tickFormatter: printAt, minTickGap: 40 }}
      // Between two points there is none.
      tooltipProps={{ labelFormatter: (at) => (typeof at === 'number' ? printAt(at) : '') }}
    />
  )
}
