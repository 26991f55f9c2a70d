import { Select } from '@mantine/core'

/** Of the reader's own machine. */
export const ownTimeZone = Intl.DateTimeFormat().resolvedOptions().timeZone
const zones = [...new Set(['UTC', ownTimeZone, ...Intl.supportedValuesOf('timeZone')])]
/** More than fit on a screen: the rest is found by its name. */
const shownMax = 60

interface TimeZoneSelectProps {
  readonly label?: string
  readonly description?: string
  readonly value: string
  readonly error?: string | undefined
  readonly onChange: (timeZone: string) => void
}

/** Every time zone that the browser knows, found by typing a part of its name. */
export function TimeZoneSelect({ label = 'Time zone', description, value, error, onChange }: TimeZoneSelectProps) {
  return (
    <Select
      label={label}
      description={description}
      searchable
      allowDeselect={false}
      limit={shownMax}
      nothingFoundMessage="No time zone has that in its name"
      data={zones.includes(value) ? zones : [value, ...zones]}
      value={value}
      error={error}
      onChange={(zone) => zone !== null && onChange(zone)}
    />
  )
}
