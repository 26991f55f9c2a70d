import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { breakages } from './breakages.ts'

const project = path.resolve(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(path.join(project, file), 'utf8')

// Each is carried out by test/long/safety-breakages.test.ts; here it is only kept applicable.
for (const { rule, without, file, find, replace, test: testFile, title } of breakages) {
  test(`the breakage of safety rule ${rule}, without ${without}, still applies`, () => {
    assert.equal(read(file).split(find).length - 1, 1, `${file} has this once: ${find}`)
    assert.notEqual(find, replace)
    assert.equal(read(testFile).split(title).length - 1, 1, `${testFile} has one title with: ${title}`)
  })
}

test('every safety rule that a test proves is broken on purpose at least once', () => {
  const rules = [...read('docs/safety.md').matchAll(/^\| *(\d+) *\|/gm)].map(([, rule]) => Number(rule))
  assert.ok(rules.length >= 30)
  const broken = new Set(breakages.map(({ rule }) => rule))
  assert.deepEqual(
    rules.filter((rule) => !broken.has(rule)),
    [],
  )
})
