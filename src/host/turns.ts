import { setImmediate } from 'node:timers'

/** Calls `work` when the event loop has gone round so many times: soon when there is nothing else to do, later while there is. */
export function afterTurns(turns: number, work: () => void): void {
  setImmediate(() => (turns > 1 ? afterTurns(turns - 1, work) : work()))
}
