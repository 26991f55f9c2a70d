import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { byteString } from '#engine/byte-string.ts'
import { goQuote, goString, goTime, goUnquote, parseGoTime } from './go-json.ts'

test('any bytes of a name survive quoting as Go does it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const name = byteString(bytes)
      assert.equal(goUnquote(goQuote(name)), name)
    }),
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      const name = byteString(Buffer.from(text, 'utf8'))
      assert.equal(goUnquote(JSON.parse(goString(goQuote(name))) as string), name)
    }),
  )
})

test('names are quoted as strconv.Quote does', () => {
  const quoted = (bytes: number[] | string) => goQuote(byteString(Buffer.from(bytes as string)))
  assert.equal(quoted('plain.txt'), 'plain.txt')
  assert.equal(quoted('a"b\\c'), 'a\\"b\\\\c')
  assert.equal(quoted('tab\there\nnew'), 'tab\\there\\nnew')
  assert.equal(quoted('Größe 日本 😀'), 'Größe 日本 😀')
  assert.equal(quoted([0x66, 0xff, 0xfe, 0x6f]), 'f\\xff\\xfeo')
  assert.equal(quoted('\u0001\u007f\u00a0\u200b\ufeff'), '\\x01\\x7f\\u00a0\\u200b\\ufeff')
  // A lone continuation byte, a surrogate in UTF-8 and an overlong form are no UTF-8.
  assert.equal(quoted([0x80, 0xed, 0xa0, 0x80, 0xc0, 0xaf]), '\\x80\\xed\\xa0\\x80\\xc0\\xaf')
})

test('an escape that Go would refuse is damage', () => {
  for (const bad of ['\\', '\\q', '\\xz0', '\\ud800', '\\U00110000', '\\777']) {
    assert.throws(() => goUnquote(bad), { code: 'DAMAGE_TREE' }, bad)
  }
})

test('strings are escaped as encoding/json does', () => {
  const escaped: Record<string, string> = { '"': '\\"', '\\': '\\\\', '<': '\\u003c', '>': '\\u003e', '&': '\\u0026' }
  for (let code = 0x20; code < 0x7f; code += 1) {
    const character = String.fromCharCode(code)
    assert.equal(goString(`a${character}b`), `"a${escaped[character] ?? character}b"`)
  }
  assert.equal(goString('a<b>&c\u2028\b\f"\\'), '"a\\u003cb\\u003e\\u0026c\\u2028\\u0008\\u000c\\"\\\\"')
  assert.equal(JSON.parse(goString('\\b literal \\f & \b')), '\\b literal \\f & \b')
})

test('times keep every nanosecond and read in any zone', () => {
  assert.equal(goTime(1_000_000_000_123_456_789n), '2001-09-09T01:46:40.123456789Z')
  assert.equal(goTime(1_000_000_000_000_000_000n), '2001-09-09T01:46:40Z')
  assert.equal(goTime(-1n), '1969-12-31T23:59:59.999999999Z')
  assert.equal(parseGoTime('2001-09-09T03:46:40.5+02:00'), 1_000_000_000_500_000_000n)
  assert.equal(parseGoTime('yesterday'), undefined)
  fc.assert(
    fc.property(fc.bigInt({ min: -62_000_000_000_000_000_000n, max: 250_000_000_000_000_000_000n }), (ns) => {
      assert.equal(parseGoTime(goTime(ns)), ns)
    }),
  )
})
