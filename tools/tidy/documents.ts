import path from 'node:path'
import { lineAt, type CodeFile, type Finding, type SourceFile } from './source-file.ts'

/** Every link to a place in the project leads somewhere, its heading included. */
export function checkLinks(files: readonly SourceFile[]): Finding[] {
  const places = new Set(files.flatMap((file) => [file.path, ...foldersOf(file.path)]))
  const texts = new Map(files.map((file) => [file.path, file.text]))
  return files.filter((file) => file.path.endsWith('.md')).flatMap((file) => brokenLinks(file, places, texts))
}

function brokenLinks(file: SourceFile, places: ReadonlySet<string>, texts: ReadonlyMap<string, string>): Finding[] {
  const findings: Finding[] = []
  for (const match of withoutFences(file.text).matchAll(/\[[^\]\n]*\]\(([^)\s]+)\)/g)) {
    const link = match[1]!
    if (/^[a-z]+:/.test(link)) continue
    const [place, heading] = link.split('#') as [string, string | undefined]
    const target = place === '' ? file.path : path.posix.normalize(path.posix.join(path.posix.dirname(file.path), place)).replace(/\/$/, '')
    const refuse = (message: string) => findings.push({ rule: 'link', path: file.path, line: lineAt(file.text, match.index), message })
    if (!places.has(target)) refuse(`${link} leads nowhere: there is no ${target}`)
    else if (heading !== undefined && target.endsWith('.md') && !headingsOf(texts.get(target) ?? '').has(heading)) {
      refuse(`${link} leads nowhere: ${target} has no such heading`)
    }
  }
  return findings
}

function foldersOf(place: string): string[] {
  const parts = place.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}

/** As the common renderers make anchors of headings. */
function headingsOf(text: string): Set<string> {
  const headings = withoutFences(text).matchAll(/^#+ +(.+)$/gm)
  return new Set(
    [...headings].map(([, title]) =>
      title!
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  )
}

function withoutFences(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, (fence) => fence.replace(/[^\n]/g, ' '))
}

export interface Command {
  readonly line: number
  /** Without the prompt; lines that end in a backslash are joined. */
  readonly text: string
}

/** The commands that a document shows in its `sh` fences. */
export function commandsOf(file: SourceFile): Command[] {
  return [...file.text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap((fence) => {
    const first = lineAt(file.text, fence.index) + 1
    const lines = fence[1]!.split('\n')
    const commands: Command[] = []
    for (let at = 0; at < lines.length; at += 1) {
      const line = first + at
      let text = lines[at]!
      while (text.endsWith('\\')) text = `${text.slice(0, -1).trimEnd()} ${lines[(at += 1)]?.trim() ?? ''}`
      if (text.trim() !== '' && !text.startsWith('#')) commands.push({ line, text: text.replace(/ +# .*$/, '').trim() })
    }
    return commands
  })
}

/** `npm run X` of any document is a script of package.json. */
export function checkScripts(files: readonly SourceFile[], scripts: readonly string[]): Finding[] {
  return files
    .filter((file) => file.path.endsWith('.md'))
    .flatMap((file) => commandsOf(file).map((command) => ({ file, command })))
    .flatMap(({ file, command }) => {
      const found = /^npm (?:run )?([\w:-]+)/.exec(command.text)?.[1]
      if (found === undefined || found === 'install' || found === 'ci' || scripts.includes(found)) return []
      return [{ rule: 'script', path: file.path, line: command.line, message: `package.json has no script ${found}` }]
    })
}

/** Titles of the tests, which are the specification. */
export function testTitles(files: readonly CodeFile[]): { path: string; title: string }[] {
  return files
    .filter((file) => file.isTest)
    .flatMap((file) =>
      [...file.withoutComments.matchAll(/\b(?:test|it|describe|suite)\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g)]
        // What stands inside a literal is the example of a test, not a test.
        .filter((match) => file.bare.startsWith(match[0].slice(0, 2), match.index))
        .map((match) => ({ path: file.path, title: match[2]!.replace(/\\(.)/g, '$1') })),
    )
}

/** `SAFETY rule 3`, `SAFETY rules 3, 4 and 6`, `SAFETY rules 3-6`. */
export function safetyRulesIn(title: string): number[] {
  return [...title.matchAll(/SAFETY rules? ((?:\d+(?:\s*(?:,|and|-|–)\s*)?)+)/g)].flatMap(([, list]) =>
    list!
      .split(/,|and/)
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .flatMap((part) => {
        const [from, to] = part.split(/\s*[-–]\s*/).map(Number)
        return Array.from({ length: (to || from!) - from! + 1 }, (_, index) => from! + index)
      }),
  )
}

const safetyDocument = 'docs/safety.md'
const safetyRulesMax = 34
/** About record-level restore, which is not built yet. */
const rulesWithoutSubject: readonly number[] = [31, 32]

/** Each rule has a row, and a test that says in its title that it proves it. */
export function checkSafety(files: readonly CodeFile[], document: SourceFile | undefined): Finding[] {
  const proven = new Set(testTitles(files).flatMap(({ title }) => safetyRulesIn(title)))
  const rows = new Set([...(document?.text ?? '').matchAll(/^\| *(\d+) *\|/gm)].map(([, rule]) => Number(rule)))
  const findings: Finding[] = []
  for (let rule = 1; rule <= safetyRulesMax; rule += 1) {
    if (rulesWithoutSubject.includes(rule)) continue
    const refuse = (message: string) => findings.push({ rule: 'safety', path: safetyDocument, message })
    if (!rows.has(rule)) refuse(`rule ${rule} has no row`)
    if (!proven.has(rule)) refuse(`no test cites "SAFETY rule ${rule}" in its title`)
  }
  return findings
}

/** Each numbered invariant that a folder's README promises is cited by a test. */
export function checkInvariants(files: readonly SourceFile[], code: readonly CodeFile[]): Finding[] {
  const proven = new Set(testTitles(code).flatMap(({ title }) => title.match(/\bINV-\d+\b/g) ?? []))
  return files
    .filter((file) => file.path.startsWith('src/') && file.path.endsWith('README.md'))
    .flatMap((file) =>
      [...file.text.matchAll(/\bINV-\d+\b/g)]
        .filter(([name]) => !proven.has(name))
        .map((match) => ({
          rule: 'invariant',
          path: file.path,
          line: lineAt(file.text, match.index),
          message: `no test cites ${match[0]} in its title`,
        })),
    )
}
