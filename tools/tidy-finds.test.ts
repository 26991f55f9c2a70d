import assert from 'node:assert/strict'
import test from 'node:test'
import { withoutAllowed } from './tidy/allowances.ts'
import { checkInvariants, checkLinks, checkSafety, checkScripts, commandsOf, safetyRulesIn } from './tidy/documents.ts'
import { checkImports } from './tidy/imports.ts'
import { checkFaultCodes, checkMachine, checkSql } from './tidy/places.ts'
import { checkNames, checkShape } from './tidy/shape.ts'
import { codeFile, type CodeFile, type Finding } from './tidy/source-file.ts'
import { viewsOf } from './tidy/views.ts'
import { checkWords } from './tidy/words.ts'

/** What tidy says of one planted file, by the names of its rules. */
function rulesOf(path: string, text: string): string[] {
  const planted = codeFile({ path, text })
  const findings = [...checkImports([planted], ['zod', 'pg']), ...checkWords([planted]), ...checkShape([planted]), ...checkSql([planted])]
  return [...new Set(findings.map((finding) => finding.rule))]
}

const engine = 'src/engine/backup/planted.ts'

const planted: readonly (readonly [rule: string, path: string, text: string])[] = [
  ['layers', 'src/base/planted.ts', `import { run } from '#host/run.ts'\n`],
  ['layers', 'src/host/planted.ts', `import type { Storage } from '#engine/storage/storage.ts'\n`],
  ['layers', 'src/ui/pages/planted.tsx', `import { openHouse } from '#service/house.ts'\n`],
  ['dependency', 'src/service/planted.ts', `import { useState } from 'react'\n`],
  ['clock', 'src/ui/parts/planted.tsx', `export const Now = () => <b title="it’s">a / b <br /> {Date.now()}</b>\n`],
  ['layers', 'src/engine/storage/planted.ts', `import { open } from '#engine/repository/open.ts'\n`],
  ['layers', 'src/engine/sources/planted.ts', `const module = await import('#engine/repository/open.ts')\n`],
  ['layers', 'src/engine/repository/planted.ts', `export type { Manifest } from '#engine/backup/manifest.ts'\nexport const one = 1\n`],
  ['layers', 'src/engine/backup/planted.ts', `import { plan } from '#engine/restore/plan.ts'\n`],
  ['layers', 'src/engine/byte-string.ts', `import { memory } from './storage/memory.ts'\n`],
  ['layers', 'src/cli/planted.ts', `import { makeClinic } from '#demo/clinic/make-clinic.ts'\n`],
  ['layers', engine, `const worker = new Worker(new URL('../restore/worker.ts', import.meta.url))\n`],
  ['relative-import', engine, `import { seal } from '../repository/seal.ts'\n`],
  ['dependency', engine, `import lodash from 'lodash'\n`],
  ['dependency', 'src/engine/repository/planted.ts', `import pg from 'pg'\n`],
  ['dependency', 'src/base/planted.ts', `import pg from 'pg'\n`],
  ['sql', engine, 'const text = `select count(*) from ${table}`\n'],
  ['sql', engine, `const text = 'BEGIN ISOLATION LEVEL REPEATABLE READ'\n`],
  ['enum', engine, `enum Step { Planned }\n`],
  ['default-export', engine, `export default function plan() {}\n`],
  ['pipe', engine, `source.pipe(target)\n`],
  ['clock', engine, `const at = Date.now()\n`],
  ['sleep', engine, `setTimeout(next, 10)\n`],
  ['chance', 'tools/planted.ts', `const one = Math.random()\n`],
  ['environment', engine, `const home = process.env['HOME']\n`],
  ['console', 'src/cli/planted.ts', `console.log('done')\n`],
  ['rename', engine, `import { open, rename } from 'node:fs/promises'\n`],
  ['json', engine, `const made = JSON.parse(text)\n`],
  ['any', engine, `const made = text as any\n`],
  ['silenced-compiler', engine, `// @ts-ignore\n`],
  ['dry-run', engine, `prune({ dryRun: true })\n`],
  ['unfinished', engine, `// TODO: finish\n`],
  ['exclusive-test', 'src/engine/planted.test.ts', `test.only('one', () => {})\n`],
  ['vague-noun', engine, `class RestoreManager {}\n`],
  ['vague-noun', engine, `const pathUtils = 1\n`],
  ['silent-catch', engine, `try { act() } catch (error) {}\n`],
  ['silent-catch', engine, `await act().catch(() => {})\n`],
  ['barrel', engine, `export { seal } from './seal.ts'\n`],
  ['barrel', engine, `export * from './seal.ts'\nexport const one = 1\n`],
  ['file-length', engine, 'one()\n'.repeat(401)],
  ['function-length', engine, `export async function long() {\n${'  one()\n'.repeat(59)}}\n`],
  ['parameters', engine, `function many(one: number, two: string, three: Map<string, number>, four: boolean): void {\n}\n`],
]

