/** Midnight at the beginning of that day, on the reader's own clock: `2026-11-22` → an instant. */
export function startOfDay(day: string | undefined): string | undefined {
  return day === undefined ? undefined : atMidnight(day, 0).toISOString()
}

/** The end of that day, which is the beginning of the next. */
export function dayAfter(day: string | undefined): string | undefined {
  return day === undefined ? undefined : atMidnight(day, 1).toISOString()
}

function atMidnight(day: string, daysLater: number): Date {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date + daysLater)
}
