import { test } from 'node:test'
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { divert } from './session-socket.ts'

test('INV-504 what an encrypted session decrypts goes to the receiver, waits while that is full, and then to pg again', async () => {
  // To whoever reads it, an encrypted session is a stream like any other, and no socket of ours.
  const stream = new PassThrough()
  const parsed: string[] = []
  stream.on('data', (bytes: Buffer) => parsed.push(bytes.toString()))
  const received: string[] = []
  let hasRoom = true
  const diversion = divert(stream, {
    room: () => assert.fail('nobody reads into our memory'),
    received: (bytes) => {
      received.push(Buffer.from(bytes).toString())
      return hasRoom
    },
  })
  stream.write('rows')
  hasRoom = false
  stream.write('more rows')
  stream.write('the last rows')
  await setImmediate()
  assert.deepEqual(received, ['rows', 'more rows'])
  hasRoom = true
  stream.resume()
  await setImmediate()
  assert.deepEqual(received, ['rows', 'more rows', 'the last rows'])
  diversion.giveBack(Buffer.from('and what follows'))
  stream.write('and the next answer')
  await setImmediate()
  assert.deepEqual(parsed, ['and what follows', 'and the next answer'])
})
