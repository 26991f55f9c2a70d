import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyBackup, orderOf, typesOf } from './backup-draft.ts'

const database = { name: 'main', url: 'postgresql://b@h/d', hasPassword: false }
const root = { name: 'uploads', path: '/data/uploads' }

test('a system is backed up as what it has', () => {
  assert.deepEqual(typesOf({ databases: [database], roots: [root] }), ['full', 'database', 'files'])
  assert.deepEqual(typesOf({ databases: [database], roots: [] }), ['database'])
  assert.deepEqual(typesOf({ databases: [], roots: [root] }), ['files'])
})

test('an order has what was typed and nothing that was left empty', () => {
  assert.deepEqual(orderOf('s', emptyBackup), { systemId: 's', type: 'full', compressionLevel: 1 })
  const typed = { ...emptyBackup, name: ' before the upgrade ', exclusions: { uploads: 'tmp/**\n\n', other: ' \n' } }
  assert.deepEqual(orderOf('s', typed), {
    systemId: 's',
    type: 'full',
    compressionLevel: 1,
    name: 'before the upgrade',
    exclusions: { uploads: ['tmp/**'] },
  })
  assert.equal('exclusions' in orderOf('s', { ...typed, type: 'database' }), false)
})
