import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CopyField, unescapeField } from './copy-fields.ts'

function fields(column: number, parts: readonly string[]): string[] {
  const reader = new CopyField(column)
  return parts.flatMap((part) => [...reader.take(Buffer.from(part))].map((field) => unescapeField(field).toString()))
}

test('one column is taken out of COPY text wherever the stream is cut, without NULLs', () => {
  const text = '1\ta\\tb\tx\n2\t\\N\ty\n3\tline\\nbreak\\\\\tz\n4\t\tlast\n'
  for (let cut = 0; cut <= text.length; cut += 1) {
    const parts = [text.slice(0, cut), text.slice(cut)]
    assert.deepEqual(fields(1, parts), ['a\tb', 'line\nbreak\\', ''])
    assert.deepEqual(fields(2, parts), ['x', 'y', 'z', 'last'])
  }
})
