import type { ChildProcess } from 'node:child_process'
import type { Clock } from '#base/clock.ts'
import type { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { forkChild } from './child-process.ts'
import type { Prepared, Trail } from './job-kind.ts'
import { fromChildSchema, receivedFault, sentFault, type FromChild, type SentProgress, type ToChild } from './job-messages.ts'
import { writePasswords } from './job-passwords.ts'
import type { SpareChild } from './spare-child.ts'

/** What is asked of a child, and who is told what it says. */
export interface JobProcessOrder {
  readonly work: URL
  readonly prepared: Prepared<unknown>
  readonly isPressing?: boolean | undefined
  /** Of the worker that has the job. */
  readonly spare?: SpareChild | undefined
  readonly attempt: number
  readonly previousTrail: Trail
  readonly clock: Clock
  readonly onProgress: (progress: SentProgress) => void
  readonly onLog: (line: string, level: 'info' | 'warning' | 'error') => void
  /** Writes it down; false when it could not be, or somebody else has the job by now. Never rejects. */
  readonly onTrail: (patch: Trail) => Promise<boolean>
}

export type JobEnd =
  | { readonly kind: 'done'; readonly output: unknown }
  | { readonly kind: 'fault'; readonly fault: Fault }
  | { readonly kind: 'mistake'; readonly message: string; readonly stack: string }
  /** It ended without a word: killed, out of memory, crashed. */
  | { readonly kind: 'gone'; readonly how: string }

/** One job in a process of its own. */
export interface JobProcess {
  /** When the process has gone, and its passwords with it. */
  readonly ended: Promise<JobEnd>
  /** Aborts its signal with this reason, once; it is killed when it does not end in time. */
  cancel(reason: Fault): void
  /** At once, wherever it stands. */
  kill(): void
}

/** Secrets go through the channel and the password file: never into arguments or environment, which others may read. */
export async function startJobProcess(order: JobProcessOrder): Promise<JobProcess> {
  await using scope = new AsyncDisposableStack()
  const { databasePasswords } = order.prepared
  const passwords = databasePasswords && scope.use(await writePasswords(databasePasswords))
  // One that waits has the priority of jobs that may take their time.
  const child = (order.isPressing ? undefined : order.spare?.take()) ?? forkChild(order)
  return new Running(child, { order, passwordFile: passwords?.file, scope: scope.move() })
}

interface RunningParts {
  readonly order: JobProcessOrder
  readonly passwordFile: string | undefined
  /** Until the process has gone. */
  readonly scope: AsyncDisposable
}

class Running implements JobProcess {
  readonly ended: Promise<JobEnd>
  readonly #child: ChildProcess
  readonly #order: JobProcessOrder
  readonly #over = new AbortController()
  #said: JobEnd | undefined
  #complaints = ''
  #isCancelled = false

  constructor(child: ChildProcess, { order, passwordFile, scope }: RunningParts) {
    this.#child = child
    this.#order = order
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-limits.toolOutputBytesMax)
    })
    child.on('message', (message) => this.#receive(message))
    // A channel that closes in mid-sentence: the exit tells.
    child.on('error', (error) => (this.#complaints += `${error.message}\n`))
    this.ended = this.#end(scope)
    const alive = order.clock.every(limits.jobAliveEveryMs, () => this.#tell({ type: 'alive' }))
    this.#over.signal.addEventListener('abort', () => alive[Symbol.dispose]())
    const { work, attempt, previousTrail, prepared } = order
    this.#tell({ type: 'begin', work: work.href, input: prepared.input, attempt, previousTrail, passwordFile })
  }

  cancel(reason: Fault): void {
    if (this.#isCancelled) return
    this.#isCancelled = true
    this.#tell({ type: 'cancel', fault: sentFault(reason) })
    void this.#killAfterGrace()
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  async #killAfterGrace(): Promise<void> {
    try {
      await this.#order.clock.sleep(limits.jobGraceMs, this.#over.signal)
      this.kill()
    } catch {
      // It ended in time.
    }
  }

  async #end(scope: AsyncDisposable): Promise<JobEnd> {
    const how = await new Promise<string>((resolve) => {
      this.#child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
    })
    this.#over.abort()
    await scope[Symbol.asyncDispose]()
    return this.#said ?? { kind: 'gone', how: `${how} ${this.#complaints}`.trim() }
  }

  #receive(message: unknown): void {
    const parsed = fromChildSchema.safeParse(message)
    if (parsed.success) return this.#hear(parsed.data)
    this.#said = { kind: 'mistake', message: 'the process of the job said what nobody understands', stack: parsed.error.message }
    this.kill()
  }

  #tell(message: ToChild): void {
    // To one that has gone nothing is said; its end is known by its exit.
    if (this.#child.connected) this.#child.send(message, () => undefined)
  }

  #hear(message: FromChild): void {
    switch (message.type) {
      case 'progress':
        return this.#order.onProgress(message.progress)
      case 'log':
        return this.#order.onLog(message.line, message.level)
      case 'trail':
        return void this.#keepTrail(message)
      case 'done':
        this.#said = { kind: 'done', output: message.output }
        return
      case 'fault':
        this.#said = { kind: 'fault', fault: receivedFault(message.fault) }
        return
      case 'mistake':
        this.#said = { kind: 'mistake', message: message.message, stack: message.stack }
    }
  }

  async #keepTrail({ seq, patch }: Extract<FromChild, { type: 'trail' }>): Promise<void> {
    let isKept = false
    try {
      isKept = await this.#order.onTrail(patch)
    } finally {
      this.#tell({ type: 'trail', seq, isKept })
    }
  }
}
