import { Fault } from '#base/fault.ts'

/** INPUT_INVALID for a text that PostgreSQL does not keep: with NUL in it, or half of a surrogate pair. Names the field. */
export function assertPlainText(given: unknown): void {
  // By hand, not by recursion: how deep it goes is the caller's choice.
  const waiting: { readonly value: unknown; readonly field: string }[] = [{ value: given, field: '' }]
  for (let one = waiting.pop(); one; one = waiting.pop()) {
    const { value, field } = one
    if (typeof value === 'string') assertPlain(value, field)
    if (typeof value !== 'object' || value === null) continue
    for (const [name, member] of Object.entries(value)) {
      const place = field === '' ? name : `${field}.${name}`
      assertPlain(name, place)
      waiting.push({ value: member, field: place })
    }
  }
}

function assertPlain(text: string, field: string): void {
  if (text.includes('\u0000') || !text.isWellFormed())
    throw new Fault('INPUT_INVALID', `${field.toWellFormed().replaceAll('\u0000', '\uFFFD')}: a text holds no NUL and no half characters`, {
      field,
    })
}
