import { systemClock } from '#base/clock.ts'
import { printBytes, printCount, printDuration } from '#base/units.ts'
import type { Progress } from '#engine/sources/source.ts'

const redrawEveryMs = 100
const barWidth = 20

/** One line that is drawn over: stage, percent, speed, time left. What is not known is not shown. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream
  #stage = ''
  #startedMs = 0
  #drawnMs = 0
  #isDrawn = false

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  show(progress: Progress): void {
    const nowMs = systemClock.monotonicMs()
    if (progress.stage !== this.#stage) {
      this.#stage = progress.stage
      this.#startedMs = nowMs
    } else if (nowMs - this.#drawnMs < redrawEveryMs) {
      return
    }
    this.#drawnMs = nowMs
    const text = describe(progress, nowMs - this.#startedMs).slice(0, this.#stream.columns - 1)
    this.#stream.write(`\r\u001b[2K${text}`)
    this.#isDrawn = true
  }

  clear(): void {
    if (this.#isDrawn) this.#stream.write('\r\u001b[2K')
    this.#isDrawn = false
  }
}

export function describe(progress: Progress, elapsedMs: number): string {
  const parts = [progress.stage.padEnd(9)]
  const { doneBytes, totalBytes } = progress
  const speed = doneBytes !== undefined && elapsedMs > 500 ? doneBytes / (elapsedMs / 1000) : undefined
  if (doneBytes !== undefined && totalBytes !== undefined && totalBytes > 0) {
    const share = Math.min(1, doneBytes / totalBytes)
    const filled = Math.round(share * barWidth)
    parts.push(`[${'#'.repeat(filled)}${' '.repeat(barWidth - filled)}] ${Math.floor(share * 100)} %`)
    if (speed) parts.push(`${printDuration(((totalBytes - Math.min(doneBytes, totalBytes)) / speed) * 1000)} left`)
  }
  if (doneBytes !== undefined) parts.push(printBytes(doneBytes))
  if (speed) parts.push(`${printBytes(speed)}/s`)
  if (progress.doneFiles !== undefined) parts.push(`${printCount(progress.doneFiles)} files`)
  if (progress.what !== undefined) parts.push(progress.what)
  return parts.join('  ')
}
