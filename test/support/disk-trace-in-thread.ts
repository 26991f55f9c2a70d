import assert from 'node:assert/strict'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { BroadcastChannel, threadId } from 'node:worker_threads'
import { answers, foundLink, type Answer, type ThreadCall } from './disk-trace-link.ts'

// Loaded in a thread before its own module: tells the thread that traces of each step, and waits for its answer, so that the
// steps of all threads stand in one order and none is carried out after a death.
const found = foundLink()
assert.ok(found, 'a thread of a process that can be traced')
const { link, turn } = found
const channel = new BroadcastChannel(link.channel)
channel.unref()

function ask(call: ThreadCall): Answer {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  channel.postMessage({ call, turn, thread: threadId })
  Atomics.wait(turn.state, 0, 0)
  const answer = answers[Atomics.exchange(turn.state, 0, 0)]
  assert.ok(answer)
  if (answer === 'refused') throw new Error(Buffer.from(turn.error.slice(0, turn.state[1])).toString())
  return answer
}

const isTraced = (call: ThreadCall) => Atomics.load(link.isOn, 0) === 1 && ask(call) === 'go on'
const { openSync, writeSync, fsyncSync } = fs

fs.openSync = (path, flags, mode) => {
  const isOurs = isTraced({ what: 'opening', path: Buffer.isBuffer(path) ? path.toString() : String(path), flags })
  const fd = openSync(path, flags, mode)
  if (isOurs) ask({ what: 'opened', fd })
  return fd
}

fs.writeSync = ((fd: number, bytes: Uint8Array, offset: number, length: number, position: number) => {
  const isOurs = isTraced({ what: 'writing', fd })
  const written = writeSync(fd, bytes, offset, length, position)
  if (isOurs) ask({ what: 'wrote', fd, bytes: Uint8Array.from(bytes.subarray(offset, offset + written)), position })
  return written
}) as typeof fs.writeSync

fs.fsyncSync = (fd) => {
  const isOurs = isTraced({ what: 'syncing', fd })
  fsyncSync(fd)
  if (isOurs) ask({ what: 'synced', fd })
}

syncBuiltinESMExports()
