import { Group, Select, Stack, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { format } from 'date-fns'
import { useRef, useState, type KeyboardEvent } from 'react'
import { z } from 'zod'
import { backups, type CalendarDay } from '#contract/backups.ts'
import type { SystemHealth } from '#contract/health.ts'
import { uuidSchema } from '#contract/shapes.ts'
import { useReply } from '#ui/call.ts'
import { Loaded } from '#ui/parts/loaded.tsx'
import { useNow } from '#ui/parts/time.tsx'
import { toneClass } from '#ui/parts/tone.tsx'
import { useSearchState } from '#ui/search.ts'
import { dateOf, monthsUntil, moved, outcomeOf, outcomeWords, wordsOf, type Month, type Outcome, type Place } from './calendar.ts'
import './outcome-calendar.css'

const searchSchema = z.object({ system: uuidSchema.optional().catch(undefined) })
const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone

/** A year of days on the reader's own wall, one cell each. */
export function OutcomeCalendar({ systems }: { readonly systems: readonly SystemHealth[] }) {
  const [{ system }, change] = useSearchState(searchSchema)
  const today = useNow(600_000)
  const months = monthsUntil(today)
  const query = { from: dateOf(months[0]!, 1), to: format(today, 'yyyy-MM-dd'), timeZone: ownZone, systemId: system }
  const reply = useReply(backups.calendar, { query })
  return (
    <Stack gap="sm">
      {systems.length > 1 && (
        <Select
          label="System"
          placeholder="All"
          clearable
          maw={320}
          data={systems.map(({ id, title }) => ({ value: id, label: title }))}
          value={system ?? null}
          onChange={(id) => change({ system: id ?? undefined })}
        />
      )}
      <Loaded reply={reply}>
        {({ days }) => <Year months={months} days={days} today={query.to} {...(system !== undefined && { systemId: system })} />}
      </Loaded>
      <Legend />
    </Stack>
  )
}

interface YearProps {
  readonly months: readonly Month[]
  readonly days: readonly CalendarDay[]
  readonly today: string
  readonly systemId?: string
}

function Year({ months, days, today, systemId }: YearProps) {
  const byDate = new Map(days.map((day) => [day.date, day]))
  const table = useRef<HTMLTableElement>(null)
  const [focused, setFocused] = useState<Place>({ row: months.length - 1, day: Number(today.slice(8)) })
  const go = (event: KeyboardEvent) => {
    const next = moved(focused, event.key, months)
    if (next.row === focused.row && next.day === focused.day) return
    if (dateOf(months[next.row]!, next.day) > today) return
    event.preventDefault()
    setFocused(next)
    table.current?.querySelector<HTMLElement>(`[data-day="${next.row}-${next.day}"]`)?.focus()
  }
  return (
    <div className="outcomes-scroll">
      <table ref={table} className="outcomes" aria-label="Outcomes of backups by day">
        <thead>
          <tr>
            <th scope="col">
              <span className="visually-hidden">Month</span>
            </th>
            {Array.from({ length: 31 }, (_none, index) => (
              <th scope="col" key={index}>
                {index + 1}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {months.map((month, row) => (
            <tr key={dateOf(month, 1)}>
              <th scope="row">{format(new Date(month.year, month.month, 1), 'MMM yyyy')}</th>
              {Array.from({ length: month.days }, (_none, index) => {
                const date = dateOf(month, index + 1)
                if (date > today) return null
                const isFocused = focused.row === row && focused.day === index + 1
                return (
                  <td key={date}>
                    <Day
                      at={new Date(month.year, month.month, index + 1)}
                      date={date}
                      day={byDate.get(date)}
                      place={`${row}-${index + 1}`}
                      tabIndex={isFocused ? 0 : -1}
                      systemId={systemId}
                      onKeyDown={go}
                    />
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface DayProps {
  readonly at: Date
  readonly date: string
  readonly day: CalendarDay | undefined
  readonly place: string
  readonly tabIndex: number
  readonly systemId: string | undefined
  readonly onKeyDown: (event: KeyboardEvent) => void
}

function Day({ at, date, day, place, tabIndex, systemId, onKeyDown }: DayProps) {
  const outcome = outcomeOf(day)
  const words = `${format(at, 'EEEE, d MMMM yyyy')}: ${wordsOf(day)}`
  return (
    <Link
      to="/backups"
      search={{ from: date, to: date, deleted: 'with', systemId }}
      className={cellClass(outcome)}
      data-day={place}
      tabIndex={tabIndex}
      onKeyDown={onKeyDown}
      aria-label={words}
      title={words}
      preload={false}
    >
      {outcomeWords[outcome].sign}
    </Link>
  )
}

function cellClass(outcome: Outcome): string {
  return outcome === 'none' ? 'outcome outcome-none' : `outcome tone ${toneClass(outcomeWords[outcome].tone)}`
}

function Legend() {
  return (
    <Group gap="md" aria-label="Signs" role="group">
      {(Object.keys(outcomeWords) as Outcome[]).map((outcome) => (
        <Group key={outcome} gap={6} wrap="nowrap">
          <span className={cellClass(outcome)} aria-hidden>
            {outcomeWords[outcome].sign}
          </span>
          <Text size="sm">{outcomeWords[outcome].words}</Text>
        </Group>
      ))}
    </Group>
  )
}
