import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backups } from '#contract/backups.ts'
import { backupsSearchSchema, isFiltered, queryOf, startOf } from './backups-search.ts'

test('an address asks for what it says, with whole days, and for nothing that the list does not take', () => {
  const search = backupsSearchSchema.parse({
    status: 'failed',
    from: '2026-03-01',
    to: '2026-03-02',
    search: '  night ',
    page: '3',
    open: 'x',
  })
  const query = backups.list.query.parse(queryOf(search))
  assert.deepEqual(
    [query.status, query.page, query.search, query.from, query.to],
    ['failed', 3, 'night', startOf('2026-03-01'), startOf('2026-03-03')],
  )
  assert.ok(isFiltered(search))
  const plain = backupsSearchSchema.parse({})
  assert.deepEqual([plain.sort, plain.order, plain.deleted, isFiltered(plain)], ['createdAt', 'desc', 'without', false])
})

test('a month that ends within the time asked for is no problem', () => {
  assert.equal(startOf('2026-03-31', 1), startOf('2026-04-01'))
})
