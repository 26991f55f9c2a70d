import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { viewsOf, type Views } from './views.ts'

/** A file of the project as tidy looks at it. Paths are relative to the project and use `/`. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** A TypeScript or JavaScript file with its views: without comments, and without what stands in strings either. */
export interface CodeFile extends SourceFile, Views {
  readonly isTest: boolean
}

/** One thing that is wrong, and what to do instead. */
export interface Finding {
  readonly rule: string
  readonly path: string
  readonly line?: number
  readonly message: string
}

export const projectFolder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')

const passedOver = new Set(['.git', '.cache', 'node_modules', 'build', 'coverage', 'bench.json'])

/** Every file that belongs to the project, whether it is committed yet or not. */
export function projectFiles(folder = projectFolder): SourceFile[] {
  const files: SourceFile[] = []
  const walk = (below: string) => {
    for (const entry of readdirSync(path.join(folder, below), { withFileTypes: true })) {
      if (passedOver.has(entry.name) || entry.name.endsWith('.log')) continue
      const place = path.posix.join(below, entry.name)
      if (entry.isDirectory()) walk(place)
      else if (entry.isFile()) files.push({ path: place, text: readFileSync(path.join(folder, place), 'utf8') })
    }
  }
  walk('')
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** The TypeScript and JavaScript among them. AssemblyScript (`.as.ts`) is another language and is left out. */
export function codeFiles(files: readonly SourceFile[]): CodeFile[] {
  return files.filter((file) => /\.(tsx?|mjs)$/.test(file.path) && !file.path.endsWith('.as.ts')).map(codeFile)
}

export function codeFile(file: SourceFile): CodeFile {
  return { ...file, ...viewsOf(file.text), isTest: isTestPath(file.path) }
}

function isTestPath(place: string): boolean {
  return place.startsWith('test/') || /\.(test|suite)\.ts$/.test(place)
}

export function lineAt(text: string, index: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < index; at = text.indexOf('\n', at + 1)) line += 1
  return line
}

/** A finding for every place where `pattern` matches in `view`, which must have the positions of the file's text. */
export function findAll(
  file: SourceFile,
  view: string,
  pattern: RegExp,
  as: { rule: string; message: string | ((match: RegExpMatchArray) => string) },
): Finding[] {
  return [...view.matchAll(new RegExp(pattern, pattern.flags.includes('g') ? pattern.flags : `${pattern.flags}g`))].map((match) => ({
    rule: as.rule,
    path: file.path,
    line: lineAt(view, match.index),
    message: typeof as.message === 'string' ? as.message : as.message(match),
  }))
}
