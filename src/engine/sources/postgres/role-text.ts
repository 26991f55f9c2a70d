/**
 * Maps role names in SQL text that pg_restore or we have written. `--no-owner` and `--no-acl` would lose owners, grants and
 * policies, so the few kinds of statement that name roles are known here, and their names replaced as tokens, never by
 * search: OWNER TO, GRANT, REVOKE, DEFAULT PRIVILEGES, SESSION AUTHORIZATION, CREATE POLICY, USER MAPPING. Role names
 * inside function bodies and in SET clauses of functions stay as they are.
 */
export function mapRoles(statement: Statement, roleOf: (role: string) => string): string {
  const places = rolePlaces(statement.tokens)
  let mapped = ''
  let at = 0
  for (const { start, end, name } of places) {
    if (name === undefined) continue
    mapped += statement.text.slice(at, start) + quoteAs(roleOf(name))
    at = end
  }
  return mapped + statement.text.slice(at)
}

export interface Token {
  /** Offsets within the statement's text. */
  readonly start: number
  readonly end: number
  /** Upper case, for a word without quotes. */
  readonly word: string | undefined
  /** The name that a word or a quoted identifier stands for. */
  readonly name: string | undefined
  readonly depth: number
}

export interface Statement {
  /** Without its semicolon. */
  readonly text: string
  readonly tokens: readonly Token[]
}

/** Splits SQL as psql does (psqlscan.l): quotes, dollar quotes, comments, parentheses and BEGIN ATOMIC bodies hold semicolons. */
export function splitStatements(sql: string): Statement[] {
  const statements: Statement[] = []
  let tokens: Token[] = []
  let start = 0
  let depth = 0
  let bodyDepth = 0
  for (const { at, text } of lexemes(sql)) {
    if (text === ';' && depth === 0 && bodyDepth === 0) {
      if (tokens.length > 0) statements.push({ text: sql.slice(start, at), tokens })
      tokens = []
      start = at + 1
      continue
    }
    if (text === '(') depth += 1
    if (text === ')') depth -= 1
    if (tokens.length === 0) start = at
    const token = tokenOf(text, at - start, depth)
    bodyDepth = bodyDepthAfter(bodyDepth, tokens, token)
    tokens.push(token)
  }
  if (tokens.length > 0) statements.push({ text: sql.slice(start), tokens })
  return statements
}

function tokenOf(text: string, start: number, depth: number): Token {
  const isWord = /^[A-Za-z_\u0080-\uffff]/.test(text)
  const isQuoted = text.startsWith('"')
  const name = isWord ? text.toLowerCase() : isQuoted ? text.slice(1, -1).replaceAll('""', '"') : undefined
  return { start, end: start + text.length, word: isWord ? text.toUpperCase() : undefined, name, depth }
}

/** In the body of a function in SQL, BEGIN ATOMIC and CASE open, END closes. */
function bodyDepthAfter(bodyDepth: number, before: readonly Token[], { word }: Token): number {
  if (before[0]?.word !== 'CREATE') return 0
  if (bodyDepth === 0) return word === 'ATOMIC' && before.at(-1)?.word === 'BEGIN' ? 1 : 0
  if (word === 'CASE' || word === 'BEGIN') return bodyDepth + 1
  return word === 'END' ? bodyDepth - 1 : bodyDepth
}

// One lexeme: comment | dollar quote | string | identifier | word | anything else. Backslashes count in E'' alone.
const lexeme =
  /--[^\n]*|\/\*[\s\S]*?\*\/|(\$(?:[A-Za-z_\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*)?\$)[\s\S]*?\1|[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\d[\w.]*|\S/g

function* lexemes(sql: string): Generator<{ at: number; text: string }> {
  for (const match of sql.matchAll(lexeme)) {
    const text = match[0]
    if (!text.startsWith('--') && !text.startsWith('/*')) yield { at: match.index, text }
  }
}

/** Tokens that are role names. */
function rolePlaces(tokens: readonly Token[]): Token[] {
  const words = tokens.map(({ word }) => word)
  const [first, second, third] = words
  if (first === 'ALTER' && second === 'DEFAULT' && third === 'PRIVILEGES') {
    return [...listAfter(tokens, words.indexOf('ROLE')), ...listAfter(tokens, lastAtTop(tokens, ['TO', 'FROM']))]
  }
  if (first === 'ALTER') {
    const owner = lastAtTop(tokens, ['OWNER'])
    return owner >= 0 && words[owner + 1] === 'TO' ? listAfter(tokens, owner + 1) : []
  }
  if (first === 'GRANT' || first === 'REVOKE') return listAfter(tokens, lastAtTop(tokens, ['TO', 'FROM']))
  if (first === 'SET' && second === 'SESSION' && third === 'AUTHORIZATION') return words[3] === 'DEFAULT' ? [] : listAfter(tokens, 2)
  if (first === 'CREATE' && second === 'POLICY') return listAfter(tokens, firstAtTop(tokens, 'TO'))
  if (first === 'CREATE' && second === 'USER' && third === 'MAPPING') return listAfter(tokens, firstAtTop(tokens, 'FOR'))
  return []
}

function lastAtTop(tokens: readonly Token[], words: readonly string[]): number {
  return tokens.findLastIndex(({ word, depth }) => depth === 0 && word !== undefined && words.includes(word))
}

function firstAtTop(tokens: readonly Token[], wanted: string): number {
  return tokens.findIndex(({ word, depth }) => depth === 0 && word === wanted)
}

/** `a, "B c", d` behind the token at `index`; PUBLIC is nobody's name. */
function listAfter(tokens: readonly Token[], index: number): Token[] {
  const listed: Token[] = []
  if (index < 0) return listed
  for (let at = index + 1; at < tokens.length; at += 2) {
    const token = tokens[at]!
    if (token.name !== undefined && token.word !== 'PUBLIC') listed.push(token)
    const next = tokens[at + 1]
    const isComma = next !== undefined && next.name === undefined && next.end - next.start === 1 && next.word === undefined
    if (!isComma) break
  }
  return listed
}

function quoteAs(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
