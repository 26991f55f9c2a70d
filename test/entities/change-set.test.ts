import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isFault } from '#base/fault.ts'
import { systemSettingsSchema } from '#base/settings.ts'
import { EntityWorld } from '#test/support/entity-world.ts'
import { assertSame, deleteRecord, expectedState, meddle, owningEdges, readState, rowId } from '#test/support/random-record.ts'
import { randomSchema, withKeyless } from '#test/support/random-schema.ts'
import { newSeed } from '#test/support/seed.ts'

let world: EntityWorld
before(async () => {
  world = await EntityWorld.make()
})
after(() => world[Symbol.asyncDispose]())

const rounds = Number(process.env['SWEEP_ROUNDS'] ?? 4)

test('INV-910 INV-911 INV-915 whatever the schema and whatever happened since, a record comes back as the model says, nothing else changes, and undo is exact', async (context) => {
  const { value: seed, below: pick } = newSeed()
  context.diagnostic(`SWEEP_SEED=${seed}`)
  let restored = 0
  for (let round = 0; round < rounds; round += 1) {
    const keyed = randomSchema(pick)
    const schema = withKeyless(keyed, pick)
    const database = `record_${round}`
    await world.cluster.createDatabase(database)
    await world.cluster.psql(database, schema.sql)
    for (const { name } of schema.tables)
      await world.cluster.psql(database, `alter table "${name.replaceAll('"', '""')}" add column word text default 'as it was'`)
    const owning = await owningEdges(world, database)
    const past = await readState(world, database, schema)
    const backup = await world.backUp(database)
    const table = pick(keyed.tables.length)
    const { key } = schema.tables[table]!.rows[pick(schema.tables[table]!.rows.length)]!
    const { name, keyWidth } = schema.tables[table]!
    if (pick(2) === 0) await deleteRecord(world, database, { schema, owning, root: rowId(table, key) })
    await meddle(world, database, schema, pick)
    const now = await readState(world, database, schema)
    const settings = systemSettingsSchema.parse({ entities: { kinds: { it: { table: name, key: `k${keyWidth - 1}` } } } })
    const where = `round ${round} of seed ${seed}`
    const planned = await world.plan({
      database,
      backup,
      settings,
      entities: [{ kind: 'it', key: String(key[keyWidth - 1]) }],
      policy: { conflicts: 'backup', parents: 'backup' },
    })
    assertSame(await readState(world, database, schema), now, `${where}: planning changes nothing`)
    const expected = expectedState({ schema, owning, past, now, root: rowId(table, key) })
    try {
      await world.apply(planned)
    } catch (error) {
      if (!isFault(error)) throw error
      assert.equal(expected, undefined, `${where}: ${error.code} ${error.message}`)
      assertSame(await readState(world, database, schema), now, `${where}: what is refused changes nothing`)
      continue
    }
    assert.ok(expected, `${where}: a foreign key had to refuse it`)
    restored += 1
    assertSame(await readState(world, database, schema), expected, `${where}: restored`)
    await world.undo(planned)
    assertSame(await readState(world, database, schema), now, `${where}: undone`)
  }
  context.diagnostic(`${restored} of ${rounds} restored and undone`)
})
