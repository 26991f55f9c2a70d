import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isFault } from '#base/fault.ts'
import type { FaultCode } from '#base/fault-codes.ts'
import { EntityWorld } from '#test/support/entity-world.ts'
import { deleted, inOddClinic, oddClinic, oddSettings, seventh, unfriended } from '#test/support/odd-clinic.ts'

let world: EntityWorld
before(async () => {
  world = await EntityWorld.make()
})
after(() => world[Symbol.asyncDispose]())

const since: readonly (readonly [code: FaultCode, fact: RegExp, sql: string])[] = [
  [
    'ENTITY_WRITE',
    /column must of Cl in"ic\.obs must have a value/,
    'alter table obs add must int; update obs set must = 1; alter table obs alter must set not null',
  ],
  ['ENTITY_WRITE', /the check above_five of Cl in"ic\.obs/, 'alter table obs add constraint above_five check (val > 5) not valid'],
  [
    'ENTITY_WRITE',
    /the exclusion constraint booking_room_during_excl/,
    "insert into booking (room, during) values (7, '[2024-01-01,2024-02-01)')",
  ],
  ['ENTITY_WRITE', /a rule stands in the way: .*"obs"/, 'create rule nothing as on insert to obs do instead nothing'],
  ['ENTITY_DRIFT', /the type that the column val has now/, 'alter table obs alter val type int using val::int'],
  [
    'ENTITY_POLICY',
    /1 rows of Cl in"ic\.Patient cannot stand beside live ones: Patient_MRN_key/,
    `update "Patient" set "MRN" = $$${seventh}$$ where "MRN" = $$M'"\\8$$`,
  ],
]

test('what the tables became since the backup is named where it stands in the way, and nothing is changed', async () => {
  await world.cluster.createDatabase('since')
  await world.cluster.psql('since', oddClinic)
  await world.cluster.psql('since', unfriended)
  const backup = await world.backUp('since')
  await world.cluster.psql('since', `${inOddClinic} ${deleted}`)
  for (const [at, [code, fact, sql]] of since.entries()) {
    const [live, before] = [`since_${at}`, `since_${at}_before`]
    await world.cluster.psql('postgres', `create database ${live} template since`)
    await world.cluster.psql(live, `${inOddClinic} ${sql}`)
    await world.cluster.psql('postgres', `create database ${before} template ${live}`)
    const bringBack = async () => {
      await world.apply(await world.plan({ database: live, backup, settings: oddSettings, entities: [{ kind: 'patient', key: seventh }] }))
    }
    await assert.rejects(bringBack, (error) => isFault(error, code) && fact.test(error.message), sql)
    assert.match(await world.cluster.diff(before, live), /^IDENTICAL$/m)
  }
})

test('a database that is read-only by default takes back a record that somebody confirmed', async () => {
  await world.cluster.psql(
    'postgres',
    'create database read_only template since; alter database read_only set default_transaction_read_only = on',
  )
  const backup = await world.backUp('read_only')
  await world.cluster.psql(
    'read_only',
    'set default_transaction_read_only = off; set search_path = "Cl in""ic"; update visit set room = 99 where id < 20',
  )
  const planned = await world.plan({ database: 'read_only', backup, settings: oddSettings, entities: [{ kind: 'patient', key: `M'"\\1` }] })
  const { applied } = await world.apply(planned)
  assert.ok(applied!.rows > 0)
})
