import { format, formatDistanceStrict } from 'date-fns'
import { durations } from '#base/units.ts'

/** `22 Nov 2026, 14:05:09` on the reader's own clock. */
export function printInstant(at: string): string {
  return format(new Date(at), 'd MMM yyyy, HH:mm:ss')
}

export function printDay(at: string): string {
  return format(new Date(at), 'd MMM yyyy')
}

/** How far that clock is from UTC at that moment: `UTC+1`, `UTC-3:30`, `UTC`. */
export function printZone(at: string): string {
  const minutes = -new Date(at).getTimezoneOffset()
  if (minutes === 0) return 'UTC'
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return `UTC${minutes < 0 ? '-' : '+'}${hours}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`
}

/** `3 hours ago`, `in 2 days`. */
export function printAgo(at: string, now: Date): string {
  const then = new Date(at)
  if (Math.abs(now.getTime() - then.getTime()) < 10 * durations.second) return 'just now'
  return formatDistanceStrict(then, now, { addSuffix: true })
}

/** What is left until then; undefined when nothing is. */
export function printLeft(until: string, now: Date): string | undefined {
  const leftMs = new Date(until).getTime() - now.getTime()
  if (leftMs <= 0) return undefined
  const [hours, minutes, seconds] = [
    Math.floor(leftMs / durations.hour),
    Math.floor((leftMs % durations.hour) / durations.minute),
    Math.floor((leftMs % durations.minute) / durations.second),
  ]
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h left`
  if (hours >= 1) return `${hours} h ${minutes} min left`
  return `${minutes} min ${String(seconds).padStart(2, '0')} s left`
}

/** Minutes as people say them: `45 min`, `3 h 20 min`, `2 d 4 h`. */
export function printMinutes(minutes: number): string {
  const whole = Math.round(minutes)
  if (minutes > 0 && whole === 0) return `${Math.max(1, Math.round(minutes * 60))} s`
  if (whole < 60) return `${whole} min`
  if (whole < 48 * 60) return whole % 60 === 0 ? `${whole / 60} h` : `${Math.floor(whole / 60)} h ${whole % 60} min`
  const hours = Math.round(whole / 60)
  return hours % 24 === 0 ? `${hours / 24} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}
