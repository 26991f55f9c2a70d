import assert from 'node:assert/strict'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'
import koffi from 'koffi'
import { unreachable } from '#base/unreachable.ts'
import { hearThreads, type HearThread } from './disk-trace-threads.ts'

/** What this process did to a directory tree, as the kernel was told. Paths are absolute, inodes the numbers of the real files. */
export type DiskStep =
  | { readonly kind: 'create'; readonly path: string; readonly inode: number }
  | { readonly kind: 'write'; readonly inode: number; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly inode: number; readonly length: number }
  | { readonly kind: 'sync'; readonly inode: number; readonly isDirectory: boolean }
  | { readonly kind: 'sync all' }
  | { readonly kind: 'link'; readonly from: string; readonly to: string }
  | { readonly kind: 'unlink'; readonly path: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'exchange'; readonly from: string; readonly to: string }
  | { readonly kind: 'mkdir'; readonly path: string; readonly inode: number }
  | { readonly kind: 'rmdir'; readonly path: string }
  /** Nothing that the disk sees: what the caller was told, at this point. */
  | { readonly kind: 'said'; readonly what: string }

export interface DiskTrace extends Disposable {
  readonly steps: readonly DiskStep[]
  say(what: string): void
}

/** Told before each step is carried out; what it throws is what the caller gets, and the step is not carried out. */
export type BeforeStep = (call: string) => void

/**
 * Looks on while this process works below `root`, in all its threads, at the two doors that everything goes through: Node's
 * own `fs`, both kinds, and the C library's renameat2 and syncfs. Nothing of the product takes part, so nothing of it can be forgotten.
 */
export function traceDisk(root: string, beforeStep: BeforeStep = () => {}): DiskTrace {
  assert.ok(!isTracing, 'one trace at a time')
  isTracing = true
  const steps: DiskStep[] = []
  const within = new Tracing(fs.realpathSync(root), steps, beforeStep)
  const restore = new DisposableStack()
  restore.defer(() => {
    isTracing = false
    syncBuiltinESMExports()
  })
  patchNames(within, restore)
  patchHandles(within, restore)
  patchDescriptors(within, restore)
  restore.use(hearThreads(listenerOf(within)))
  native = within
  restore.defer(() => (native = undefined))
  syncBuiltinESMExports()
  return { steps, say: (what) => void steps.push({ kind: 'said', what }), [Symbol.dispose]: () => restore.dispose() }
}

let isTracing = false

class Tracing {
  readonly #root: string
  readonly #steps: DiskStep[]
  readonly #beforeStep: BeforeStep
  /** Where the next write without a position goes. */
  readonly #positions = new WeakMap<object, number>()

  constructor(root: string, steps: DiskStep[], beforeStep: BeforeStep) {
    this.#root = root
    this.#steps = steps
    this.#beforeStep = beforeStep
  }

  /** The absolute path below the root, or undefined: also of `/proc/self/fd/<fd>/name`. */
  below(given: unknown): string | undefined {
    const text = Buffer.isBuffer(given) ? given.toString('utf8') : String(given)
    const [, fd, rest = ''] = /^\/proc\/self\/fd\/(\d+)(?:\/(.*))?$/s.exec(text) ?? []
    const place = path.resolve(fd === undefined ? text : path.join(fs.readlinkSync(`/proc/self/fd/${fd}`), rest))
    return place === this.#root || place.startsWith(`${this.#root}/`) ? place : undefined
  }

  isBelow(fd: number): boolean {
    return this.below(fs.readlinkSync(`/proc/self/fd/${fd}`).replace(/ \(deleted\)$/, '')) !== undefined
  }

  before(call: string): void {
    this.#beforeStep(call)
  }

  add(step: DiskStep): void {
    this.#steps.push(step)
  }

  /** Before an open: does it make or empty the file? Told what was done, it adds that. */
  opening(place: string, flags: unknown): ((fd: number) => void) | undefined {
    const number = typeof flags === 'number' ? flags : flagsOf(flags)
    const { O_CREAT, O_TRUNC } = fs.constants
    if ((number & (O_CREAT | O_TRUNC)) === 0) return undefined
    this.before('open')
    const isNew = !fs.existsSync(place)
    return (fd) => {
      const inode = fs.fstatSync(fd).ino
      if (isNew) this.add({ kind: 'create', path: place, inode })
      else if (number & O_TRUNC) this.add({ kind: 'truncate', inode, length: 0 })
    }
  }

