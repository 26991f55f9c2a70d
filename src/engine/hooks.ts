import { Fault } from '#base/fault.ts'
import type { Hook } from '#base/settings.ts'
import { run } from '#host/run.ts'

/**
 * Runs `before`, then `work`, then `after`: also when the work failed, and also when `before` itself did, since it may
 * have stopped half of what it stops (FEATURES S8). The work's own failure is what is reported; one of `after` beside it.
 */
export async function withHooks<T>(
  hooks: { before: Hook | undefined; after: Hook | undefined },
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  let result: T
  try {
    if (hooks.before) await runHook('before', hooks.before, signal)
    result = await work()
  } catch (error) {
    // Not with the caller's signal: what was stopped must be started again although somebody cancelled.
    if (hooks.after) await runHook('after', hooks.after).catch((second: unknown) => Promise.reject(bothFailed(error, second)))
    throw error
  }
  if (hooks.after) await runHook('after', hooks.after)
  return result
}

/** HOOK_FAILED with the tail of what it said when it cannot be run, ends with a code, or takes too long. */
export async function runHook(name: string, hook: Hook, signal?: AbortSignal): Promise<void> {
  const [command, ...args] = hook.command
  if (command === undefined) throw new Fault('HOOK_FAILED', `hook ${name} has no command`, { hook: name })
  const result = await run(command, args, { timeoutMs: hook.timeoutMs, signal })
  if (result.exitCode === 0) return
  const said = (result.stderr.trim() || result.stdout.trim()).slice(-500)
  throw new Fault('HOOK_FAILED', `hook ${name} (${command}) ended with code ${result.exitCode}${said && `: ${said}`}`, {
    hook: name,
    exitCode: result.exitCode,
  })
}

function bothFailed(first: unknown, second: unknown): unknown {
  return first instanceof Fault
    ? new Fault(first.code, `${first.message}; and then ${second instanceof Error ? second.message : String(second)}`, first.facts, {
        cause: first,
      })
    : first
}
