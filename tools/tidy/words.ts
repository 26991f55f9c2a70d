import { findAll, type CodeFile, type Finding } from './source-file.ts'

interface BannedWord {
  readonly rule: string
  readonly pattern: RegExp
  readonly instead: string
  /** Where it counts; everywhere when absent. */
  readonly within?: (file: CodeFile) => boolean
  readonly view: 'bare' | 'withoutComments' | 'text'
}

const isProduct = (file: CodeFile) => /^(src|demo)\//.test(file.path) && !file.isTest
const isTyped = (file: CodeFile) => /\.tsx?$/.test(file.path)
const belowCli = (file: CodeFile) => isProduct(file) && !/^(src\/(cli|host)|demo)\//.test(file.path)

/** The list that STYLE.md ends with, each with what to write instead. */
const bannedWords: readonly BannedWord[] = [
  { rule: 'enum', view: 'bare', pattern: /\benum\s+\w/, instead: 'a union of literals' },
  { rule: 'default-export', view: 'bare', pattern: /\bexport\s+default\b/, instead: 'a named export' },
  { rule: 'pipe', view: 'bare', pattern: /\.pipe\(/, instead: 'pipeline(…, { signal })', within: isTyped },
  { rule: 'clock', view: 'bare', pattern: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/, instead: 'clock.now()', within: isProduct },
  { rule: 'sleep', view: 'bare', pattern: /\bset(Timeout|Interval)\(/, instead: 'clock.sleep(ms, signal)', within: isProduct },
  { rule: 'chance', view: 'bare', pattern: /\bMath\.random\(/, instead: 'random, an argument' },
  { rule: 'environment', view: 'bare', pattern: /\bprocess\.env\b/, instead: 'config, an argument', within: belowCli },
  { rule: 'console', view: 'bare', pattern: /\bconsole\./, instead: 'log, or the output of the command', within: isProduct },
  {
    rule: 'rename',
    view: 'bare',
    pattern: /\bimport\s*\{[^}]*\brename(Sync)?\b[^}]*\}\s*from|\bfs\.rename/,
    instead: 'renameDurably',
    within: isProduct,
  },
  { rule: 'json', view: 'bare', pattern: /\bJSON\.parse\(/, instead: 'parse(schema, text, what)', within: isProduct },
  { rule: 'any', view: 'bare', pattern: /\bas any\b/, instead: 'a parser' },
  { rule: 'silenced-compiler', view: 'text', pattern: /@ts-(ignore|nocheck|expect-error)\b/, instead: 'a type that fits', within: isTyped },
  { rule: 'dry-run', view: 'bare', pattern: /\bdry_?run\b/i, instead: 'a plan, carried out by another function' },
  { rule: 'unfinished', view: 'text', pattern: /\b(FIXME|TODO|XXX)\b/, instead: 'finish it' },
  {
    rule: 'exclusive-test',
    view: 'bare',
    pattern: /\b(test|it|describe|suite)\.only\(|\bonly:\s*true\b/,
    instead: 'run the one file by its path',
  },
]

const vagueNouns = new Set(['manager', 'helper', 'helpers', 'util', 'utils', 'handler', 'handlers'])

export function checkWords(files: readonly CodeFile[]): Finding[] {
  return files.filter((file) => !isTheListItself(file)).flatMap((file) => [...bannedIn(file), ...vagueIn(file), ...silencedIn(file)])
}

/** Tidy has to spell what it looks for, and so have its tests. */
function isTheListItself(file: CodeFile): boolean {
  return file.path.startsWith('tools/tidy')
}

function bannedIn(file: CodeFile): Finding[] {
  return bannedWords
    .filter((word) => word.within?.(file) ?? true)
    .flatMap((word) =>
      findAll(file, file[word.view], word.pattern, {
        rule: word.rule,
        message: (match) => `\`${match[0].trim()}\`: write ${word.instead}`,
      }),
    )
}

/** A part of a name, in any of its spellings: `RestoreManager`, `pathHelper`, `utils`. */
function vagueIn(file: CodeFile): Finding[] {
  return findAll(file, file.bare, /\b[A-Za-z_$][\w$]*/, { rule: 'vague-noun', message: (match) => match[0] })
    .filter((finding) => wordsOf(finding.message).some((word) => vagueNouns.has(word)))
    .map((finding) => ({ ...finding, message: `\`${finding.message}\` says nothing: name what it is, a noun of GLOSSARY.md` }))
}

export function wordsOf(name: string): string[] {
  return name.split(/(?<=[a-z0-9])(?=[A-Z])|[_$-]/).map((word) => word.toLowerCase())
}

/** A comment inside is a reason; nothing at all is not. */
function silencedIn(file: CodeFile): Finding[] {
  const empty = findAll(file, file.text, /\bcatch\s*(\([^)]*\))?\s*\{\s*\}/, {
    rule: 'silent-catch',
    message: 'an empty catch: act, rethrow, or say why not',
  })
  const swallowed = findAll(file, file.text, /\.catch\(\s*\(\w*\)\s*=>\s*(\{\s*\}|undefined)\s*\)/, {
    rule: 'silent-catch',
    message: 'a swallowed rejection: say why in a comment on this line or the one above',
  })
  const lines = file.text.split('\n')
  return [
    ...empty,
    ...swallowed.filter(({ line }) => ![lines[line! - 1], lines[line! - 2]].some((text) => text?.includes('//') || text?.includes('*/'))),
  ]
}
