/** The same text twice more, every position kept: what is left out is blanked. */
export interface Views {
  /** Comments blanked. */
  readonly withoutComments: string
  /** Comments and the insides of strings, templates and regular expressions blanked. */
  readonly bare: string
  /** The insides of string and template literals, with the position where each begins. */
  readonly literals: readonly Literal[]
}

export interface Literal {
  readonly text: string
  readonly index: number
}

/** Reads TypeScript just closely enough to tell code from comments and literals. */
export function viewsOf(text: string): Views {
  return new Scanner(text).scan()
}

class Scanner {
  readonly #text: string
  readonly #withoutComments: string[]
  readonly #bare: string[]
  readonly #literals: Literal[] = []
  /** For each `${` that is open: how many braces stand open inside it. */
  readonly #substitutions: number[] = []
  #at = 0
  /** The last character of code that is not space: tells a division from a regular expression. */
  #last = ''

  constructor(text: string) {
    this.#text = text
    this.#withoutComments = text.split('')
    this.#bare = text.split('')
  }

  scan(): Views {
    while (this.#at < this.#text.length) this.#step()
    return { withoutComments: this.#withoutComments.join(''), bare: this.#bare.join(''), literals: this.#literals }
  }

  #step(): void {
    const two = this.#text.slice(this.#at, this.#at + 2)
    const one = two[0]!
    if (two === '//') return this.#comment(this.#indexOrEnd('\n', this.#at))
    if (two === '/*') return this.#comment(this.#indexOrEnd('*/', this.#at + 2) + 2)
    if (one === "'" || one === '"') return this.#string(one)
    if (one === '`') return this.#template()
    if (one === '/' && this.#beginsRegularExpression()) return this.#regularExpression()
    if (this.#substitutions.length > 0 && this.#closesSubstitution(one)) return this.#template()
    if (!/\s/.test(one)) this.#last = one
    this.#at += 1
  }

  #comment(end: number): void {
    this.#blank(this.#withoutComments, this.#at, end)
    this.#blank(this.#bare, this.#at, end)
    this.#at = end
  }

  #string(quote: string): void {
    const begin = this.#at + 1
    let end = begin
    while (end < this.#text.length && this.#text[end] !== quote && this.#text[end] !== '\n') end += this.#text[end] === '\\' ? 2 : 1
    this.#literal(begin, end)
    this.#at = end + 1
    this.#last = quote
  }

  /** From a backtick, or from the brace that closes a substitution, to the next substitution or the end. */
  #template(): void {
    const begin = this.#at + 1
    let end = begin
    while (end < this.#text.length && this.#text[end] !== '`' && this.#text.slice(end, end + 2) !== '${') {
      end += this.#text[end] === '\\' ? 2 : 1
    }
    this.#literal(begin, end)
    if (this.#text[end] === '`') {
      this.#at = end + 1
      this.#last = '`'
    } else {
      this.#substitutions.push(0)
      this.#at = end + 2
      this.#last = '{'
    }
  }

  #closesSubstitution(one: string): boolean {
    const depth = this.#substitutions.length - 1
    if (one === '{') this.#substitutions[depth]! += 1
    if (one !== '}') return false
    if (this.#substitutions[depth]! > 0) {
      this.#substitutions[depth]! -= 1
      return false
    }
    this.#substitutions.pop()
    return true
  }

  #beginsRegularExpression(): boolean {
    // `</b>` and `<br />` of JSX.
    if (this.#text[this.#at - 1] === '<' || this.#text[this.#at + 1] === '>') return false
    if (this.#last === '' || /[(,=:[!&|?{};+\-*%<>~^]/.test(this.#last)) return true
    return /(?:^|[^\w.])(return|typeof|case|in|of|do|else|yield|await)\s*$/.test(this.#text.slice(Math.max(0, this.#at - 12), this.#at))
  }

  #regularExpression(): void {
    let end = this.#at + 1
    let isClass = false
    for (; end < this.#text.length && this.#text[end] !== '\n'; end += 1) {
      const one = this.#text[end]
      if (one === '\\') end += 1
      else if (one === '[') isClass = true
      else if (one === ']') isClass = false
      else if (one === '/' && !isClass) break
    }
    this.#blank(this.#bare, this.#at + 1, end)
    this.#at = end + 1
    this.#last = '/'
  }

  #literal(begin: number, end: number): void {
    this.#literals.push({ text: this.#text.slice(begin, end), index: begin })
    this.#blank(this.#bare, begin, end)
  }

  #blank(view: string[], begin: number, end: number): void {
    for (let at = begin; at < Math.min(end, view.length); at += 1) if (view[at] !== '\n') view[at] = ' '
  }

  #indexOrEnd(text: string, from: number): number {
    const index = this.#text.indexOf(text, from)
    return index === -1 ? this.#text.length : index
  }
}
