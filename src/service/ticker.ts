import { messageOf } from '#base/fault.ts'
import type { House } from './house.ts'

export interface Ticker extends AsyncDisposable {}

/**
 * Does `work` again and again, never twice at once: a tick that comes while it is at work makes it run once more. What fails
 * is logged, and tried with the next tick. Its end waits for the work that goes on.
 */
export function startTicker(
  { clock, log }: Pick<House, 'clock' | 'log'>,
  { name, everyMs, isAtOnce = false }: { readonly name: string; readonly everyMs: number; readonly isAtOnce?: boolean },
  work: () => Promise<unknown>,
): Ticker {
  let going: Promise<void> | undefined
  let isWantedAgain = false
  const run = async (): Promise<void> => {
    isWantedAgain = false
    try {
      await work()
    } catch (error) {
      log.error({ err: error, fact: messageOf(error) }, `${name} failed`)
    }
    if (isWantedAgain) return await run()
    going = undefined
  }
  if (isAtOnce) going = run()
  const timer = clock.every(everyMs, () => {
    if (going) isWantedAgain = true
    else going = run()
  })
  return {
    [Symbol.asyncDispose]: async () => {
      timer[Symbol.dispose]()
      isWantedAgain = false
      await going
    },
  }
}
