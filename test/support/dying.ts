import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import pg from 'pg'
import { findFileHandles, traceDisk } from './disk-trace.ts'

export interface Death {
  /** What the work threw; undefined when it was done before the death. */
  readonly outcome: unknown
  /** Each change of the disk below the root and each statement sent to a server, in order, up to the death. */
  readonly steps: readonly string[]
  readonly isDead: boolean
}

/** What a dead machine answers. */
export const powerCut = new Error('the machine is dead')

/**
 * Does the work until just before its nth step: then every session is cut off, and neither a change of the disk below
 * `root` nor a statement is let through any more. What the work does as it falls apart, it does in vain.
 */
export async function dyingAt(nth: number, root: string, work: () => Promise<unknown>): Promise<Death> {
  await findFileHandles()
  const steps: string[] = []
  const clients = new Set<pg.Client>()
  let isDead = false
  const step = (what: string) => {
    if (!isDead && steps.length + 1 === nth) {
      isDead = true
      for (const client of clients) socketOf(client).destroy()
    }
    if (isDead) throw powerCut
    steps.push(what)
  }
  using _sessions = watchSessions(clients, step)
  using _disk = traceDisk(root, step)
  const outcome = await work().then(
    () => undefined,
    (error: unknown) => error ?? powerCut,
  )
  assert.ok(isDead || outcome === undefined, `it failed by itself: ${outcome instanceof Error ? outcome.stack : inspect(outcome)}`)
  return { outcome, steps, isDead }
}

function watchSessions(clients: Set<pg.Client>, step: (what: string) => void): Disposable {
  const { connect, query } = pg.Client.prototype as unknown as Record<'connect' | 'query', (...args: unknown[]) => unknown>
  const changed = {
    connect(this: pg.Client, ...args: unknown[]) {
      step('connect')
      clients.add(this)
      return connect.apply(this, args)
    },
    query(this: pg.Client, ...args: unknown[]) {
      const [first] = args
      step(`sql ${typeof first === 'string' ? first.trim().slice(0, 40) : 'copy'}`)
      return query.apply(this, args)
    },
  }
  Object.assign(pg.Client.prototype, changed)
  return { [Symbol.dispose]: () => void Object.assign(pg.Client.prototype, { connect, query }) }
}

function socketOf(client: pg.Client): { destroy(): void } {
  return (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream
}
