import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { systemSettingsSchema } from '#base/settings.ts'
import { changePolicySchema } from '#engine/entities/change-set.ts'
import { copiesOf, CopiedWard } from '#test/support/copied-ward.ts'
import type { Wanted } from '#test/support/entity-world.ts'

let ward: CopiedWard
before(async () => {
  ward = await CopiedWard.make()
})
after(() => ward[Symbol.asyncDispose]())

const row = (table: string, key: readonly string[], take: 'backup' | 'live' | 'copy') => ({ schema: 'public', table, key: [...key], take })
const ofBed = (column: string, value: { suffix: string } | { key: string[]; value: string }) => ({
  copyValues: [{ schema: 'public', table: 'bed', column, ...value }],
})

test('INV-914 what cannot be copied is refused with the table, the key and the choice, and nothing is changed', async () => {
  await ward.renew(
    "create role bound login; grant select on all tables in schema public to bound; do $$ begin execute format('grant temporary on database %I to bound', current_database()); end $$",
  )
  const before = await ward.everyRow()
  const refused = (message: RegExp, policy: Wanted['policy'], more: Partial<Wanted> = {}) =>
    assert.rejects(ward.plan({ asCopy: true, ...policy }, more), (error: { code: string; message: string }) => {
      assert.match(`${error.code} ${error.message}`, message)
      return true
    })
  const elsewhere = { copyValues: [{ schema: 'public', table: 'persons', column: 'mrn', suffix: 'x' }] }
  await refused(/ENTITY_POLICY copyValues: no row of public.persons/, elsewhere)
  await refused(/ENTITY_POLICY copyValues: the table public.bed has no column ids/, ofBed('ids', { suffix: 'x' }))
  await refused(/ENTITY_POLICY no new value for public.bed.id that its type takes/, ofBed('id', { suffix: 'x' }))
  await refused(/ENTITY_POLICY the new keys of 1 copies in public.bed \(id\)/, ofBed('id', { key: ['1'], value: '2' }))
  await refused(/ENTITY_POLICY copyValues: no row of public.bed with such a key/, ofBed('id', { key: ['77'], value: '8' }))
  const grant = /DATABASE_PRIVILEGE role bound may not draw new keys.*GRANT USAGE ON SEQUENCE "public"."person_id_seq" TO "bound";/s
  await refused(grant, {}, { user: 'bound' })
  await refused(/all of it names rows of public.person, public.team/, { asCopy: false, rows: [row('person_team', ['1', '2'], 'copy')] })
  await refused(/1 rows of public.stay are to be copied/, { asCopy: false, rows: [row('stay', ['1', '9'], 'copy')] })
  assert.equal(changePolicySchema.safeParse({ asCopy: true, rows: [row('bed', ['1'], 'backup')] }).success, false)
  assert.deepEqual(await ward.everyRow(), before)
})

test('INV-914 keys that name each other in a circle are made new by nobody', async () => {
  const { world } = ward
  await world.cluster.createDatabase('circle')
  await world.cluster.psql(
    'circle',
    `create table patient (id int primary key, code text unique);
     create table twin (id int primary key references patient on delete cascade);
     alter table patient add foreign key (id) references twin deferrable initially deferred;
     begin; insert into patient values (1, 'P1'); insert into twin values (1); commit`,
  )
  const backup = await world.backUp('circle')
  const wanted = { database: 'circle', backup, entities: [{ kind: 'patient', key: 'P1' }] }
  await assert.rejects(world.plan({ ...wanted, policy: { asCopy: true } }), { code: 'ENTITY_POLICY', message: /name these in a circle/ })
})

