import '@mantine/charts/styles.css'
import { LineChart } from '@mantine/charts'
import { format } from 'date-fns'
import { printBytes } from '#base/units.ts'
import type { Point } from './forecast.ts'

const forecast = { name: 'forecast', label: 'Forecast', color: 'var(--warning-line)', strokeDasharray: '6 4' }

/** Solid: what was seen. Dashed: the forecast. */
export function StorageChart({ points, label }: { readonly points: readonly Point[]; readonly label: string }) {
  return (
    <div aria-label={label} role="img">
      <LineChart
        h={280}
        data={points.map((point) => ({ ...point }))}
        dataKey="at"
        series={[
          { name: 'stored', label: 'Stored', color: 'var(--busy-line)' },
          ...(points.some((point) => point.forecast !== undefined) ? [forecast] : []),
        ]}
        curveType="linear"
        withLegend
        withDots={points.length < 40}
        yAxisProps={{ width: 80 }}
        xAxisProps={{
          type: 'number',
          scale: 'time',
          domain: ['dataMin', 'dataMax'],
          tickFormatter: (at: number) => format(at, 'd MMM'),
        }}
        valueFormatter={(bytes) => printBytes(Math.round(bytes))}
        tooltipProps={{ labelFormatter: (at) => (typeof at === 'number' ? format(at, 'd MMM yyyy') : '') }}
      />
    </div>
  )
}
