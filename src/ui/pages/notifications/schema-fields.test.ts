import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fieldsOf, filled } from './schema-fields.ts'

const schema = {
  type: 'object',
  properties: {
    host: { type: 'string' },
    port: { type: 'integer' },
    security: { type: 'string', enum: ['tls', 'starttls'], default: 'starttls' },
    authority: { type: 'string', pattern: '^-----BEGIN CERTIFICATE-----' },
    to: { type: 'array', items: { type: 'string' } },
    retryLater: { type: 'boolean' },
  },
  required: ['host', 'to'],
}

test('a form is made of the schema of a kind, also of names that nobody knows yet', () => {
  const fields = fieldsOf(schema)
  assert.deepEqual(
    fields.map(({ input }) => input),
    ['text', 'number', 'choice', 'long', 'list', 'flag'],
  )
  assert.deepEqual(
    fields.filter(({ isRequired }) => isRequired).map(({ name }) => name),
    ['host', 'to'],
  )
  assert.equal(fields.at(-1)!.label, 'Retry later')
  assert.deepEqual(fieldsOf({}), [])
})

test('what was left empty is not sent, a list is cut into its lines', () => {
  const fields = fieldsOf(schema)
  assert.deepEqual(filled(fields, { host: 'mail', port: '', to: ' a@x.example\n\nb@x.example, c@x.example' }), {
    host: 'mail',
    security: 'starttls',
    to: ['a@x.example', 'b@x.example', 'c@x.example'],
  })
})
