import assert from 'node:assert/strict'
import { systemClock } from '#base/clock.ts'
import { parse } from '#base/parse.ts'
import { eventSchema, type ServiceEvent } from '#contract/events.ts'

export interface HeardEvent extends ServiceEvent {
  readonly id: number
}

/** A listener of `/api/v1/events` by plain `fetch`. */
export interface EventListener extends AsyncDisposable {
  readonly events: readonly HeardEvent[]
  /** Names of events that are none of a tenant, such as `missed`. */
  readonly others: readonly string[]
  readonly comments: readonly string[]
  /** When the service ends the stream. */
  readonly ended: Promise<void>
  when(isWanted: (event: HeardEvent) => boolean, patienceMs?: number): Promise<HeardEvent>
}

export async function listenToEvents(
  url: string,
  { token, after }: { readonly token: string; readonly after?: number },
): Promise<EventListener> {
  const leaving = new AbortController()
  const response = await fetch(`${url}/api/v1/events`, {
    headers: { authorization: `Bearer ${token}`, ...(after !== undefined && { 'last-event-id': String(after) }) },
    signal: leaving.signal,
  })
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/)
  const heard = { events: [] as HeardEvent[], others: [] as string[], comments: [] as string[] }
  const ended = read(response, heard)
  return {
    ...heard,
    ended,
    when: async (isWanted, patienceMs = 15_000) => {
      const untilMs = systemClock.monotonicMs() + patienceMs
      for (;;) {
        const found = heard.events.find(isWanted)
        if (found) return found
        if (systemClock.monotonicMs() > untilMs) throw new Error(`not heard; only ${JSON.stringify(heard.events.slice(-3))}`)
        await systemClock.sleep(20)
      }
    },
    [Symbol.asyncDispose]: async () => {
      leaving.abort()
      await ended
    },
  }
}

interface Heard {
  readonly events: HeardEvent[]
  readonly others: string[]
  readonly comments: string[]
}

async function read(response: Response, heard: Heard): Promise<void> {
  let text = ''
  try {
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
      text += part
      const blocks = text.split('\n\n')
      text = blocks.pop()!
      for (const block of blocks) take(block, heard)
    }
  } catch (error) {
    // It was left.
    if ((error as Error).name !== 'AbortError') throw error
  }
}

function take(block: string, heard: Heard): void {
  const fields = Object.fromEntries(
    block.split('\n').map((line) => {
      const at = line.indexOf(':')
      return [line.slice(0, at), line.slice(at + 1).trim()]
    }),
  )
  if (fields[''] !== undefined) heard.comments.push(fields[''])
  else if (fields['id'] === undefined) heard.others.push(fields['event']!)
  else {
    const event = parse(eventSchema, fields['data']!, 'an event')
    assert.equal(fields['event'], event.kind)
    heard.events.push({ ...event, id: Number(fields['id']) })
  }
}
