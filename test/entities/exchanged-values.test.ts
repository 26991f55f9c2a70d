import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { systemSettingsSchema } from '#base/settings.ts'
import { releaseChangeSet } from '#engine/entities/apply-change-set.ts'
import { EntityWorld } from '#test/support/entity-world.ts'

let world: EntityWorld
before(async () => {
  world = await EntityWorld.make()
})
after(() => world[Symbol.asyncDispose]())

const settings = systemSettingsSchema.parse({ entities: { kinds: { person: { table: 'person', key: 'mrn' } } } })

test('INV-910 INV-911 rows that exchanged a unique value come back, where nothing is deleted with them; what was released keeps no row', async () => {
  await world.cluster.createDatabase('live')
  const run = async (text: string) => (await world.cluster.psql('live', text)).trim()
  await run(`create table person (id int primary key, mrn text unique);
    create table slot (id int primary key, person int not null references person, place text not null unique, doubled text generated always as (place || place) stored);
    create table note (id int primary key, slot int not null references slot, body text);
    insert into person values (1, 'M1'), (2, 'M2');
    insert into slot select g, 1 + g / 4, 'place ' || g from generate_series(1, 5) g; insert into note select g, g, 'note' from generate_series(1, 5) g`)
  const backup = await world.backUp('live')
  const all = () =>
    run(
      `select string_agg(t, '|' order by t) from (select 's' || slot::text as t from slot union all select 'n' || note::text from note) x`,
    )
  const past = await all()
  await run(`update slot set place = 'free' where id = 1; update slot set place = 'place 1' where id = 2; update slot set place = 'place 2' where id = 3;
    update slot set place = 'place 3' where id = 1`)
  const now = await all()
  const wanted = { database: 'live', backup, settings, entities: [{ kind: 'person', key: 'M1' }] }
  const planned = await world.plan(wanted)
  await world.apply(planned)
  assert.equal(await all(), past)
  await world.undo(planned)
  assert.equal(await all(), now)

  const { restore, system } = planned.changeSet
  await releaseChangeSet(restore, { stateDirectory: world.stateDirectory, confirmed: system })
  assert.deepEqual(await readdir(path.join(world.stateDirectory, 'change-sets', restore)), ['journal.json'])
  await assert.rejects(world.undo(planned), { code: 'RESTORE_STATE' })

  await run('alter table note drop constraint note_slot_fkey, add foreign key (slot) references slot on delete cascade')
  await assert.rejects(world.apply(await world.plan(wanted)), ({ code }: { code: string }) => {
    assert.ok(code === 'ENTITY_WRITE' || code === 'ENTITY_COMPLEMENT', code)
    return true
  })
  assert.equal(await all(), now)
})
