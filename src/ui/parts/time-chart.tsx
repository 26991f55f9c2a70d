import { Box, Skeleton, Table, Text } from '@mantine/core'
import { Suspense, lazy } from 'react'
import { printInstant } from '#ui/instants.ts'
import type { TimeChartProps } from './time-chart-rows.ts'

/** The charts are the largest part of the pages: they come when one is drawn. */
const Drawn = lazy(async () => ({ default: (await import('./time-chart-drawn.tsx')).TimeChartDrawn }))

/** Values over time, drawn for the eye; and as a table, for people who hear the page or want the numbers. */
export function TimeChart(props: TimeChartProps) {
  const { label, series, rows, print } = props
  return (
    <Box component="figure" m={0}>
      <Text component="figcaption" size="sm" c="dimmed" mb="xs">
        {label}
      </Text>
      {/* What points at a value may not widen the page. */}
      <div aria-hidden style={{ overflow: 'clip' }}>
        <Suspense fallback={<Skeleton height={240} />}>
          <Drawn {...props} />
        </Suspense>
      </div>
      <details>
        <Text component="summary" size="sm" c="var(--mantine-color-anchor)" style={{ cursor: 'pointer' }}>
          The same as a table
        </Text>
        <Table.ScrollContainer minWidth={280} mah={320} tabIndex={0} aria-label={label} role="region">
          <Table aria-label={label}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>When</Table.Th>
                {series.map(({ name, label: words }) => (
                  <Table.Th key={name} className="number">
                    {words}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map(({ at, values }) => (
                <Table.Tr key={at}>
                  <Table.Td>{printInstant(at)}</Table.Td>
                  {series.map(({ name }) => (
                    <Table.Td key={name} className="number">
                      {typeof values[name] === 'number' ? print(values[name]) : '—'}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </details>
    </Box>
  )
}
