import { systemClock } from '#base/clock.ts'
import { codeOfStep } from '#test/support/authenticator.ts'

const stepMs = 30_000
/** Each step is good once, whoever used it: here, for every secret. */
const used = new Map<string, number>()

/** Codes of authenticators, never the same twice: that of this step and of the next are good, the one before was used to enrol. */
export const NextCode = {
  async of(secret: string): Promise<string> {
    for (;;) {
      const now = Math.floor(systemClock.now().getTime() / stepMs)
      const step = Math.max((used.get(secret) ?? 0) + 1, now)
      if (step <= now + 1) {
        used.set(secret, step)
        return codeOfStep(secret, step)
      }
      await systemClock.sleep(500)
    }
  },
}
