import pg from 'pg'
import type { Clock } from '#base/clock.ts'
import { durations } from '#base/units.ts'

export interface Listening {
  readonly connection: pg.ClientConfig
  readonly clock: Clock
  readonly channels: readonly string[]
  /** Also after the connection was lost and is there again, with no payload: something may have been said meanwhile. */
  readonly onNotice: (channel: string, payload: string) => void
}

/** Hears the server's notices (LISTEN) on a connection of its own until disposed, however often that is lost. */
export function listen(listening: Listening): AsyncDisposable {
  const over = new AbortController()
  const heard = hearAgainAndAgain(listening, over.signal)
  return {
    [Symbol.asyncDispose]: async () => {
      over.abort()
      await heard
    },
  }
}

async function hearAgainAndAgain(listening: Listening, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await hearOnce(listening, signal)
    try {
      await listening.clock.sleep(durations.second, signal)
    } catch {
      // It is over: the loop sees it.
    }
  }
}

/** Until the connection ends, or `signal` says so. Whoever listens looks by itself now and then, so no failure is news. */
async function hearOnce({ connection, channels, onNotice }: Listening, signal: AbortSignal): Promise<void> {
  const client = new pg.Client({ ...connection, application_name: 'integrum listens', keepAlive: true })
  const ended = new Promise<void>((resolve) => {
    client.on('error', () => resolve())
    client.on('end', () => resolve())
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  client.on('notification', ({ channel, payload }) => onNotice(channel, payload ?? ''))
  try {
    await client.connect()
    for (const channel of channels) await client.query(`listen ${client.escapeIdentifier(channel)}`)
    for (const channel of channels) onNotice(channel, '')
    await ended
  } catch {
    // The catalog does not answer: the next try is a second away.
  } finally {
    await client.end().catch(() => undefined) // It has ended already.
  }
}
