import type { Tone } from './words.ts'

export interface Notification {
  readonly tone: Tone
  readonly title: string
  readonly message?: string
}

let show: ((notification: Notification) => void) | undefined
const waiting: Notification[] = []
let want: (() => void) | undefined

/** Says briefly what was done, beside where the reader looks. Never the only place where something is said. */
export function notify(notification: Notification): void {
  if (show) return show(notification)
  waiting.push(notification)
  want?.()
}

/** What shows them is fetched with the first one. */
export function onFirstNotification(tell: () => void): void {
  want = tell
  if (waiting.length > 0) tell()
}

export function showBy(how: (notification: Notification) => void): void {
  show = how
  for (const notification of waiting.splice(0)) how(notification)
}
