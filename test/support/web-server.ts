import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface WebServer extends AsyncDisposable {
  readonly url: string
  readonly received: ReceivedRequest[]
  /** A status, or never any answer. */
  answer: number | 'never'
}

/** A real one, which notes what it is sent and answers as it is told. */
export async function webServer(): Promise<WebServer> {
  const received: ReceivedRequest[] = []
  const state: { answer: number | 'never' } = { answer: 200 }
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      received.push({ method, path: url, headers, body: Buffer.concat(pieces).toString('utf8') })
      if (state.answer === 'never') return
      response.statusCode = state.answer
      response.end(state.answer === 200 ? 'ok' : 'the queue is full')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    get answer() {
      return state.answer
    },
    set answer(answer) {
      state.answer = answer
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