test("INV-913 numbers that somebody took after the plan make it stale, and those of a sequence are nobody else's", async () => {
  await ward.renew("update person set name = 'since' where id = 1")
  const values = { copyValues: [{ schema: 'public', table: 'person', column: 'mrn', suffix: '-copy' }] }
  const first = await ward.plan({ asCopy: true, ...values })
  await ward.sql("insert into person (mrn, ward) values ('M7', 'B')")
  const state = await ward.world.apply(first)
  assert.equal(state.step, 'done')
  await ward.world.undo(first)
  const second = await ward.plan({ asCopy: true, ...values })
  await ward.sql('insert into bed values (4, null)')
  await assert.rejects(ward.world.apply(second), { code: 'PLAN_STALE' })
  assert.equal(await ward.sql("select count(*) from person where mrn = 'M1-copy'"), '0')
})

test('INV-913 rows whose key follows from a copied one are copies as well; where one is left behind that has to go with them, it is said', async () => {
  await ward.renew(
    "update person set name = 'since' where id = 1; delete from stay where person = 1 and no = 3; update stay set note = 'since' where person = 1 and no = 2",
  )
  const copyValues = [{ schema: 'public', table: 'person', column: 'mrn', suffix: '-copy' }]
  const tables = [{ schema: 'public', table: 'person', changed: 'copy' as const }]
  await assert.rejects(ward.plan({ tables, copyValues }), {
    code: 'ENTITY_POLICY',
    message: /1 copies in public.person cannot follow: \(id, first_stay\)/,
  })
  const planned = await ward.plan({ tables, copyValues, rows: [row('stay', ['1', '1'], 'copy')] })
  assert.deepEqual(copiesOf(planned), ['person 1 1', 'stay 3 3'])
  await ward.carryOut(planned, async () => {
    assert.equal(
      await ward.sql(
        "select string_agg(concat(no, after, note), ' ' order by no) from stay join person on id = person where mrn = 'M1-copy'",
      ),
      '1stay 1 21stay 2 32stay 3',
    )
    assert.equal(
      await ward.sql("select string_agg(concat(no, after, note), ' ' order by no) from stay join person on id = person where mrn = 'M1'"),
      '1stay 1 21since',
    )
  })
})

test('INV-913 a copy names the same files: what is missing is put back, what is live is never replaced, and what is not made is said', async () => {
  const { world } = ward
  const files = world.shop.at('scans')
  await mkdir(files)
  for (const name of ['gone', 'changed', 'same']) await writeFile(path.join(files, name), `${name} as it was`)
  await world.cluster.createDatabase('scans')
  await world.cluster.psql(
    'scans',
    `create table patient (id int primary key generated always as identity, name text);
     create table scan (id int primary key generated always as identity, patient int not null references patient on delete cascade, path text);
     insert into patient (name) values ('Ann'); insert into scan (patient, path) select 1, p from unnest(array['gone', 'changed', 'same']) p`,
  )
  const backup = await world.backUp('scans', files)
  await rm(path.join(files, 'gone'))
  await writeFile(path.join(files, 'changed'), 'since')
  const settings = systemSettingsSchema.parse({
    fileReferences: [{ database: 'main', schema: 'public', table: 'scan', column: 'path', root: 'files' }],
    entities: { files: [{ schema: 'public', table: 'patient', root: 'files', pattern: '{id}/**' }] },
  })
  const planned = await world.plan({
    database: 'scans',
    backup,
    settings,
    files,
    entities: [{ kind: 'patient', key: '1' }],
    policy: { asCopy: true },
  })
  const [root] = planned.changeSet.files
  assert.deepEqual([root?.adds, root?.replaces, root?.removes, root?.sharedDifferent, root?.unchanged], [1, 0, 0, 1, 1])
  assert.ok(planned.changeSet.warnings.includes('files of public.patient below files by {id}/** are not made for its copies'))
  await world.apply(planned)
  assert.deepEqual((await readdir(files)).toSorted(), ['changed', 'gone', 'same'])
  assert.equal(await readFile(path.join(files, 'changed'), 'utf8'), 'since')
  assert.equal(
    (await world.cluster.psql('scans', 'select patient, count(*), count(distinct path) from scan group by 1 order by 1')).trim(),
    '1|3|3\n2|3|3',
  )
  await world.undo(planned)
  assert.deepEqual((await readdir(files)).toSorted(), ['changed', 'same'])
})
