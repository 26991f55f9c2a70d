import { globSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import path from 'node:path'

export interface Coverage {
  readonly lines: number
  readonly coveredPercent: number
  /** Lowest first. */
  readonly files: readonly FileCoverage[]
}

interface FileCoverage {
  readonly path: string
  readonly lines: number
  readonly coveredLines: number
  readonly coveredPercent: number
}

interface MeasuredFile {
  readonly path: string
  readonly totalLineCount: number
  readonly coveredLineCount: number
}

/** Node measures the files that were loaded; one that no test loads counts here as wholly uncovered. */
export function coverageOf(measured: readonly MeasuredFile[], folder: string): Coverage {
  const files = measured
    .map((file) => fileCoverage(file.path, file.totalLineCount, file.coveredLineCount))
    .filter((file) => file.path.startsWith(`${folder}/`))
  const known = new Set(files.map((file) => file.path))
  for (const place of globSync(`${folder}/**/*.ts`, { exclude: ['**/*.test.ts', '**/*.suite.ts', '**/*.as.ts', '**/*.d.ts'] })) {
    if (known.has(path.relative('.', place))) continue
    const source = readFileSync(place, 'utf8')
    if (hasCode(source)) files.push(fileCoverage(place, source.split('\n').length, 0))
  }
  const lines = files.reduce((sum, file) => sum + file.lines, 0)
  const coveredLines = files.reduce((sum, file) => sum + file.coveredLines, 0)
  return {
    lines,
    coveredPercent: percentOf(coveredLines, lines),
    files: files.toSorted((a, b) => a.coveredPercent - b.coveredPercent),
  }
}

function fileCoverage(place: string, lines: number, coveredLines: number): FileCoverage {
  return { path: path.relative('.', place), lines, coveredLines, coveredPercent: percentOf(coveredLines, lines) }
}

function percentOf(part: number, whole: number): number {
  return whole === 0 ? 100 : (100 * part) / whole
}

/** A file of types alone is never loaded, and there is nothing in it to cover. */
export function hasCode(source: string): boolean {
  const code = stripTypeScriptTypes(source)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/^\s*import\s[\s\S]*?'[^']*'/gm, '')
    .replace(/^\s*export\s*\{[\s\S]*?\}/gm, '')
  return /[^\s;]/.test(code)
}
