import { systemClock } from '#base/clock.ts'
import { lookOnlyHeader } from '#contract/look-only.ts'

/** Somebody who has not touched the page for so long is not at work: what the page asks by itself keeps no session open. */
const presentForMs = 60_000

let touchedAtMs = systemClock.monotonicMs()

/** Notes that somebody is there; called once. */
export function watchPresence(): void {
  const touch = () => {
    touchedAtMs = systemClock.monotonicMs()
  }
  for (const name of ['pointerdown', 'keydown', 'wheel']) window.addEventListener(name, touch, { passive: true, capture: true })
}

/** What a page sends with a question that nobody asked just now. */
export function lookHeaders(): Readonly<Record<string, string>> {
  return systemClock.monotonicMs() - touchedAtMs > presentForMs ? { [lookOnlyHeader]: '1' } : {}
}
