import { getEnvironmentData } from 'node:worker_threads'

/** What threads and the thread that traces have in common. */
export interface TraceLink {
  /** 1 while a trace stands. */
  readonly isOn: Int32Array
  /** Where a thread tells. */
  readonly channel: string
}

/** Of one thread: it tells, and waits for the answer. */
export interface Turn {
  /** [answer, length of the error that follows]. */
  readonly state: Int32Array
  readonly error: Uint8Array
}

export type Answer = 'not ours' | 'go on' | 'refused'
export const answers: readonly (Answer | undefined)[] = [undefined, 'not ours', 'go on', 'refused']

/** A call on a file, before it is carried out and after. The descriptors are the process's own. */
export type ThreadCall =
  | { readonly what: 'opening'; readonly path: string; readonly flags: unknown }
  | { readonly what: 'opened'; readonly fd: number }
  | { readonly what: 'writing' | 'syncing' | 'synced'; readonly fd: number }
  | { readonly what: 'wrote'; readonly fd: number; readonly bytes: Uint8Array; readonly position: number }

export const linkName = 'the link of a disk trace'
export const turnName = 'the turn of a thread in a disk trace'

export function foundLink(): { readonly link: TraceLink; readonly turn: Turn } | undefined {
  const link = getEnvironmentData(linkName) as unknown as TraceLink | undefined
  const turn = getEnvironmentData(turnName) as unknown as Turn | undefined
  return link && turn && { link, turn }
}

export function newTurn(): Turn {
  return { state: new Int32Array(new SharedArrayBuffer(8)), error: new Uint8Array(new SharedArrayBuffer(4096)) }
}
