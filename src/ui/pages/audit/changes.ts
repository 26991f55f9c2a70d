export interface FieldChange {
  readonly field: string
  /** As text; undefined where the field was not there. */
  readonly before: string | undefined
  readonly after: string | undefined
  readonly isChanged: boolean
}

/** What an act changed, field by field, those that did change first. Lists and objects within are taken apart. */
export function fieldChanges(before: unknown, after: unknown): readonly FieldChange[] {
  const [was, is] = [fieldsOf(before), fieldsOf(after)]
  const names = [...new Set([...was.keys(), ...is.keys()])]
  const all = names.map((field) => {
    const [one, other] = [was.get(field), is.get(field)]
    return { field, before: one, after: other, isChanged: one !== other }
  })
  return [...all.filter(({ isChanged }) => isChanged), ...all.filter(({ isChanged }) => !isChanged)]
}

/** `roles.1.role` → its value as text. The whole thing has no name when it is no object. */
export function fieldsOf(value: unknown, name = ''): ReadonlyMap<string, string> {
  if (value === null || value === undefined) return name === '' ? new Map() : new Map([[name, 'none']])
  if (typeof value !== 'object') return new Map([[name === '' ? 'value' : name, typeof value === 'string' ? value : JSON.stringify(value)]])
  const entries = Array.isArray(value) ? value.map((one, index) => [String(index + 1), one] as const) : Object.entries(value)
  if (entries.length === 0) return name === '' ? new Map() : new Map([[name, 'none']])
  return new Map(entries.flatMap(([key, one]) => [...fieldsOf(one, name === '' ? key : `${name}.${key}`)]))
}