  wrote(file: object | undefined, fd: number, { bytes, position }: { bytes: Uint8Array; position: unknown }): void {
    const given = typeof position === 'number' || typeof position === 'bigint' ? Number(position) : undefined
    const offset = given ?? (file ? (this.#positions.get(file) ?? 0) : 0)
    if (given === undefined && file) this.#positions.set(file, offset + bytes.byteLength)
    this.add({ kind: 'write', inode: fs.fstatSync(fd).ino, offset, bytes: Buffer.from(bytes) })
  }

  synced(fd: number): void {
    const found = fs.fstatSync(fd)
    this.add({ kind: 'sync', inode: found.ino, isDirectory: found.isDirectory() })
  }
}

function flagsOf(flags: unknown): number {
  const { O_CREAT, O_TRUNC } = fs.constants
  if (flags === 'w' || flags === 'w+') return O_CREAT | O_TRUNC
  return flags === 'wx' || flags === 'wx+' || flags === 'a' || flags === 'ax' || flags === 'a+' ? O_CREAT : 0
}

type AnyFunction = (...args: any[]) => any

/** Puts `made` in the place of a function until the trace ends. */
function replace(owner: object, name: string, made: (real: AnyFunction) => AnyFunction, restore: DisposableStack): void {
  const real = Reflect.get(owner, name) as AnyFunction
  Reflect.set(owner, name, made(real))
  restore.defer(() => void Reflect.set(owner, name, real))
}

/** The steps that a call on names comes to, told before it is carried out, since afterwards the names are others. */
const namedSteps: Readonly<Record<string, (place: string, to: string | undefined) => () => DiskStep[]>> = {
  unlink: (place) => () => [{ kind: 'unlink', path: place }],
  rmdir: (place) => () => [{ kind: 'rmdir', path: place }],
  rename: (from, to) => () => [{ kind: 'rename', from, to: to ?? from }],
  link: (from, to) => () => [{ kind: 'link', from, to: to ?? from }],
  mkdir: (place) => {
    const missing: string[] = []
    for (let at = place; !fs.existsSync(at); at = path.dirname(at)) missing.unshift(at)
    return () => missing.map((made) => ({ kind: 'mkdir', path: made, inode: fs.lstatSync(made).ino }))
  },
}

function patchNames(within: Tracing, restore: DisposableStack): void {
  for (const [name, stepsOf] of Object.entries(namedSteps)) {
    const planned = (args: readonly unknown[]) => {
      const place = within.below(args[0])
      if (place === undefined) return undefined
      within.before(name)
      return stepsOf(place, name === 'rename' || name === 'link' ? within.below(args[1]) : undefined)
    }
    const tell = (done: (() => DiskStep[]) | undefined) => {
      for (const step of done?.() ?? []) within.add(step)
    }
    const asynchronous =
      (real: AnyFunction) =>
      async (...args: unknown[]) => {
        const done = planned(args)
        const result: unknown = await real(...args)
        tell(done)
        return result
      }
    const synchronous =
      (real: AnyFunction) =>
      (...args: unknown[]) => {
        const done = planned(args)
        const result: unknown = real(...args)
        tell(done)
        return result
      }
    replace(fs.promises, name, asynchronous, restore)
    replace(fs, `${name}Sync`, synchronous, restore)
  }
}

/** `fs.promises.open` and the methods of what it gives. */
function patchHandles(within: Tracing, restore: DisposableStack): void {
  const opened =
    (real: AnyFunction) =>
    async (...args: unknown[]) => {
      const place = within.below(args[0])
      const done = place === undefined ? undefined : within.opening(place, args[1])
      const handle = (await real(...args)) as fs.promises.FileHandle
      done?.(handle.fd)
      return handle
    }
  replace(fs.promises, 'open', opened, restore)
  const prototype = fileHandlePrototype()
  const writing = (real: AnyFunction) =>
    async function write(
      this: fs.promises.FileHandle,
      bytes: Uint8Array,
      offset = 0,
      length = bytes.byteLength - offset,
      position?: number,
    ) {
      if (within.isBelow(this.fd)) within.before('write')
      const result = await real.call(this, bytes, offset, length, position)
      const written = bytes.subarray(offset, offset + result.bytesWritten)
      if (within.isBelow(this.fd)) within.wrote(this, this.fd, { bytes: written, position })
      return result
    }
  replace(prototype, 'write', writing, restore)
  for (const name of ['sync', 'datasync']) {
    const syncing = (real: AnyFunction) =>
      async function sync(this: fs.promises.FileHandle) {
        if (within.isBelow(this.fd)) within.before('fsync')
        await real.call(this)
        if (within.isBelow(this.fd)) within.synced(this.fd)
      }
    replace(prototype, name, syncing, restore)
  }
}

let prototypeOfHandles: object | undefined

function fileHandlePrototype(): object {
  assert.ok(prototypeOfHandles, 'call findFileHandles() before the first trace')
  return prototypeOfHandles
}

/** The class of file handles is not exported: it is taken from one. */
export async function findFileHandles(): Promise<void> {
  await using handle = await fs.promises.open('/dev/null')
  prototypeOfHandles = Object.getPrototypeOf(handle) as object
}

/** The calls on descriptors that the building of a staging directory uses. */
function patchDescriptors(within: Tracing, restore: DisposableStack): void {
  const opening =
    (real: AnyFunction) =>
    (...args: unknown[]) => {
      const place = within.below(args[0])
      const done = place === undefined ? undefined : within.opening(place, args[1])
      const fd = real(...args) as number
      done?.(fd)
      return fd
    }
  replace(fs, 'openSync', opening, restore)
  const writing = (real: AnyFunction) => (fd: number, bytes: Uint8Array, offset: number, length: number, position: number) => {
    if (within.isBelow(fd)) within.before('write')
    const written = real(fd, bytes, offset, length, position) as number
    if (within.isBelow(fd)) within.wrote(undefined, fd, { bytes: bytes.subarray(offset, offset + written), position })
    return written
  }
  replace(fs, 'writeSync', writing, restore)
  const syncing = (real: AnyFunction) => (fd: number) => {
    if (within.isBelow(fd)) within.before('fsync')
    real(fd)
    if (within.isBelow(fd)) within.synced(fd)
  }
  replace(fs, 'fsyncSync', syncing, restore)
}

/** What threads do with descriptors, as `patchDescriptors` does it here. */
function listenerOf(within: Tracing): HearThread {
  const opening = new Map<number, (fd: number) => void>()
  return (call, thread) => {
    switch (call.what) {
      case 'opening': {
        const place = within.below(call.path)
        const done = place === undefined ? undefined : within.opening(place, call.flags)
        if (!done) return 'not ours'
        opening.set(thread, done)
        return 'go on'
      }
      case 'opened':
        opening.get(thread)?.(call.fd)
        return 'go on'
      case 'writing':
      case 'syncing':
        if (!within.isBelow(call.fd)) return 'not ours'
        within.before(call.what === 'writing' ? 'write' : 'fsync')
        return 'go on'
      case 'wrote':
        within.wrote(undefined, call.fd, { bytes: call.bytes, position: call.position })
        return 'go on'
      case 'synced':
        within.synced(call.fd)
        return 'go on'
      default:
        return unreachable(call)
    }
  }
}

// The C library: its functions are taken once, when first needed, so these stand in their place from the beginning.
let native: Tracing | undefined
const load = koffi.load.bind(koffi)
const renameExchange = 2

koffi.load = (...args: Parameters<typeof koffi.load>) => {
  const library = load(...args)
  const real = library.func.bind(library) as AnyFunction
  const func = (signature: string) => {
    const call = real(signature) as AnyFunction & { async: AnyFunction }
    if (signature.includes('renameat2')) return (...given: [number, Buffer, number, Buffer, number]) => renaming(call, given)
    if (signature.includes('syncfs'))
      return { async: (fd: number, done: (cause: unknown, result: number) => void) => syncing(call, fd, done) }
    return call
  }
  return { func } as unknown as typeof library
}

function renaming(real: AnyFunction, given: [number, Buffer, number, Buffer, number]): number {
  const [from, to] = [given[1], given[3]].map((name) => native?.below(name.subarray(0, -1)))
  if (from !== undefined && to !== undefined) native?.before('renameat2')
  const result = real(...given) as number
  if (result === 0 && from !== undefined && to !== undefined)
    native?.add({ kind: given[4] === renameExchange ? 'exchange' : 'rename', from, to })
  return result
}

function syncing(real: { async: AnyFunction }, fd: number, done: (cause: unknown, result: number) => void): void {
  if (native?.isBelow(fd)) native.before('syncfs')
  real.async(fd, (cause: unknown, result: number) => {
    if (result === 0) native?.add({ kind: 'sync all' })
    done(cause, result)
  })
}
