import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { hookSchema } from '#base/settings.ts'
import { workshop } from '#test/support/workshop.ts'
import { withHooks } from './hooks.ts'

interface Heard {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

/** A real server on this machine: `/ok` agrees, `/slow` never answers, `/elsewhere` sends on, anything else refuses. */
async function listening() {
  const heard: Heard[] = []
  const server = createServer((request, response) => void answer(request, response))
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    let text = ''
    for await (const bytes of request) text += String(bytes)
    heard.push({ method: request.method!, url: request.url!, headers: request.headers, body: JSON.parse(text) })
    if (request.url === '/slow') return
    const status = request.url === '/ok' ? 204 : request.url === '/elsewhere' ? 302 : 503
    response.writeHead(status, { location: '/ok' }).end(status === 503 ? 'the pool is busy' : '')
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const hook = (path: string, more: object = {}) => hookSchema.parse({ url: `http://127.0.0.1:${port}${path}`, ...more })
  const end = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { heard, hook, [Symbol.asyncDispose]: end }
}

const never = new AbortController().signal
const occasion = { of: 'backup', system: 'clinic', id: 'b1' } as const

test('a server is told before and after, with the system and the backup, and with headers out of files', async () => {
  await using server = await listening()
  await using shop = await workshop()
  await writeFile(shop.at('token'), 'Bearer of tests\n')
  const headers = { 'x-place': 'ward 1', authorization: { file: shop.at('token') } }
  const before = server.hook('/ok', { headers })
  const done = await withHooks({ before, after: server.hook('/ok', { method: 'PUT' }), occasion }, never, async () => {
    assert.equal(server.heard.length, 1)
    return 'done'
  })
  assert.equal(done, 'done')
  const [first, second] = server.heard
  assert.deepEqual(first!.body, { event: 'beforeBackup', system: 'clinic', backup: 'b1' })
  assert.equal(first!.headers['authorization'], 'Bearer of tests')
  assert.equal(first!.headers['x-place'], 'ward 1')
  assert.deepEqual([second!.method, second!.body], ['PUT', { event: 'afterBackup', system: 'clinic', backup: 'b1' }])
})

test('a server that refuses, sends on or does not answer ends the work before it began, and is still told after', async () => {
  await using server = await listening()
  const cases = [
    [server.hook('/busy'), /answered 503: the pool is busy$/],
    [server.hook('/elsewhere'), /answered 302$/],
    [server.hook('/slow', { timeoutMs: 200 }), /did not answer within 200 ms$/],
    [hookSchema.parse({ url: 'http://127.0.0.1:9/' }), /could not be asked: /],
  ] as const
  for (const [before, message] of cases) {
    server.heard.length = 0
    const swap = { of: 'restore', system: 'clinic', id: 'r1' } as const
    await assert.rejects(
      withHooks({ before, after: server.hook('/ok'), occasion: swap }, never, async () => assert.fail('the work began')),
      { code: 'HOOK_FAILED', message },
    )
    assert.deepEqual(server.heard.at(-1)!.body, { event: 'afterSwap', system: 'clinic', restore: 'r1' })
  }
})

test('the hook after runs when the work failed and when it was cancelled; the work is what is reported', async () => {
  await using server = await listening()
  const failing = withHooks({ before: undefined, after: server.hook('/busy'), occasion }, never, async () => {
    throw new Error('the disk is gone')
  })
  await assert.rejects(failing, { message: 'the disk is gone' })
  const cancelling = new AbortController()
  const cancelled = withHooks({ before: server.hook('/slow'), after: server.hook('/ok'), occasion }, cancelling.signal, async () =>
    assert.fail('the work began'),
  )
  while (server.heard.length < 2) await new Promise((resolve) => setImmediate(resolve))
  cancelling.abort()
  await assert.rejects(cancelled, { code: 'CANCELLED' })
  assert.equal(server.heard.at(-1)!.url, '/ok')
})

test('a hook goes to https or to this machine, and holds no secret in its settings', () => {
  const isTaken = (hook: object) => hookSchema.safeParse(hook).success
  assert.ok(isTaken({ url: 'https://app.example/hook' }))
  assert.ok(isTaken({ url: 'http://localhost:8080/hook' }))
  assert.ok(isTaken({ url: 'http://[::1]/hook' }))
  assert.ok(!isTaken({ url: 'http://app.example/hook' }))
  assert.ok(!isTaken({ url: 'http://127.0.0.1.example/hook' }))
  assert.ok(!isTaken({ url: 'https://user:word@app.example/' }))
  assert.ok(!isTaken({ url: 'file:///etc/passwd' }))
  assert.ok(!isTaken({ url: 'https://app.example/', headers: { Authorization: 'Bearer x' } }))
  assert.ok(!isTaken({ url: 'https://app.example/', headers: { 'x-api-key': 'x' } }))
  assert.ok(!isTaken({ url: 'https://app.example/', command: ['true'] }))
})
