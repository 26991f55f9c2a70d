import { Fault } from '#base/fault.ts'
import { limits } from '#base/limits.ts'
import { printBytes } from '#base/units.ts'
import { DumpText } from './dump-text.ts'

/** A statement of a dump, without comments. Text is bytes, one character each, in the encoding of the dump. */
export interface DumpStatement {
  readonly text: string
  /** The same with every quoted part as `''`, `""` or `$$`, so that words in it are words of SQL. */
  readonly bare: string
  /** For `COPY … FROM stdin`: the rows that follow. To be read before the next statement is asked for. */
  readonly rows?: AsyncIterable<Uint8Array>
}

/**
 * Cuts the text of a dump into statements, as psql would (psqlscan.l), and nothing else: a backslash command has no place
 * in it but pg_dump's own guard against them. Faults: DUMP_COMMANDS, DUMP_INVALID, DAMAGE_ARCHIVE for an end in the middle.
 */
export async function* dumpStatements(
  source: AsyncIterable<Uint8Array>,
  onComment: (comment: string) => void,
): AsyncGenerator<DumpStatement> {
  const text = new DumpText(source)
  const lexer = new Lexer(text, onComment)
  try {
    for (let statement = await lexer.next(); statement; statement = await lexer.next()) {
      if (!isCopy(statement)) yield statement
      else yield { ...statement, rows: await text.beginRows() }
      await text.skipRows()
    }
  } finally {
    await text.end()
  }
}

/** SAFETY rule 33: rows come with the dump, never from a program or a file of the server, and never go there. */
function isCopy({ bare }: DumpStatement): boolean {
  if (!/^copy\b/i.test(bare)) return false
  if (/\sfrom\s+stdin\b/i.test(bare) && !/\bprogram\b/i.test(bare)) return true
  throw new Fault('DUMP_COMMANDS', `the dump copies from or to a program or a file of the server: ${bare.slice(0, 80)}`)
}

/** The characters between which nothing can begin or end. */
const plainRun = /[^'"$\\;()\-/*A-Za-z_\u0080-\u00ff]+/y
const word = /[A-Za-z_\u0080-\u00ff][A-Za-z0-9_$\u0080-\u00ff]*/y
const dollarTag = /\$(?:[A-Za-z_\u0080-\u00ff][A-Za-z0-9_\u0080-\u00ff]*)?\$/y

class Lexer {
  readonly #text: DumpText
  readonly #onComment: (comment: string) => void
  #isStandard = true
  #parts: string[] = []
  #bare: string[] = []
  #bytes = 0
  #depth = 0
  #beginDepth = 0
  /** The first words, by which a function with a body of statements is known. */
  #words: string[] = []

  constructor(text: DumpText, onComment: (comment: string) => void) {
    this.#text = text
    this.#onComment = onComment
  }

  async next(): Promise<DumpStatement | undefined> {
    this.#parts = []
    this.#bare = []
    this.#bytes = 0
    this.#depth = 0
    this.#beginDepth = 0
    this.#words = []
    while (await this.#text.ahead(128)) {
      const isEnd = await this.#step()
      if (!isEnd) continue
      const statement = { text: this.#parts.join('').trim(), bare: this.#bare.join('').trim() }
      if (statement.bare === '') continue
      const [, setting] = /^set\s+(?:session\s+)?standard_conforming_strings\s*(?:=|\bto\b)\s*(\S+)/i.exec(statement.text) ?? []
      if (setting !== undefined) this.#isStandard = !/off|false|0|no/i.test(setting)
      return statement
    }
    if (this.#bare.join('').trim() !== '') throw new Fault('DAMAGE_ARCHIVE', 'the dump ends in the middle of a statement')
    return undefined
  }

  /** Takes one piece; true when a statement is complete. */
  async #step(): Promise<boolean> {
    const [one, two] = [this.#text.peek(0), this.#text.peek(1)]
    if (one === '\\') return await this.#backslash()
    if (one === "'") this.#add(await this.#text.quoted("'", this.#hasEscapes()), "''")
    else if (one === '"') this.#add(await this.#text.quoted('"', false), '""')
    else if (one === '$') await this.#dollar()
    else if (one === '-' && two === '-') this.#comment((await this.#text.line()).trim())
    else if (one === '/' && two === '*') this.#comment(await this.#text.blockComment())
    else return await this.#plain()
    return false
  }

  async #plain(): Promise<boolean> {
    const name = await this.#text.match(word)
    if (name !== undefined) this.#word(name)
    const run = name ?? (await this.#text.match(plainRun)) ?? this.#text.take(1)
    if (run === '(') this.#depth += 1
    if (run === ')' && this.#depth > 0) this.#depth -= 1
    if (run === ';' && this.#depth === 0 && this.#beginDepth === 0) return true
    this.#add(run, run)
    return false
  }

  #add(text: string, bare: string): void {
    this.#bytes += text.length
    if (this.#bytes > limits.dumpStatementBytesMax) {
      throw new Fault('DUMP_INVALID', `a statement of the dump is longer than ${printBytes(limits.dumpStatementBytesMax)}`)
    }
    this.#parts.push(text)
    this.#bare.push(bare)
  }

  /** E'…' always has them; '…' in the old way. */
  #hasEscapes(): boolean {
    return !this.#isStandard || /^e$/i.test(this.#parts.at(-1) ?? '')
  }

  async #dollar(): Promise<void> {
    const tag = this.#text.peekMatch(dollarTag)
    if (tag === undefined) this.#add(this.#text.take(1), '$')
    else this.#add(await this.#text.through(tag, 'a quoted body'), '$$')
  }

  /** SAFETY rule 33. pg_dump itself writes \restrict and \unrestrict, which forbid all others to psql. */
  async #backslash(): Promise<boolean> {
    const line = await this.#text.line()
    const isGuard = /^\\(un)?restrict [A-Za-z0-9]+\r?\n?$/.test(line) && this.#bare.join('').trim() === ''
    if (isGuard) return false
    throw new Fault('DUMP_COMMANDS', `the dump has a command for psql: ${JSON.stringify(line.trim().slice(0, 60))}`)
  }

  #comment(text: string | void): void {
    if (text !== undefined) this.#onComment(text)
    this.#add(' ', ' ')
  }

  /** psqlscan.l "identifier": semicolons between BEGIN and END of a function's body end no statement. */
  #word(text: string): void {
    const lower = text.toLowerCase()
    if (this.#words.length < 4) this.#words.push(lower)
    const [first, second, third, fourth] = this.#words
    const isRoutine = (name: string | undefined) => name === 'function' || name === 'procedure'
    const isOurs = first === 'create' && (isRoutine(second) || (second === 'or' && third === 'replace' && isRoutine(fourth)))
    if (!isOurs || this.#depth > 0) return
    if (lower === 'begin') this.#beginDepth += 1
    else if (lower === 'case' && this.#beginDepth > 0) this.#beginDepth += 1
    else if (lower === 'end' && this.#beginDepth > 0) this.#beginDepth -= 1
  }
}
