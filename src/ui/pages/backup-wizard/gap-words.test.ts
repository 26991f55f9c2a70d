import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GapKind } from '#engine/sources/source.ts'
import { wordingOfGap } from './gap-words.ts'

const kinds: Readonly<Record<GapKind, true>> = {
  vanished: true,
  changed: true,
  unreadable: true,
  'dangling-reference': true,
  'not-covered': true,
}

test('every kind of gap that the engine knows has words of its own, and says what to do', () => {
  for (const kind of Object.keys(kinds)) {
    const { words, hint } = wordingOfGap({ kind })
    assert.notEqual(words, kind.replaceAll('-', ' '), kind)
    assert.ok(hint.endsWith('.'), kind)
  }
  assert.equal(wordingOfGap({ kind: 'half-read' }).words, 'half read')
})
