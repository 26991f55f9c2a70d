import { Fragment, type ReactNode } from 'react'
import { Box, Text } from '@mantine/core'

interface FactsProps {
  /** Name and value; what is not known is said to be unknown, never left out. */
  readonly rows: readonly (readonly [name: string, value: ReactNode])[]
}

/** What is known of one thing, line by line. */
export function Facts({ rows }: FactsProps) {
  return (
    <Box component="dl" className="facts" m={0}>
      {rows.map(([name, value]) => (
        <Fragment key={name}>
          <Text component="dt" size="sm" c="dimmed">
            {name}
          </Text>
          <Text component="dd" size="sm" m={0} style={{ overflowWrap: 'anywhere' }}>
            {value ?? 'unknown'}
          </Text>
        </Fragment>
      ))}
    </Box>
  )
}

/** One number with what it counts; the number first. */
export function Figure({ label, value, note }: { readonly label: string; readonly value: ReactNode; readonly note?: ReactNode }) {
  return (
    <Box className="surface" p="md" component="section" aria-label={label}>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fz={26} fw={650} lh={1.25} component="div">
        {value}
      </Text>
      {note !== undefined && (
        <Text size="sm" c="dimmed" component="div">
          {note}
        </Text>
      )}
    </Box>
  )
}
