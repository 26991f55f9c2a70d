import assert from 'node:assert/strict'
import test from 'node:test'
import { faultCodes } from '#base/fault-codes.ts'
import { allowances, withoutAllowed } from './tidy/allowances.ts'
import { checkInvariants, checkLinks, checkSafety, checkScripts } from './tidy/documents.ts'
import { checkImports } from './tidy/imports.ts'
import { checkFaultCodes, checkMachine, checkSql } from './tidy/places.ts'
import { checkNames, checkShape } from './tidy/shape.ts'
import { codeFiles, projectFiles, type Finding } from './tidy/source-file.ts'
import { checkWords } from './tidy/words.ts'

const files = projectFiles()
const code = codeFiles(files)
const packageFile = JSON.parse(files.find((file) => file.path === 'package.json')!.text)

const inSources: Finding[] = [
  ...checkImports(code, Object.keys(packageFile.dependencies), Object.keys(packageFile.devDependencies)),
  ...checkWords(code),
  ...checkShape(code),
  ...checkSql(code),
]

function none(findings: readonly Finding[]): void {
  const lines = findings.map(({ rule, path, line, message }) => `${path}${line === undefined ? '' : `:${line}`}: ${rule}: ${message}`)
  assert.ok(lines.length === 0, `\n${lines.join('\n')}\n${lines.length} findings`)
}

const remaining = withoutAllowed(inSources, allowances)
const rules: Record<string, readonly string[]> = {
  'imports run downward, by # names across folders, without a circle': ['layers', 'relative-import', 'cycle', 'dependency'],
  'files, functions and parameter lists keep their size, and nothing is a barrel': [
    'file-length',
    'function-length',
    'parameters',
    'barrel',
  ],
  'SQL stands where a reader looks for it': ['sql'],
  'every exception is still needed': ['allowance'],
}
const named = new Set(Object.values(rules).flat())

for (const [title, names] of Object.entries(rules)) {
  test(title, () => none(remaining.filter((finding) => names.includes(finding.rule))))
}

test('no banned word stands in the sources', () => none(remaining.filter((finding) => !named.has(finding.rule))))

test('files and folders are named in kebab-case by what is in them', () => none(checkNames(files)))

test('nothing names a path of one machine or a package registry', () => none(checkMachine(files)))

test('every fault code is used', () => none(checkFaultCodes(Object.keys(faultCodes), code)))

test('every link of the documents leads somewhere', () => none(checkLinks(files)))

test('every npm script that a document shows exists', () => none(checkScripts(files, Object.keys(packageFile.scripts))))

test('every safety rule has a row in docs/safety.md and a test that cites it', () => {
  none(
    checkSafety(
      code,
      files.find((file) => file.path === 'docs/safety.md'),
    ),
  )
})

test('every numbered invariant of a folder is cited by a test', () => none(checkInvariants(files, code)))