for (const [rule, path, text] of planted) {
  test(`tidy finds ${rule} in ${path}: ${text.trim().split('\n')[0]!.slice(0, 70)}`, () => assert.deepEqual(rulesOf(path, text), [rule]))
}

const innocent: readonly (readonly [path: string, text: string])[] = [
  [
    'src/engine/backup/fine.ts',
    `import { run } from '#host/run.ts'\nimport type { Repository } from '#engine/repository/repository.ts'\nimport { part } from './part.ts'\n`,
  ],
  ['src/engine/sources/postgres/fine.ts', 'const text = `select count(*) from ${table}`\n'],
  [
    'src/engine/backup/fine.ts',
    `// Date.now( and as any stand in a comment\nconst text = 'process.env and console.log stand in a string'\n`,
  ],
  ['src/engine/backup/fine.ts', `const fact = 'update the plan, then select what to delete from the list'\n`],
  [
    'src/engine/backup/fine.ts',
    `try {\n  act()\n} catch {\n  // It is gone already, which is what was wanted.\n}\n// Told later.\nexit.catch(() => {})\n`,
  ],
  [
    'src/engine/backup/fine.ts',
    `export function plan(one: number, two: string, three: Map<string, number>, options: Options): void {\n}\n`,
  ],
  ['src/engine/backup/fine.test.ts', `import { faulty } from '#engine/storage/faulty.ts'\nconst made = JSON.parse(text)\n`],
  [
    'src/engine/backup/fine.ts',
    'const pattern = /[\'"`]/g\nconst inner = `${`${one}`} // not a comment`\nexport const two = one / 2 / 3\n',
  ],
  ['src/engine/backup/fine.ts', `export { seal } from './seal.ts'\nexport const one = 1\n`],
]

for (const [path, text] of innocent) {
  test(`tidy leaves alone ${text.trim().split('\n').at(-1)!.slice(0, 70)}`, () => assert.deepEqual(rulesOf(path, text), []))
}

test('tidy finds a circle of imports, type imports included', () => {
  const circle = [
    codeFile({ path: 'src/base/a.ts', text: `import { b } from './b.ts'\n` }),
    codeFile({ path: 'src/base/b.ts', text: `import type { C } from './c.ts'\n` }),
    codeFile({ path: 'src/base/c.ts', text: `export type { A } from './a.ts'\nexport const c = 1\n` }),
  ]
  const findings = checkImports(circle, [])
  assert.deepEqual(
    findings.map((finding) => finding.rule),
    ['cycle'],
  )
  assert.match(findings[0]!.message, /a\.ts → src\/base\/b\.ts → src\/base\/c\.ts → src\/base\/a\.ts/)
})

test('tidy finds names that are not kebab-case or say nothing', () => {
  const names = [
    'src/base/Fault.ts',
    'src/engine/path-utils.ts',
    'src/engine/backupHelper/one.ts',
    'src/base/fine-name.test.ts',
    'src/engine/README.md',
  ]
  assert.deepEqual(
    checkNames(names.map((path) => ({ path, text: '' }))).map((finding) => finding.path),
    names.slice(0, 3),
  )
})

