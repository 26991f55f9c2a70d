import { spawn, spawnSync } from 'node:child_process'

const startedMs = performance.now()

export function say(message) {
  process.stderr.write(`[set-up ${((performance.now() - startedMs) / 1000).toFixed(1)} s] ${message}\n`)
}

/** Runs a program to its end; its output goes to stderr. Throws unless it exits with 0. */
export function sh(command, args, options = {}) {
  const ended = spawnSync(command, args, { stdio: ['ignore', 2, 2], ...options })
  if (ended.error) throw new Error(`${command} cannot be started: ${ended.error.message}`, { cause: ended.error })
  if (ended.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${ended.status ?? ended.signal}`)
}

/** Package servers fail for a moment now and then: three tries, with a growing pause. */
export function retrying(work) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return work()
    } catch (error) {
      if (attempt === 3) throw error
      say(`${error.message}; trying again`)
      pause(3000 * attempt)
    }
  }
}

export function pause(durationMs) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs)
}

/** Runs the command that was asked for as if it had been started itself: same streams, same exit code, signals passed on. */
export function handOver(node, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { stdio: 'inherit', env })
    // Ctrl-C reaches the whole process group by itself; passing it on would be a second one.
    process.on('SIGINT', () => {})
    for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}
