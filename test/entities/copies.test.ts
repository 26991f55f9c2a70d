import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { readChangedRows } from '#engine/entities/changed-rows.ts'
import { copiesOf, CopiedWard } from '#test/support/copied-ward.ts'

let ward: CopiedWard
before(async () => {
  ward = await CopiedWard.make()
})
after(() => ward[Symbol.asyncDispose]())

const wholeRecord = ['bed 1 1', 'letter 1 1', 'log 1 1', 'person 1 1', 'person_team 1 1', 'reading 2 2', 'stay 3 3']

test('INV-913 INV-910 a person comes back beside the living one: every key is new, every reference follows, no live row is touched, and undo is exact', async () => {
  await ward.renew(
    "update person set name = 'since' where id = 1; delete from stay where person = 1 and no = 3; insert into bed values (4, 1)",
  )
  const open = await ward.plan({ asCopy: true })
  const person = open.changeSet.tables.find(({ table }) => table === 'person')!
  assert.deepEqual(
    person.clashes.map(({ index, columns, count }) => [index, columns, count]),
    [['person_mrn_key', ['mrn'], 1]],
  )
  await assert.rejects(ward.world.apply(open), { code: 'ENTITY_POLICY', message: /copies need copyValues for a column of \(mrn\)/ })

  const planned = await ward.plan({ asCopy: true, copyValues: [{ schema: 'public', table: 'person', column: 'mrn', suffix: '-copy' }] })
  assert.deepEqual(copiesOf(planned), wholeRecord)
  assert.ok(planned.changeSet.tables.every(({ updates, deletes }) => updates + deletes === 0))
  assert.deepEqual(planned.changeSet.loss, [])
  assert.ok(planned.changeSet.warnings.some((line) => /new keys of public.person were drawn from its sequence/.test(line)))
  const { rows } = await readChangedRows(
    planned.folder,
    planned.changeSet.tables.find(({ table }) => table === 'stay')!,
    { part: 'written', from: 0, limit: 9 },
  )
  const id = rows[0]!.key[0] as string
  assert.deepEqual(
    rows.map(({ action, key, fields }) => [action, key, fields.slice(0, 2).map(({ before }) => before)]),
    ['1', '2', '3'].map((no) => ['copy', [id, no], ['1', no]]),
  )
  assert.notEqual(id, '1')
  await ward.carryOut(planned, async () => {
    assert.equal(await ward.joined("mrn = 'M1-copy'"), await ward.joined("mrn = 'M1'", 'original'))
    assert.notEqual(await ward.joined("mrn = 'M1'"), await ward.joined("mrn = 'M1'", 'original'))
    assert.equal(await ward.sql(`select id::text from person where mrn = 'M1-copy'`), id)
    assert.equal(await ward.sql('select last_value from person_id_seq'), id)
  })
})

test('INV-913 a key that is somebody else by now: the record comes as a copy, with the values that nobody has', async () => {
  await ward.renew(`update person set first_stay = null where id = 1; delete from letter where person = 1; delete from stay where person = 1; delete from person_team where person = 1;
    delete from log where entity_id = '1'; delete from bed where person = 1; delete from reading where mrn = 'M1'; delete from person where id = 1;
    insert into person (id, mrn, ward, name) overriding system value values (1, 'N1', 'B', 'another'); insert into stay values (1, 1, null, 'of another')`)
  const planned = await ward.plan({ asCopy: true })
  assert.deepEqual(copiesOf(planned), wholeRecord)
  await ward.carryOut(planned, async () => {
    assert.equal(await ward.joined("mrn = 'M1'"), await ward.joined("mrn = 'M1'", 'original'))
    assert.equal(await ward.sql("select id || name from person where mrn = 'N1'"), '1another')
  })
})

test('INV-913 a row whose key belongs to somebody else is answered with a copy, and the others come back as ever', async () => {
  await ward.renew("update bed set person = 3 where id = 1; update person set name = 'since' where id = 1")
  const planned = await ward.plan({ conflicts: 'copy' })
  assert.deepEqual(copiesOf(planned), ['bed 1 1'])
  assert.ok(planned.changeSet.warnings.some((line) => /new keys of public.bed are the next numbers/.test(line)))
  await ward.world.apply(planned)
  assert.equal(await ward.sql("select string_agg(bed::text, ' ' order by id) from bed"), '(1,3) (2,2) (3,) (4,1)')
  assert.equal(await ward.sql('select name from person where id = 1'), 'name 1')
  await ward.world.undo(planned)
  assert.equal(await ward.sql("select string_agg(bed::text, ' ' order by id) from bed"), '(1,3) (2,2) (3,)')
})

test('INV-913 single rows as copies: the next number beside the same person, and what names them follows where it is written', async () => {
  await ward.renew("update stay set note = 'since' where person = 1; delete from letter where person = 1")
  const rows = [{ schema: 'public', table: 'stay', key: ['1', '2'], take: 'copy' as const }]
  const planned = await ward.plan({ changed: 'live', rows })
  assert.deepEqual(copiesOf(planned), ['stay 1 1'])
  await ward.world.apply(planned)
  assert.equal(
    await ward.sql("select string_agg(concat(no, after, note), ' ' order by no) from stay where person = 1"),
    '1since 21since 32since 41stay 2',
  )
  assert.equal(await ward.sql('select stay from letter where person = 1'), '4')
})

test('INV-913 INV-914 a key in words is asked for, and everything that it is made of follows', async () => {
  await ward.renew("update ward set code = code where code = 'A'")
  const entities = [{ kind: 'ward', key: 'A' }]
  const suffix = '-2'
  await assert.rejects(ward.plan({ asCopy: true }, { entities }), {
    code: 'ENTITY_POLICY',
    message:
      /1 copies in public.ward need another key.*"copyValues": \[\{"schema":"public","table":"ward","column":"code","suffix":"-copy"\}\]/,
  })
  const values = [
    { schema: 'public', table: 'ward', column: 'code', suffix },
    { schema: 'public', table: 'person', column: 'mrn', suffix },
  ]
  const one = { schema: 'public', table: 'person', column: 'mrn', key: ['3'], value: 'Q3' }
  const planned = await ward.plan({ asCopy: true, copyValues: [one, ...values] }, { entities })
  await ward.carryOut(planned, async () => {
    assert.equal(await ward.sql("select string_agg(mrn, ' ' order by mrn) from person where ward = 'A-2'"), 'M1-2 M2-2 M4-2 Q3')
    assert.equal(await ward.sql("select string_agg(value::text, ' ' order by value) from reading where mrn = 'Q3'"), '31 32')
  })
})
