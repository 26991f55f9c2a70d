import path from 'node:path'
import type { TestEvent } from 'node:test/reporters'
import { inspect, stripVTControlCharacters } from 'node:util'
import type { Check } from './checks.ts'

const outputKeptCharacters = 64 * 1024
const errorLinesMax = 60

interface FileState {
  output: string
  executed: number
  skipped: number
  failed: number
}

/**
 * Turns the events of a test run into what a person reads: one line per file, each failure with its error and what its
 * file printed, and as the very last line `N passed, N failed`, with `, N skipped` when there are any.
 */
export class TestReport {
  #passed = 0
  #failed = 0
  #skipped = 0
  readonly #failures: string[] = []
  readonly #files = new Map<string, FileState>()
  readonly #write: (text: string) => void

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  addCheck(check: Check): void {
    if (check.isPassed) {
      this.#passed += 1
      this.#write(`ok    ${check.name}\n`)
      return
    }
    this.#write(`FAIL  ${check.name}\n${indent(check.output)}`)
    this.#fail(check.name)
  }

  take(event: TestEvent): void {
    switch (event.type) {
      case 'test:pass':
        return isWholeFile(event.data) ? this.#endFile(event.data.name, event.data.details.duration_ms) : this.#pass(event.data)
      case 'test:fail':
        return isWholeFile(event.data) ? this.#failFile(event.data) : this.#failTest(event.data)
      case 'test:stdout':
      case 'test:stderr': {
        const file = this.#fileOf(event.data.file)
        file.output = (file.output + event.data.message).slice(-outputKeptCharacters)
        return
      }
      case 'test:diagnostic':
        // Without a file it is Node's own count.
        if (event.data.file !== undefined) this.#write(`note  ${printPath(event.data.file)}: ${event.data.message}\n`)
        return
      case 'test:summary':
        if (event.data.file !== undefined) this.#endFile(event.data.file, event.data.duration_ms)
        return
      default:
      // Everything else says when a test was planned or begun; only what came of it counts.
    }
  }

  /** Prints the last line and returns the exit code. */
  end({ expectsTests }: { expectsTests: boolean }): 0 | 1 {
    const executed = this.#files.values().reduce((sum, file) => sum + file.executed, 0)
    if (expectsTests && executed === 0 && this.#failed === 0) {
      this.#write('FAIL  no test was executed\n')
      this.#fail('no test was executed')
    }
    if (this.#failures.length > 0) this.#write(`\nfailed:\n${this.#failures.map((name) => `  ${name}\n`).join('')}`)
    this.#write(`\n${this.#passed} passed, ${this.#failed} failed${this.#skipped > 0 ? `, ${this.#skipped} skipped` : ''}\n`)
    return this.#failed > 0 ? 1 : 0
  }

  #pass(test: PassedTest): void {
    const file = this.#fileOf(test.file)
    if (test.details.type === 'suite') return
    if (test.skip !== undefined || test.todo !== undefined) {
      this.#skipped += 1
      file.skipped += 1
      this.#write(`skip  ${printPath(test.file)}: ${test.name}${typeof test.skip === 'string' ? ` (${test.skip})` : ''}\n`)
      return
    }
    file.executed += 1
    this.#passed += 1
  }

  #failTest(test: FailedTest): void {
    const file = this.#fileOf(test.file)
    const { error } = test.details
    // The parent of a failed subtest fails with it; the subtest is what is told and counted.
    if (isBecauseOfSubtests(error)) return
    file.executed += 1
    file.failed += 1
    const place = `${printPath(test.file)}:${test.line ?? 1}`
    this.#write(`FAIL  ${place}: ${test.name}\n${indent(printError(error))}`)
    this.#fail(`${place}: ${test.name}`)
  }

  /** The process of a file ended badly outside its tests: it could not be loaded, crashed, or hung. */
  #failFile(test: FailedTest): void {
    if (isBecauseOfSubtests(test.details.error)) return
    const file = this.#fileOf(test.file)
    file.failed += 1
    const place = printPath(test.file)
    this.#write(`FAIL  ${place}: the file failed outside its tests\n${indent(printError(test.details.error))}`)
    this.#fail(`${place}: the file failed outside its tests`)
    this.#showOutput(file)
  }

  #endFile(name: string, durationMs: number): void {
    const file = this.#fileOf(name)
    const seconds = `${(durationMs / 1000).toFixed(1)} s`
    if (file.executed + file.skipped + file.failed === 0) {
      this.#write(`FAIL  ${printPath(name)}: there is no test in it\n`)
      this.#fail(`${printPath(name)}: there is no test in it`)
      return
    }
    if (file.failed > 0) this.#showOutput(file)
    this.#write(`${file.failed > 0 ? 'FAIL' : 'ok  '}  ${printPath(name)} (${file.executed} tests, ${seconds})\n`)
  }

  #showOutput(file: FileState): void {
    if (file.output.trim() !== '') this.#write(`      it printed:\n${indent(file.output)}`)
    file.output = ''
  }

  #fileOf(name: string | undefined): FileState {
    const key = printPath(name)
    const known = this.#files.get(key)
    if (known) return known
    const made = { output: '', executed: 0, skipped: 0, failed: 0 }
    this.#files.set(key, made)
    return made
  }

  #fail(name: string): void {
    this.#failed += 1
    this.#failures.push(name)
  }
}

type PassedTest = Extract<TestEvent, { type: 'test:pass' }>['data']
type FailedTest = Extract<TestEvent, { type: 'test:fail' }>['data']

/** Node reports the run of a file itself as a test named by its path, when it has no test or ends badly. */
function isWholeFile(test: { name: string; nesting: number; file?: string | undefined }): boolean {
  return test.nesting === 0 && test.file !== undefined && path.resolve(test.name) === path.resolve(test.file)
}

function isBecauseOfSubtests(error: unknown): boolean {
  return (error as { failureType?: unknown } | undefined)?.failureType === 'subtestsFailed'
}

/** Node wraps what a test threw; what was thrown says more. */
function printError(error: unknown): string {
  const thrown = error instanceof Error && error.cause !== undefined ? error.cause : error
  const lines = (typeof thrown === 'string' ? thrown : inspect(thrown, { depth: 6 })).split('\n')
  const shown = lines.filter((line) => !/^\s+at .*node:internal/.test(line))
  if (shown.length <= errorLinesMax) return `${shown.join('\n')}\n`
  return `${shown.slice(0, errorLinesMax).join('\n')}\n… and ${shown.length - errorLinesMax} more lines\n`
}

function printPath(file: string | undefined): string {
  return file === undefined ? '(unknown file)' : path.relative('.', path.resolve(file))
}

function indent(text: string): string {
  const lines = stripVTControlCharacters(text).trimEnd().split('\n')
  return lines.map((line) => `      ${line}\n`).join('')
}
