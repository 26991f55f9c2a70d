import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isFault } from '#base/fault.ts'
import { escapeField, unescapeField } from '#engine/sources/postgres/copy-fields.ts'
import { maskInteger, maskKeepingFormat, maskNumeric } from './kept-format.ts'
import { maskRows } from './mask-rows.ts'
import { permute } from './permutation.ts'
import { shiftDates, shiftOf } from './shifted-dates.ts'
import { valueMask, type TextForm } from './value-mask.ts'

const key = Buffer.alloc(32, 7)
const otherKey = Buffer.alloc(32, 8)
const text: TextForm = { family: 'text', lengthMax: null, paddedTo: null, ignoresCase: false }

test('INV-926 a permutation gives every number below its size exactly once', () => {
  for (const size of [1n, 2n, 3n, 10n, 26n, 100n, 257n]) {
    const all = Array.from({ length: Number(size) }, (_, value) => permute(key, { size, tweak: 'test' }, BigInt(value)))
    assert.equal(new Set(all).size, Number(size))
    assert.ok(all.every((value) => value >= 0n && value < size))
  }
})

test('INV-926 texts of one form become as many texts of the same form', () => {
  const codes = Array.from({ length: 1000 }, (_, number) => `A${String(number).padStart(3, '0')}-x`)
  const masked = codes.map((code) => maskKeepingFormat(key, code))
  assert.equal(new Set(masked).size, codes.length)
  assert.ok(masked.every((code) => /^[A-Z]\d{3}-[a-z]$/.test(code)))
  const twoLetters = Array.from({ length: 26 * 26 }, (_, n) => String.fromCharCode(65 + (n % 26), 65 + Math.floor(n / 26)))
  assert.equal(new Set(twoLetters.map((code) => maskKeepingFormat(key, code))).size, 26 * 26)
})

test('INV-924 INV-926 whatever the texts, the same become the same, different ones different, and another key makes others', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'aZ09-éßŁя名한 '), maxLength: 130 }),
      fc.string({ unit: fc.constantFrom(...'aZ09-éßŁя名한 '), maxLength: 130 }),
      (a, b) => {
        const kept = (value: string) => maskKeepingFormat(key, value)
        assert.equal(kept(a), kept(a))
        assert.equal(Array.from(kept(a)).length, Array.from(a).length)
        assert.equal(kept(a) === kept(b), a === b)
        const hash = valueMask(key, { kind: 'hash', form: text, keepsFormat: false })
        assert.equal(hash(a, undefined) === hash(b, undefined), a === b)
        assert.notEqual(hash(a, undefined), valueMask(otherKey, { kind: 'hash', form: text, keepsFormat: false })(a, undefined))
      },
    ),
  )
})

test('letters of a script that cannot be kept in form are refused, not left as they are', () => {
  assert.throws(
    () => maskKeepingFormat(key, 'ก1'),
    (error) => isFault(error, 'MASK_VALUE'),
  )
})

test('INV-926 numbers keep their type, sign and number of digits, and stay different', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (a, b) => {
      const masked = (value: number) => Number(maskInteger(key, 'int4', String(value)))
      assert.equal(masked(a) === masked(b), a === b)
      assert.equal(masked(a) < 0, a < 0)
      assert.ok(masked(a) >= -(2 ** 31) && masked(a) < 2 ** 31)
    }),
  )
  const amounts = Array.from({ length: 2000 }, (_, n) => (n / 100 - 10).toFixed(2).replace(/^-(0\.00)$/, '$1'))
  const masked = amounts.map((amount) => maskNumeric(key, amount))
  assert.equal(new Set(masked).size, new Set(amounts).size)
  assert.deepEqual(
    masked.filter(
      (amount, at) => !/^-?(0|[1-9]\d*)\.\d\d$/.test(amount) || amount.length !== amounts[at]!.length || /^-0\.00$/.test(amount),
    ),
    [],
  )
  assert.equal(maskInteger(key, 'int8', '-9223372036854775808').length > 0, true)
  assert.equal(maskNumeric(key, 'NaN'), 'NaN')
})

