import { readFile, readlink, realpath } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import { Fault, errnoOf } from '#base/fault.ts'

const patienceMs = 15_000
const lookEveryMs = 50

/**
 * Ends the server of a private cluster whose owner was killed, and nothing else: the process must stand in the cluster's
 * own data directory. `directory` is what `startCluster` was given. False when none runs there.
 */
export async function endLeftServer(directory: string, clock: Clock): Promise<boolean> {
  const data = path.join(directory, 'data')
  const pid = await recordedIn(data)
  if (pid === undefined || !(await standsIn(pid, data))) return false
  // At once, yet giving its shared memory back, which SIGKILL would not.
  process.kill(pid, 'SIGQUIT')
  for (let waitedMs = 0; await standsIn(pid, data); waitedMs += lookEveryMs) {
    if (waitedMs >= patienceMs) throw new Fault('HOST_IO', `the private PostgreSQL ${pid} in ${data} does not end`, { pid })
    await clock.sleep(lookEveryMs)
  }
  return true
}

async function recordedIn(data: string): Promise<number | undefined> {
  try {
    const pid = Number((await readFile(path.join(data, 'postmaster.pid'), 'utf8')).split('\n')[0])
    return Number.isInteger(pid) && pid > 1 ? pid : undefined
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    return undefined
  }
}

/** A process id may belong to somebody else by now: a postmaster works in its data directory. */
async function standsIn(pid: number, data: string): Promise<boolean> {
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(data))
  } catch (error) {
    if (errnoOf(error) === undefined) throw error
    // No such process, or one that we may not look at: none of ours.
    return false
  }
}
