import { Fault, messageOf } from '#base/fault.ts'

const shownMax = 300

export interface WebRequest {
  readonly method: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** What the server answered when it was success; CHANNEL_FAILED when it was not, or when no answer came in time. */
export async function fetched(url: string, { timeoutMs, signal, ...request }: WebRequest): Promise<string> {
  const { origin } = new URL(url)
  const tooLong = AbortSignal.timeout(timeoutMs)
  let response: Response
  try {
    // Not followed: whoever answers must not send a message on to somebody else.
    response = await fetch(url, { ...request, redirect: 'manual', signal: AbortSignal.any([signal, tooLong]) })
  } catch (cause) {
    const why = tooLong.aborted ? `no answer within ${timeoutMs / 1_000} s` : innermost(cause)
    throw new Fault('CHANNEL_FAILED', `${origin}: ${why}`, {}, { cause })
  }
  const answer = `${response.status} ${response.statusText} ${await beginningOf(response)}`.trim()
  if (!response.ok) throw new Fault('CHANNEL_FAILED', `${origin} answered ${answer}`)
  return answer
}

/** What comes of it, in time; the rest is not waited for. */
async function beginningOf({ body }: Response): Promise<string> {
  if (!body) return ''
  const reader = body.getReader()
  try {
    const first = await reader.read()
    return oneLine(Buffer.from(first.value ?? []).toString('utf8'))
  } catch {
    // The status is the answer; what follows it is for people's information.
    return ''
  } finally {
    // Of a connection that broke: nobody reads it any more.
    reader.cancel().catch(() => undefined)
  }
}

/** As a server said it, fit for a list and a log. */
export function oneLine(text: string): string {
  return text
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\s]+/g, ' ')
    .trim()
    .slice(0, shownMax)
}

/** `fetch failed` says nothing; what it was caused by does. */
function innermost(error: unknown): string {
  let inner = error
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause
  return oneLine(messageOf(inner))
}
