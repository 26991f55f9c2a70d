import assert from 'node:assert/strict'
import { test } from 'node:test'
import { masksSchema } from '#base/settings.ts'
import { emptyBackup, fitted, lackIn, orderOf, typesOf } from './backup-draft.ts'
import { emptySelection } from './selection-draft.ts'

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

test('a selection is of rows: without a database there is none, and files alone are none', () => {
  const some = { ...emptyBackup, extent: 'some', type: 'files' } as const
  assert.equal(fitted(some, { databases: [database], roots: [root] }).type, 'full')
  assert.equal(fitted(some, { databases: [database], roots: [] }).type, 'database')
  const { extent, type } = fitted(some, { databases: [], roots: [root] })
  assert.deepEqual([extent, type], ['everything', 'files'])
})

test('a masked copy is of a database, is ordered as one, and lacks masks where none are set', () => {
  const masked = { ...emptyBackup, extent: 'masked' } as const
  const wanted = fitted(masked, { databases: [database], roots: [root] })
  assert.deepEqual(orderOf('s', wanted), { systemId: 's', type: 'database', compressionLevel: 1, isMasked: true })
  assert.equal(fitted(masked, { databases: [], roots: [root] }).extent, 'everything')
  assert.match(lackIn(wanted, undefined)!, /^Set masks/)
  assert.equal(lackIn(wanted, masksSchema.parse({})), undefined)
})

test('what is selected goes with the order only where some of a system is wanted', () => {
  const selection = {
    ...emptySelection,
    records: [
      { kind: 'patient', key: 'LX-1' },
      { kind: 'patient', key: '' },
    ],
  }
  assert.equal('selection' in orderOf('s', { ...emptyBackup, selection }), false)
  assert.deepEqual(orderOf('s', { ...emptyBackup, extent: 'some', selection }).selection, {
    entities: [{ kind: 'patient', key: 'LX-1' }],
    tables: [],
    dataTypes: [],
  })
})