test('tidy finds paths of one machine and package registries', () => {
  const texts = [
    'cd /home/somebody/integrum',
    'see /root/notes',
    'https://registry.example.org/zod',
    'write to /tmp/x and /data/backups',
    'test/home/me',
  ]
  const found = texts.map((text) => checkMachine([{ path: 'docs/a.md', text }]).length)
  assert.deepEqual(found, [1, 1, 1, 0, 0])
})

test('tidy finds a fault code that nothing throws', () => {
  const file = codeFile({ path: 'src/engine/a.ts', text: `throw new Fault('USED_CODE', 'a fact') // OTHER_CODE\n` })
  assert.deepEqual(checkFaultCodes(['USED_CODE', 'OTHER_CODE'], [file]).length, 1)
})

test('tidy finds links that lead nowhere, headings included', () => {
  const files = [
    {
      path: 'README.md',
      text: '# One\n[a](docs/a.md) [b](docs/b.md) [c](docs/a.md#two-words) [d](docs/a.md#none) [e](https://example.org) [f](#one) [g](docs)\n',
    },
    { path: 'docs/a.md', text: '## Two words\n[back](../README.md)\n' },
  ]
  assert.deepEqual(
    checkLinks(files).map((finding) => finding.message.split(' ')[0]),
    ['docs/b.md', 'docs/a.md#none'],
  )
})

test('tidy finds scripts that do not exist, in commands over several lines too', () => {
  const file = {
    path: 'README.md',
    text: 'Text\n\n```sh\n# why\nnpm test\nnpm run nothing\nintegrum backup \\\n  --system one   # so\n```\n',
  }
  assert.deepEqual(
    checkScripts([file], ['test']).map((finding) => finding.line),
    [6],
  )
  assert.deepEqual(
    commandsOf(file).map((command) => command.text),
    ['npm test', 'npm run nothing', 'integrum backup --system one'],
  )
})

test('tidy reads the safety rules that a title cites, and finds those that none does', () => {
  assert.deepEqual(safetyRulesIn('SAFETY rule 3: a swap'), [3])
  assert.deepEqual(safetyRulesIn('SAFETY rules 3, 4 and 6-8 hold, INV-9'), [3, 4, 6, 7, 8])
  const file = (text: string): CodeFile => codeFile({ path: 'src/a.test.ts', text })
  const document = { path: 'docs/safety.md', text: Array.from({ length: 34 }, (_, index) => `| ${index + 1} | a test |`).join('\n') }
  assert.deepEqual(
    checkSafety([file(`test('SAFETY rules 1-33 hold', () => {})`)], document).map((finding) => finding.message),
    ['no test cites "SAFETY rule 34" in its title'],
  )
  assert.equal(checkSafety([file(`test('SAFETY rules 1-34 hold', () => {})`)], { ...document, text: '' }).length, 32)
})

test('tidy finds invariants that no test cites', () => {
  const readme = { path: 'src/engine/README.md', text: '- INV-1 must hold\n- INV-2 must hold\n' }
  const tests = [codeFile({ path: 'src/engine/a.test.ts', text: `test('INV-1 holds', () => {})` })]
  assert.deepEqual(
    checkInvariants([readme], tests).map((finding) => finding.line),
    [2],
  )
})

test('an allowance takes away its own findings, and one without any is itself a finding', () => {
  const finding: Finding = { rule: 'clock', path: 'src/a.ts', message: '' }
  const allowed = { rule: 'clock', path: 'src/a.ts', reason: 'the clock' }
  assert.deepEqual(withoutAllowed([finding], [allowed]), [])
  assert.deepEqual(
    withoutAllowed([{ ...finding, path: 'src/b.ts' }], [allowed]).map((one) => one.rule),
    ['clock', 'allowance'],
  )
})

test('the views of a file keep every position', () => {
  const text = 'const a = `x${b + `y${c}`}z` // end\nconst d = /["/]/.test("q") /* r */\n'
  const views = viewsOf(text)
  assert.equal(views.withoutComments, text.replace('// end', '      ').replace('/* r */', '       '))
  assert.equal(views.bare.length, text.length)
  assert.deepEqual(
    views.literals.map((literal) => literal.text),
    ['x', 'y', '', 'z', 'q'],
  )
})
