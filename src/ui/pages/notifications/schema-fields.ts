import { sentenceCase } from '#ui/words.ts'

/** What a kind of channel asks for, as the service says it in JSON Schema; of that, what such kinds use. */
export interface Field {
  readonly name: string
  readonly label: string
  readonly description: string | undefined
  readonly input: 'text' | 'long' | 'number' | 'choice' | 'list' | 'flag'
  readonly isRequired: boolean
  readonly choices: readonly { readonly value: string; readonly label: string }[]
  readonly first: unknown
}

type Document = Readonly<Record<string, unknown>>

/** In words, for the names that are known; a newer kind is shown by its own names. */
const known: Readonly<Record<string, { readonly label: string; readonly description?: string }>> = {
  host: { label: 'Mail server', description: 'Its name or address, such as mail.clinic.example' },
  port: { label: 'Port', description: '587 with STARTTLS, 465 with TLS' },
  security: { label: 'Encryption' },
  authority: { label: 'Certificate of your own authority', description: 'In PEM; empty when the machine trusts the server already' },
  user: { label: 'User name', description: 'Empty when the server asks for none' },
  from: { label: 'From', description: 'The address that messages come from' },
  to: { label: 'To', description: 'One address a line' },
  password: { label: 'Password' },
  url: { label: 'Address', description: 'With http:// or https://; it is kept as a secret' },
  signingSecret: { label: 'Signing secret', description: '16 characters or more; the receiver verifies messages with it' },
}
const choiceWords: Readonly<Record<string, string>> = {
  tls: 'TLS from the first byte',
  starttls: 'STARTTLS',
  none: 'None: no password is sent',
}

export function fieldsOf(schema: Document): Field[] {
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  return Object.entries(documentOf(schema['properties'])).map(([name, property]) => {
    const part = documentOf(property)
    const choices = Array.isArray(part['enum']) ? part['enum'].map(String) : []
    return {
      name,
      label: known[name]?.label ?? sentenceCase(name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()),
      description: known[name]?.description,
      input: inputOf(part),
      isRequired: required.includes(name),
      choices: choices.map((value) => ({ value, label: choiceWords[value] ?? sentenceCase(value) })),
      first: part['default'],
    }
  })
}

function inputOf(part: Document): Field['input'] {
  if (Array.isArray(part['enum'])) return 'choice'
  switch (part['type']) {
    case 'integer':
    case 'number':
      return 'number'
    case 'boolean':
      return 'flag'
    case 'array':
      return 'list'
    default:
      return typeof part['pattern'] === 'string' && part['pattern'].includes('BEGIN') ? 'long' : 'text'
  }
}

function documentOf(value: unknown): Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Document) : {}
}

/** What was typed, as the service takes it: nothing of what was left empty. */
export function filled(fields: readonly Field[], typed: Document): Record<string, unknown> {
  const given = fields.flatMap(({ name, input, first }): [string, unknown][] => {
    const value = typed[name] ?? first
    if (value === undefined || value === null || value === '') return []
    if (input !== 'list') return [[name, value]]
    const lines = (Array.isArray(value) ? value.join('\n') : typeof value === 'string' ? value : '').split(/[\n,;]+/)
    return [[name, lines.map((line) => line.trim()).filter((line) => line !== '')]]
  })
  return Object.fromEntries(given)
}
