import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMigrations } from '#service/catalog/migrations.ts'
import { copiedTables, leftOut } from './copied-tables.ts'

const migrations = readMigrations()
  .map(({ sql }) => sql)
  .join('\n')
const created = [...migrations.matchAll(/^create table (\w+) \(/gm)].map(([, name]) => name!)

test('every table of the catalog is in its copies, or is left out for a reason', () => {
  const named = [...copiedTables.map(({ name }) => name), ...Object.keys(leftOut)]
  assert.deepEqual(named.toSorted(compare), created.toSorted(compare))
  assert.equal(new Set(named).size, named.length)
})

test('a table stands behind those that it refers to', () => {
  const order = copiedTables.map(({ name }) => name)
  for (const { name, omit = [] } of copiedTables) {
    const columns = new RegExp(`^create table ${name} \\((.*?)^\\);`, 'ms').exec(migrations)![1]!
    for (const [, column, other] of columns.matchAll(/^ {2}(\w+) uuid.*? references (\w+)/gm))
      if (!omit.includes(column!)) assert.ok(order.indexOf(other!) < order.indexOf(name), `${name}.${column} refers to ${other}`)
  }
})

function compare(a: string, b: string): number {
  return a < b ? -1 : 1
}
