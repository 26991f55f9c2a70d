export const KiB = 1024
export const MiB = 1024 * KiB
export const GiB = 1024 * MiB

const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** `1536` → `1.5 KiB`. Binary units, at most one decimal. */
export function printBytes(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  let value = bytes
  let unit = 0
  while (Math.abs(value) >= 1024 && unit < names.length - 1) {
    value /= 1024
    unit += 1
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${names[unit]}`
}

/** `83000` → `1m 23s`; below a minute one decimal, below a second whole milliseconds. */
export function printDuration(durationMs: number): string {
  if (durationMs < second) return `${Math.round(durationMs)} ms`
  if (durationMs < minute) return `${(durationMs / second).toFixed(1)} s`
  if (durationMs < hour) return `${Math.floor(durationMs / minute)}m ${Math.round((durationMs % minute) / second)}s`
  return `${Math.floor(durationMs / hour)}h ${Math.round((durationMs % hour) / minute)}m`
}

export function printCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 row`, `1,234 rows`. */
export function printCounted(count: number, noun: string, plural = `${noun}s`): string {
  return `${printCount(count)} ${count === 1 ? noun : plural}`
}

export const durations = { second, minute, hour, day: 24 * hour } as const

const durationUnits: Readonly<Record<string, number>> = { s: second, m: minute, h: hour, d: 24 * hour }

/** `90s`, `30m`, `4h`, `2d`: how long something may take, as people write it in settings. */
export const durationPattern = /^(\d{1,9})(s|m|h|d)$/

export function durationMsOf(text: string): number {
  const [, count = '', unit = ''] = durationPattern.exec(text) ?? []
  return Number(count) * (durationUnits[unit] ?? Number.NaN)
}
