import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BackupDetailsView } from '#contract/backups.ts'
import { comparedFacts, inOrder, printDifference } from './compared.ts'

const database = { name: 'emr', instant: '2026-03-01T00:00:00Z', serverVersion: '17.5', tables: 3, rows: 1000 }
const root = { name: 'scans', instant: '2026-03-01T00:00:00Z', files: 10, directories: 2, bytes: 2048 }
const older = {
  createdAt: '2026-03-01T00:00:00Z',
  systemName: 'emr',
  type: 'full',
  status: 'completed',
  standing: 'intact',
  gapCount: 0,
  fileSizeBytes: 4096,
  fileSizeCompressed: null,
  manifest: { databases: [database], roots: [root], statistics: { readBytes: 10, newBytes: 10 } },
} as unknown as BackupDetailsView
const newer = {
  ...older,
  createdAt: '2026-03-02T00:00:00Z',
  type: 'database',
  fileSizeBytes: 3072,
  manifest: { ...older.manifest, databases: [{ ...database, rows: 1012 }], roots: [] },
} as unknown as BackupDetailsView

test('two backups are told apart in numbers, the older one first, and what is not known stays unknown', () => {
  assert.deepEqual(inOrder(newer, older), [older, newer])
  const facts = new Map(comparedFacts(older, newer).map((fact) => [fact.name, fact]))
  const of = (name: string) => [facts.get(name)!.older, facts.get(name)!.newer, facts.get(name)!.difference]
  assert.deepEqual(of('Database emr, rows'), ['1\u2009000', '1\u2009012', '+12'])
  assert.deepEqual(of('Files scans, files'), ['10', 'not in it', 'in one of them alone'])
  assert.deepEqual(of('Content'), ['4.0 KiB', '3.0 KiB', '−1.0 KiB'])
  assert.deepEqual(of('Stored for it'), ['not known', 'not known', 'not known'])
  assert.deepEqual(of('Gaps'), ['0', '0', 'none'])
  assert.deepEqual(of('Holds'), ['Full', 'Databases', undefined])
  assert.equal(printDifference(5, 2), '−3')
})
