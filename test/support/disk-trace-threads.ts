import { syncBuiltinESMExports } from 'node:module'
import workerThreads, { BroadcastChannel, setEnvironmentData, Worker, type WorkerOptions } from 'node:worker_threads'
import { messageOf } from '#base/fault.ts'
import { answers, linkName, newTurn, turnName, type Answer, type ThreadCall, type TraceLink, type Turn } from './disk-trace-link.ts'

/** What the trace does about a call of a thread. */
export type HearThread = (call: ThreadCall, thread: number) => Exclude<Answer, 'refused'>

const link: TraceLink = { isOn: new Int32Array(new SharedArrayBuffer(4)), channel: `disk trace ${process.pid}` }
const preload = new URL('./disk-trace-in-thread.ts', import.meta.url).href
let hear: HearThread | undefined

// Also of threads that begin before a trace does: they are asked to tell as soon as one stands.
class FollowedWorker extends Worker {
  constructor(file: string | URL, options: WorkerOptions = {}) {
    setEnvironmentData(turnName, newTurn())
    super(file, { ...options, execArgv: [...(options.execArgv ?? []), '--import', preload] })
  }
}

setEnvironmentData(linkName, link)
workerThreads.Worker = FollowedWorker
syncBuiltinESMExports()
const channel = new BroadcastChannel(link.channel)
channel.unref()
channel.addEventListener('message', ({ data }) => {
  const { call, turn, thread } = data as { call: ThreadCall; turn: Turn; thread: number }
  let answer: Answer
  try {
    answer = hear?.(call, thread) ?? 'not ours'
  } catch (error) {
    answer = 'refused'
    turn.state[1] = new TextEncoder().encodeInto(messageOf(error), turn.error).written
  }
  Atomics.store(turn.state, 0, answers.indexOf(answer))
  Atomics.notify(turn.state, 0)
})

/** Until it is disposed of, each thread tells of each step and waits for the answer. */
export function hearThreads(listener: HearThread): Disposable {
  hear = listener
  Atomics.store(link.isOn, 0, 1)
  const end = () => {
    Atomics.store(link.isOn, 0, 0)
    hear = undefined
  }
  return { [Symbol.dispose]: end }
}
