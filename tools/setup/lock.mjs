import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pause, say } from './processes.mjs'

const staleAfterMs = 30 * 60 * 1000

/** One set-up at a time in one checkout: a second one waits, and then finds everything done. */
export async function withSetupLock(root, work) {
  const file = path.join(root, '.cache', 'setup.lock')
  mkdirSync(path.dirname(file), { recursive: true })
  acquire(file)
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}

function acquire(file) {
  for (let waits = 0; ; waits += 1) {
    try {
      const descriptor = openSync(file, 'wx')
      writeSync(descriptor, `${os.hostname()} ${process.pid}`)
      closeSync(descriptor)
      return
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (isAbandoned(file)) rmSync(file, { force: true })
    else {
      if (waits === 0) say(`another set-up is running (${file}); waiting for it`)
      pause(500)
    }
  }
}

function isAbandoned(file) {
  const found = statSync(file, { throwIfNoEntry: false })
  if (!found) return false
  const ageMs = Date.now() - found.mtimeMs
  if (ageMs > staleAfterMs) return true
  const [hostname, pid] = readFileSync(file, 'utf8').split(' ')
  // An empty file is one that is being written this moment.
  if (hostname !== os.hostname() || !pid) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}
