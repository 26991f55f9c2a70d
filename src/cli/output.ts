import { Fault, messageOf } from '#base/fault.ts'
import type { RemoteFault } from '#contract/client.ts'
import type { OnProgress } from '#engine/sources/source.ts'
import { ProgressLine } from './progress-line.ts'

/** By its name: commands that speak with no service do not load what does. */
function isRemoteFault(error: unknown): error is RemoteFault {
  return error instanceof Error && error.name === 'RemoteFault'
}

/**
 * What a command says. People read stdout; with `--json` stdout holds one JSON object on its last line and the words go
 * to stderr. A progress bar is drawn only on a terminal.
 */
export class Output {
  readonly isJson: boolean
  readonly #bar: ProgressLine | undefined
  #stage = ''

  constructor(options: { isJson: boolean }) {
    this.isJson = options.isJson
    this.#bar = process.stderr.isTTY ? new ProgressLine(process.stderr) : undefined
  }

  /** A line of the result. */
  line(text = ''): void {
    this.#bar?.clear()
    ;(this.isJson ? process.stderr : process.stdout).write(`${text}\n`)
  }

  /** Something to know beside the result. */
  note(text: string): void {
    this.#bar?.clear()
    process.stderr.write(`${text}\n`)
  }

  readonly progress: OnProgress = (progress) => {
    if (this.#bar) this.#bar.show(progress)
    else if (progress.stage !== this.#stage)
      process.stderr.write(`${progress.stage}${progress.what === undefined ? '' : ` ${progress.what}`}\n`)
    this.#stage = progress.stage
  }

  /** The machine's version of the result: last line of stdout with `--json`, nothing otherwise. */
  result(value: Readonly<Record<string, unknown>>): void {
    this.#bar?.clear()
    if (this.isJson) process.stdout.write(`${JSON.stringify(value)}\n`)
  }

  /** Says what went wrong and returns the exit code. What is no Fault is a mistake of ours: it keeps its stack. */
  failure(error: unknown): number {
    this.#bar?.clear()
    if (isRemoteFault(error)) return this.#refusal(error)
    if (!(error instanceof Fault)) {
      process.stderr.write(`internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
      this.result({
        status: 'failed',
        error: { code: 'INTERNAL', fact: messageOf(error), hint: 'This is a mistake in Integrum; please report it.' },
      })
      return 1
    }
    process.stderr.write(`error ${error.code}: ${error.message}\n  ${error.hint}\n`)
    this.result({
      status: error.code === 'CANCELLED' ? 'cancelled' : 'failed',
      error: { code: error.code, fact: error.message, hint: error.hint, facts: error.facts },
    })
    return error.exitCode
  }
  /** What a service refused, in its words. */
  #refusal({ code, message, hint, status, facts }: RemoteFault): number {
    process.stderr.write(`error ${code}: ${message}\n  ${hint}\n`)
    this.result({ status: 'failed', error: { code, fact: message, hint, facts } })
    return [400, 404, 422].includes(status) ? 2 : 1
  }
}
