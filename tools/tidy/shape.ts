import path from 'node:path'
import { lineAt, type CodeFile, type Finding, type SourceFile } from './source-file.ts'
import { wordsOf } from './words.ts'

const fileLinesMax = 400
const testFileLinesMax = 800
const functionLinesMax = 60
const parametersMax = 3

export function checkShape(files: readonly CodeFile[]): Finding[] {
  return files.flatMap((file) => [...checkLength(file), ...checkBarrel(file), ...checkFunctions(file)])
}

/** Files and folders are captions in kebab-case; documents that everybody looks for are in capitals. */
export function checkNames(files: readonly SourceFile[]): Finding[] {
  return files
    .filter((file) => /^(src|demo|test|tools)\//.test(file.path))
    .filter((file) => !isKebabCase(file.path) || hasVagueNoun(file.path))
    .map((file) => ({ rule: 'file-name', path: file.path, message: 'name it in kebab-case by what is in it; no utils, helpers, managers' }))
}

function isKebabCase(place: string): boolean {
  const [file, ...folders] = place.split('/').toReversed()
  const word = /^[a-z0-9]+(-[a-z0-9]+)*$/
  return folders.every((folder) => word.test(folder)) && (/^[A-Z]+\.md$/.test(file!) || file!.split('.').every((part) => word.test(part)))
}

function hasVagueNoun(place: string): boolean {
  return wordsOf(path.basename(place).replace(/\..*$/, '')).some((word) => /^(util|helper|manager|handler)s?$/.test(word))
}

function checkLength(file: CodeFile): Finding[] {
  const lines = file.text.split('\n').length - 1
  const max = file.isTest ? testFileLinesMax : fileLinesMax
  if (lines <= max) return []
  return [{ rule: 'file-length', path: file.path, message: `${lines} lines, ${max} at most: its noun holds more than one thing` }]
}

/** A file that only passes on what others export hides where things are. */
function checkBarrel(file: CodeFile): Finding[] {
  const isIndex = path.basename(file.path) === 'index.ts'
  const passesOnAll = /\bexport\s*\*/.test(file.bare)
  const statements = file.bare.replace(/\bexport\s+(type\s+)?\{[^}]*\}\s*from\s*['"]\s*['"];?/g, '').trim()
  const onlyPassesOn = statements === '' && /\bexport\b/.test(file.bare)
  if (!isIndex && !passesOnAll && !onlyPassesOn) return []
  return [{ rule: 'barrel', path: file.path, message: 'a barrel: import each thing from where it is' }]
}

/** Prettier puts the brace that closes a declaration at the depth of its first line: no parser is needed. */
function checkFunctions(file: CodeFile): Finding[] {
  if (file.isTest || !/\.tsx?$/.test(file.path)) return []
  const findings: Finding[] = []
  const begin =
    /^( *)(?:export )?(?:(?:public |private |static |override )*(?:async )?(?:get |set )?(?:function\*? ?)?\*?(#?[\w$[\].]+)(?:<[^\n]*>)?\()(?=[^\n]*(?:\{|\()$)/gm
  for (const match of file.bare.matchAll(begin)) {
    const indent = match[1]!
    const name = match[2]!
    if (['if', 'for', 'while', 'switch', 'catch', 'return', 'await', 'super'].includes(name)) continue
    const parameters = parametersAt(file.bare, match.index + match[0].length)
    if (!parameters.isDeclaration) continue
    const line = lineAt(file.bare, match.index)
    const end = file.bare.indexOf(`\n${indent}}`, parameters.end)
    const lines = lineAt(file.bare, end + 1) - line + 1
    if (end !== -1 && lines > functionLinesMax) {
      findings.push({ rule: 'function-length', path: file.path, line, message: `${name} has ${lines} lines, ${functionLinesMax} at most` })
    }
    if (parameters.names.length > parametersMax) {
      findings.push({
        rule: 'parameters',
        path: file.path,
        line,
        message: `${name} takes ${parameters.names.length}: three, then an options object`,
      })
    }
  }
  return findings
}

/** Names of the parameters, less a last `signal` or `options`; and whether a body follows, as it does not after a call. */
function parametersAt(code: string, from: number): { names: string[]; isDeclaration: boolean; end: number } {
  let depth = 1
  let at = from
  const names: string[] = []
  let current = ''
  for (; at < code.length && depth > 0; at += 1) {
    const one = code[at]!
    const isArrow = one === '>' && code[at - 1] === '='
    if ('([{<'.includes(one)) depth += 1
    if (')]}>'.includes(one) && !isArrow) depth -= 1
    if (depth === 1 && one === ',') {
      names.push(current)
      current = ''
    } else if (depth > 0) current += one
  }
  if (current.trim() !== '') names.push(current)
  const counted = names.map((name) => name.trim()).filter((name) => !/^(signal|options|_\w*)\b/.test(name))
  return { names: counted, isDeclaration: /^\s*(:[^;=\n]*)?\{/.test(code.slice(at, at + 400)), end: at }
}
