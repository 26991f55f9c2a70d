import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const root = path.resolve(import.meta.dirname, '..')
const page = readFileSync(path.join(root, 'docs/exactness.md'), 'utf8')

/** Cells of every row of every table below a heading. */
function rowsBelow(heading: string): string[][] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))
  assert.ok(section, `docs/exactness.md has no section ${heading}`)
  const lines = section.split('\n').filter((line) => line.startsWith('| '))
  return lines.slice(1).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

const proofs = new Map(rowsBelow('Proofs').map(([letter, title]) => [letter!, title!]))

test('every test that docs/exactness.md calls a proof is there', () => {
  const files = globSync(['src/**/*.test.ts', 'test/**/*.test.ts'], { cwd: root })
  const titles = files.map((file) => readFileSync(path.join(root, file), 'utf8')).join('\n')
  const missing = [...proofs.values()].filter((title) => !titles.includes(title))
  assert.deepEqual(missing, [])
})

test('every row of docs/exactness.md says what comes back, and which proofs it has', () => {
  const used = new Set<string>()
  for (const heading of ['Catalogs of PostgreSQL 15', 'Values and servers', 'Files']) {
    for (const cells of rowsBelow(heading)) {
      const [fate, letters] = [cells.at(-2)!, cells.at(-1)!.split(' ')]
      assert.match(fate, /^(kept|named|told|refused|server|kept; named)$/, cells.join(' | '))
      for (const letter of letters) {
        assert.ok(proofs.has(letter), `${letter}: ${cells.join(' | ')}`)
        used.add(letter)
      }
    }
  }
  assert.deepEqual(
    [...proofs.keys()].filter((letter) => !used.has(letter)),
    [],
  )
})
