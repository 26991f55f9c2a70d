import { writeFileSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { systemClock } from '#base/clock.ts'
import { errnoOf } from '#base/fault.ts'

const belowOthers = constants.priority.PRIORITY_BELOW_NORMAL
/** Linux lets everybody but root set one in a tenth of a second. */
const betweenAttemptsMs = 150
const attemptsMax = 10

/**
 * Others go before it: for a process that leads a session of its own and has not begun, so that threads and programs that it starts
 * have what it has. Linux may share processors between sessions first (sched(7), "The autogroup feature"): a process's priority
 * says nothing to those of other sessions then, and the session's own has to be set.
 */
export function giveWay(pid: number): void {
  setPriority(pid, belowOthers)
  void setSessionPriority(pid)
}

/** Where there is no such file, or it may not be written, work is done no worse: it only shares with other sessions as their equal. */
async function setSessionPriority(pid: number): Promise<void> {
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    try {
      return writeFileSync(`/proc/${pid}/autogroup`, String(belowOthers))
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') return
    }
    await systemClock.sleep(betweenAttemptsMs)
  }
}
