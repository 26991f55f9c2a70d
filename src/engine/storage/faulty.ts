import assert from 'node:assert'
import { once } from 'node:events'
import { throwIfCancelled } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import type { Folder, Storage, StorageName } from './storage.ts'

type Verb = 'put' | 'get' | 'stat' | 'list' | 'remove' | 'now'

/** Strikes at the `nth` call (from 1) that fits `verb` and `folder`. `write` is put and remove counted together, `any` all. */
export type Injection = {
  readonly verb: Verb | 'write' | 'any'
  readonly nth: number
  /** Only calls whose name begins so, such as `index/`. */
  readonly folder?: Folder | 'config'
} & Effect

export type Effect =
  /** Rejects with this fault; nothing was done. */
  | { readonly fail: Fault }
  /** Is carried out, then rejects: the answer was lost. */
  | { readonly failAfter: Fault }
  /** Never answers until the signal aborts. */
  | { readonly hang: true }
  /** The machine dies: neither this call nor any later one of any verb is carried out. */
  | { readonly crash: true }
  /** Put and remove only: says it was done, but a power cut undoes it. */
  | { readonly lose: true }
  /** Put only: keeps this many bytes and says it was done. */
  | { readonly truncateTo: number }
  /** Get only: answers with this many bytes, as if there were no more. */
  | { readonly shortenTo: number }
  /** Put and get: one bit of the byte at this offset is another. */
  | { readonly flipAt: number }

export interface FaultyStorage extends Storage {
  /** A fault that never fired proves nothing: call it at the end of the test. */
  assertFired(): void
  /** True once every injection has struck. */
  readonly hasFired: boolean
}

export const diskFull = new Fault('STORAGE_FULL', 'no space is left (injected)')
export const denied = new Fault('STORAGE_DENIED', 'the storage refuses (injected)')
export const networkDown = new Fault('STORAGE_UNREACHABLE', 'the storage does not answer (injected)')
export const dead = new Fault('STORAGE_DENIED', 'the machine is dead (injected)')

/** The test double of storages: a real one that fails where it is told to. */
export function faulty(storage: Storage, injections: readonly Injection[]): FaultyStorage {
  const pending = injections.map((injection) => ({ injection, callsLeft: injection.nth, hasFired: false }))
  let isDead = false

  const strike = (verb: Verb, name: string): Effect | undefined => {
    if (isDead) throw dead
    const fitting = pending.filter(({ injection }) => fits(injection, verb, name))
    for (const one of fitting) one.callsLeft -= 1
    const struck = fitting.find((one) => one.callsLeft === 0)
    if (!struck) return undefined
    struck.hasFired = true
    isDead = 'crash' in struck.injection
    if (isDead) throw dead
    return struck.injection
  }

  const call = async <T>(effect: Effect | undefined, work: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
    await before(effect, signal)
    const found = await work()
    after(effect)
    return found
  }

  return {
    ...storage,
    async put(name, parts, signal) {
      await putWith(strike('put', name), storage, { name, parts }, signal)
    },
    async get(name, range, signal) {
      const effect = strike('get', name)
      const bytes = await call(effect, () => storage.get(name, range, signal), signal)
      if (effect && 'flipAt' in effect) flip(bytes, effect.flipAt)
      return effect && 'shortenTo' in effect ? bytes.subarray(0, effect.shortenTo) : bytes
    },
    async stat(name, signal) {
      return await call(strike('stat', name), () => storage.stat(name, signal), signal)
    },
    async *list(folder, signal) {
      const effect = strike('list', `${folder}/`)
      await before(effect, signal)
      yield* storage.list(folder, signal)
      after(effect)
    },
    async remove(name, signal) {
      const effect = strike('remove', name)
      await call(effect, async () => (effect && 'lose' in effect ? undefined : storage.remove(name, signal)), signal)
    },
    async now(signal) {
      return await call(strike('now', ''), () => storage.now(signal), signal)
    },
    get hasFired() {
      return pending.every((one) => one.hasFired)
    },
    assertFired() {
      for (const one of pending) assert(one.hasFired, `never fired: ${describe(one.injection)}`)
    },
  }
}

function fits(injection: Injection, verb: Verb, name: string): boolean {
  const isVerb =
    injection.verb === verb || injection.verb === 'any' || (injection.verb === 'write' && (verb === 'put' || verb === 'remove'))
  return isVerb && (injection.folder === undefined || name === injection.folder || name.startsWith(`${injection.folder}/`))
}

async function putWith(
  effect: Effect | undefined,
  storage: Storage,
  file: { name: StorageName; parts: readonly Uint8Array[] },
  signal: AbortSignal | undefined,
): Promise<void> {
  await before(effect, signal)
  const { name, parts } = file
  if (effect && 'lose' in effect) return
  if (effect && 'truncateTo' in effect) return await storage.put(name, [Buffer.concat(parts).subarray(0, effect.truncateTo)], signal)
  if (effect && 'flipAt' in effect) {
    const bytes = Buffer.concat(parts)
    flip(bytes, effect.flipAt)
    return await storage.put(name, [bytes], signal)
  }
  await storage.put(name, parts, signal)
  after(effect)
}

async function before(effect: Effect | undefined, signal: AbortSignal | undefined): Promise<void> {
  if (!effect) return
  if ('fail' in effect) throw effect.fail
  if (!('hang' in effect)) return
  assert(signal, 'a call that may hang needs a signal')
  if (!signal.aborted) await once(signal, 'abort')
  throwIfCancelled(signal)
}

function after(effect: Effect | undefined): void {
  if (effect && 'failAfter' in effect) throw effect.failAfter
}

function flip(bytes: Buffer, offset: number): void {
  const byte = bytes[offset]
  assert(byte !== undefined, `there is no byte ${offset} of ${bytes.length} to flip`)
  bytes[offset] = byte ^ 0x10
}

export function describe(injection: Injection): string {
  const { verb, nth, folder, ...effect } = injection
  return `${Object.keys(effect).join()} at call ${nth} of ${verb}${folder === undefined ? '' : ` in ${folder}`}`
}
