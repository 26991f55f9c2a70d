import { readFile } from 'node:fs/promises'
import { Fault, messageOf } from '#base/fault.ts'
import type { CommandHook, Hook, HttpHook } from '#base/settings.ts'
import { run } from '#host/run.ts'

/** What a hook is told of: a program learns it from nothing, a server from the body of the request. */
export interface HookOccasion {
  readonly of: 'backup' | 'restore'
  readonly system: string
  /** Of the backup or of the restore. */
  readonly id: string
}

/**
 * Runs `before`, then `work`, then `after`: also when the work failed, and also when `before` itself did, since it may
 * have stopped half of what it stops (FEATURES S8). The work's own failure is what is reported; one of `after` beside it.
 */
export async function withHooks<T>(
  hooks: { readonly before: Hook | undefined; readonly after: Hook | undefined; readonly occasion: HookOccasion },
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const { before, after, occasion } = hooks
  let result: T
  try {
    if (before) await runHook({ name: 'before', hook: before, occasion }, signal)
    result = await work()
  } catch (error) {
    // Not with the caller's signal: what was stopped must be started again although somebody cancelled.
    if (after) await runHook({ name: 'after', hook: after, occasion }).catch((second: unknown) => Promise.reject(bothFailed(error, second)))
    throw error
  }
  if (after) await runHook({ name: 'after', hook: after, occasion })
  return result
}

export interface HookCall {
  readonly name: 'before' | 'after'
  readonly hook: Hook
  readonly occasion: HookOccasion
}

/** HOOK_FAILED with the tail of what it said when it cannot be run, ends with a failure, or takes too long. */
export async function runHook(call: HookCall, signal?: AbortSignal): Promise<void> {
  const { hook } = call
  if ('url' in hook) await askServer(call, hook, signal)
  else await runCommand(call, hook, signal)
}

async function runCommand({ name }: HookCall, hook: CommandHook, signal: AbortSignal | undefined): Promise<void> {
  const [command, ...args] = hook.command
  if (command === undefined) throw new Fault('HOOK_FAILED', `hook ${name} has no command`, { hook: name })
  const result = await run(command, args, { timeoutMs: hook.timeoutMs, signal })
  if (result.exitCode === 0) return
  const said = (result.stderr.trim() || result.stdout.trim()).slice(-saidLengthMax)
  throw new Fault('HOOK_FAILED', `hook ${name} (${command}) ended with code ${result.exitCode}${said && `: ${said}`}`, {
    hook: name,
    exitCode: result.exitCode,
  })
}

const saidLengthMax = 500

/** What a redirect leads to was not named by the operator: it is an answer like any other that is no success. */
async function askServer({ name, occasion }: HookCall, hook: HttpHook, signal: AbortSignal | undefined): Promise<void> {
  const place = new URL(hook.url).origin
  const until = AbortSignal.any([AbortSignal.timeout(hook.timeoutMs), ...(signal ? [signal] : [])])
  let answer: Response
  let said: string
  try {
    answer = await fetch(hook.url, {
      method: hook.method,
      headers: { 'content-type': 'application/json', ...(await headersOf(hook)) },
      body: JSON.stringify(bodyOf(name, occasion)),
      redirect: 'manual',
      signal: until,
    })
    said = await beginningOf(answer)
  } catch (cause) {
    if (signal?.aborted) throw new Fault('CANCELLED', `hook ${name} (${place}) was cancelled`, {}, { cause: signal.reason })
    const why = until.aborted ? `did not answer within ${hook.timeoutMs} ms` : `could not be asked: ${reasonOf(cause)}`
    throw new Fault('HOOK_FAILED', `hook ${name} (${place}) ${why}`, { hook: name }, { cause })
  }
  if (answer.ok) return
  throw new Fault('HOOK_FAILED', `hook ${name} (${place}) answered ${answer.status}${said && `: ${said}`}`, {
    hook: name,
    status: answer.status,
  })
}

function bodyOf(name: HookCall['name'], { of, system, id }: HookOccasion) {
  return { event: `${name}${of === 'backup' ? 'Backup' : 'Swap'}`, system, [of]: id }
}

async function headersOf({ headers }: HttpHook): Promise<Record<string, string>> {
  const written = Object.entries(headers).map(
    async ([name, value]) => [name, typeof value === 'string' ? value : (await readFile(value.file, 'utf8')).trim()] as const,
  )
  return Object.fromEntries(await Promise.all(written))
}

async function beginningOf(answer: Response): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const bytes of answer.body ?? []) {
    text += decoder.decode(bytes, { stream: true })
    if (text.length >= saidLengthMax) break
  }
  return text.trim().slice(0, saidLengthMax)
}

/** fetch wraps what happened on the network. */
function reasonOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error)
}

function bothFailed(first: unknown, second: unknown): unknown {
  return first instanceof Fault
    ? new Fault(first.code, `${first.message}; and then ${second instanceof Error ? second.message : String(second)}`, first.facts, {
        cause: first,
      })
    : first
}
