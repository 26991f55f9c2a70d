import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allAssertions, asksForSequences } from './ready-assertions.ts'
import { systemSettingsSchema } from '#base/settings.ts'

const settings = (readyAssertions: unknown[], more: object = {}) => systemSettingsSchema.parse({ readyAssertions, ...more })

test('names of tables and columns are taken literally, whatever they are', () => {
  const [orphans] = allAssertions(settings([{ kind: 'no-orphans', table: 'a"; drop table b', column: 'Patient', ofTable: 'patient' }]))
  assert.equal(
    orphans!.sql.replace(/\s+/g, ' '),
    `select count(*) from "public"."a""; drop table b" child where child."Patient" is not null` +
      ` and not exists (select from "public"."patient" parent where parent."id" = child."Patient")`,
  )
  assert.equal(orphans!.expect, 0)
  assert.throws(() => settings([{ kind: 'count', table: 'x\u0000', atLeast: 1 }]))
})

test('what is recent is what the objective says, unless it is said here', () => {
  const newest = { kind: 'newest', table: 'visit', column: 'at' }
  const within = (one: object, more?: object) => allAssertions(settings([one], more))[0]!.expect
  assert.deepEqual(within(newest), { within: '24h' })
  assert.deepEqual(within(newest, { objectives: { rpoMinutes: 90 } }), { within: '90m' })
  assert.deepEqual(within({ ...newest, within: '2h' }, { objectives: { rpoMinutes: 90 } }), { within: '2h' })
})

test('sequences are asked for in the database that is named, or in each', () => {
  assert.equal(asksForSequences(settings([]), 'main'), false)
  assert.equal(asksForSequences(settings([{ kind: 'sequences' }]), 'main'), true)
  assert.equal(asksForSequences(settings([{ kind: 'sequences', database: 'other' }]), 'main'), false)
  assert.deepEqual(allAssertions(settings([{ kind: 'sequences' }])), [])
})
