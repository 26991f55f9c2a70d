import { findAll, lineAt, type CodeFile, type Finding, type SourceFile } from './source-file.ts'

/** The beginning of a statement, with enough of it that no English sentence is taken for one. */
const sqlStatement = new RegExp(
  [
    String.raw`^\s*(`,
    [
      String.raw`select\s+[\s\S]*\b(from|pg_\w+\()`,
      String.raw`insert\s+into\s`,
      String.raw`update\s+\S+\s+set\s`,
      String.raw`delete\s+from\s`,
      String.raw`(create|drop|alter)\s+(table|database|schema|index|role|view|materialized|sequence|extension|trigger|function|type|temp)\s+\S`,
      String.raw`truncate\s+(table\s+)?"`,
      String.raw`lock\s+table\s`,
      String.raw`copy\s+\S[\s\S]*\b(to|from)\s+std(in|out)\b`,
      String.raw`begin\s+(isolation|transaction|read)`,
      String.raw`set\s+(local|session|transaction)\s`,
      String.raw`(grant|revoke)\s+\w+\s+on\s`,
      String.raw`comment\s+on\s+(database|table)\s`,
    ].join('|'),
    ')',
  ].join(''),
  'i',
)

/** SQL inside the product stands only where a reader looks for it. */
export function checkSql(files: readonly CodeFile[]): Finding[] {
  return files
    .filter((file) => file.path.startsWith('src/') && !file.isTest && !mayHoldSql(file.path))
    .flatMap((file) =>
      file.literals
        .filter((literal) => sqlStatement.test(literal.text))
        .map((literal) => ({
          rule: 'sql',
          path: file.path,
          line: lineAt(file.text, literal.index),
          message: 'SQL stands below src/engine/sources/postgres or in a *.store.ts only',
        })),
    )
}

function mayHoldSql(place: string): boolean {
  return place.startsWith('src/engine/sources/postgres/') || place.endsWith('.store.ts')
}

/** What is true of one machine only has no place in the project. */
export function checkMachine(files: readonly SourceFile[]): Finding[] {
  return files
    .filter((file) => !file.path.startsWith('tools/tidy'))
    .flatMap((file) => [
      ...findAll(file, file.text, /(?<![\w./~-])\/(work|root|home\/[a-z]+)\/[\w.-]+/, {
        rule: 'machine-path',
        message: (match) => `${match[0]} is a path of one machine`,
      }),
      ...findAll(file, file.text, /https?:\/\/[^\s"'`)]*\b(registry|npmjs|artifactory|nexus|verdaccio|pypi)\b[^\s"'`)]*/, {
        rule: 'registry',
        message: (match) => `${match[0]} names a package registry`,
      }),
    ])
}

/** A code that nothing throws is a promise that nobody keeps. */
export function checkFaultCodes(codes: readonly string[], files: readonly CodeFile[]): Finding[] {
  const product = files.filter((file) => file.path.startsWith('src/') && !file.isTest && file.path !== 'src/base/fault-codes.ts')
  const literals = new Set(product.flatMap((file) => file.literals.map((literal) => literal.text)))
  return codes
    .filter((code) => !literals.has(code))
    .map((code) => ({ rule: 'fault-code', path: 'src/base/fault-codes.ts', message: `${code} is used nowhere: remove it, or throw it` }))
}