test('INV-923 dates of a subject move together, back again to what they were, and to no day that does not exist', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('0004-01-01'), max: new Date('+009990-12-31'), noInvalidDate: true }),
      fc.integer({ min: -900, max: 900 }),
      (at, days) => {
        const iso = at.toISOString().slice(0, 10)
        const moved = shiftDates(iso, days)
        assert.equal(moved, new Date(at.getTime() + days * 86_400_000).toISOString().slice(0, 10))
        assert.equal(shiftDates(moved, -days), iso)
      },
    ),
  )
  assert.equal(shiftDates('[2024-02-28,2024-03-01)', 1), '[2024-02-29,2024-03-02)')
  assert.equal(shiftDates('{"2024-12-31 23:59:59.5+00",infinity,NULL}', 1), '{"2025-01-01 23:59:59.5+00",infinity,NULL}')
  assert.equal(shiftDates('0001-01-01', -1), '0001-12-31 BC')
  assert.equal(shiftDates('0001-12-31 BC', 1), '0001-01-01')
  assert.equal(shiftDates('0001-12-31 10:00:00 BC', 366), '0002-01-01 10:00:00')
  assert.throws(
    () => shiftDates('4713-01-01 BC', -400),
    (error) => isFault(error, 'MASK_VALUE'),
  )
  const shifts = Array.from({ length: 500 }, (_, subject) => shiftOf(key, String(subject), 30))
  assert.ok(shifts.every((days) => days !== 0 && Math.abs(days) <= 30))
  assert.ok(new Set(shifts).size > 50)
  assert.equal(shiftOf(key, 'x', 30), shiftOf(key, 'x', 30))
})

test('what fits a narrow column is cut and filled up as its type wants, and what a column takes for equal becomes equal', () => {
  const padded = valueMask(key, { kind: 'hash', form: { ...text, lengthMax: 16, paddedTo: 20 }, keepsFormat: false })
  assert.equal(padded('abc', undefined)!.length, 20)
  assert.equal(padded('abc   ', undefined), padded('abc', undefined))
  const either = valueMask(key, { kind: 'hash', form: { ...text, ignoresCase: true }, keepsFormat: false })
  assert.equal(either('ABC', undefined), either('abc', undefined))
  assert.match(
    valueMask(key, { kind: 'email', form: { ...text, lengthMax: 31 } })('Ada@Example.org', undefined)!,
    /^[a-z2-7]{16}@masked\.invalid$/,
  )
  assert.match(valueMask(key, { kind: 'phone', form: text })('+49 30 1234', undefined)!, /^\+999\d{10}$/)
  assert.match(valueMask(key, { kind: 'name', form: text, part: 'full' })('Ada Lovelace', undefined)!, /^[A-Z][a-z]+x [A-Z][a-z]+x$/)
  assert.match(valueMask(key, { kind: 'address', form: text })('Somewhere 1', undefined)!, /^\d+ [A-Z][a-z]+x Road$/)
  assert.equal(valueMask(key, { kind: 'name', form: { ...text, lengthMax: 5 }, part: 'family' })('Lovelace', undefined)!.length, 5)
})

test('INV-922 rows cut anywhere come out whole: masked fields changed, the others byte for byte, NULL still NULL', async () => {
  const value = fc.option(
    fc.string({ unit: 'binary', maxLength: 20 }).map((one) => one.replaceAll('\0', '')),
    { nil: null },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(value, value, value), { maxLength: 12 }), fc.integer({ min: 1, max: 40 }), async (rows, cut) => {
      const line = (fields: readonly (string | null)[]) =>
        `${fields.map((field) => (field === null ? '\\N' : escapeField(Buffer.from(field)).toString())).join('\t')}\n`
      const bytes = Buffer.from(rows.map(line).join(''))
      const cuts = async function* () {
        // One buffer again and again, as COPY lends them.
        const lent = Buffer.alloc(cut)
        for (let at = 0; at < bytes.length; at += cut) yield lent.subarray(0, bytes.copy(lent, 0, at, at + cut))
      }
      const masked = {
        name: 'b',
        mask: (field: string, subject: string | undefined) => (field === '' ? null : `<${subject ?? 'none'}>\t\\`),
        subjectAt: 2,
      }
      const parts: Buffer[] = []
      for await (const part of maskRows(cuts(), { table: 's.t', columns: new Map([[1, masked]]), width: 2, encoding: 'utf8' }))
        parts.push(Buffer.from(part))
      const expected = rows.map(([a, b, c]) => line([a, b === null || b === '' ? null : `<${c ?? 'none'}>\t\\`]))
      assert.equal(Buffer.concat(parts).toString(), expected.join(''))
    }),
  )
})

test('a value is escaped as COPY writes it, and read back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const value = Buffer.from(bytes)
      const written = escapeField(value)
      assert.ok(!written.includes(0x09) && !written.includes(0x0a))
      assert.deepEqual(unescapeField(written), value)
    }),
  )
})
