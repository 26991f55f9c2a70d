import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { clinicMasks, maskedClinic, type MaskedClinic } from './masked-clinic.ts'

let clinic: MaskedClinic
before(async () => {
  clinic = await maskedClinic(0.03)
  await clinic.cluster.psql(
    'clinic',
    `create table public.person (id integer primary key, "eMail" text, hint text, "SSN" text, mobile varchar(20), home_ip inet, zip varchar(8), count integer,
       remarks jsonb, letter text, photo bytea, code text, card varchar(34));
     insert into public.person select n, 'p' || n || '@example.org', 'p' || n || '@example.org', '900-12-' || 1000 + n, '+49 30 12345' || n, '10.0.0.1', '1011' || n, n,
       '{"next_of_kin": "x"}', case when n = 3 then 'write to p3@example.org' else 'nothing' end, '\\x00', 'ab', null from generate_series(1, 9) as n;`,
  )
})
after(() => clinic[Symbol.asyncDispose]())

const scan = async () => await clinic.place.expect(0, 'masks', 'scan', '--database', `main=${clinic.cluster.url('clinic')}`)
const planWith = async (settings: object) =>
  await clinic.place.expect(
    0,
    'masks',
    'plan',
    '--database',
    `main=${clinic.cluster.url('clinic')}`,
    '--settings',
    await clinic.settings('s', settings),
  )

test('INV-929 a scan finds identifiers by names, types and values, says why, changes nothing and prints no value', async () => {
  const state = () => clinic.cluster.psql('clinic', 'select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables')
  const before = await state()
  const { stdout, json } = await scan()
  const found = new Map<string, { kind: string; because: string[] }>(
    json['findings'].map((one: { column: string; kind: string; because: string[] }) => [one.column, one]),
  )
  const kindOf = (column: string) => found.get(column)?.kind
  for (const [column, kind] of Object.entries({
    'clinic.patient.family_name': 'names',
    'clinic.patient.subject_code': 'record numbers',
    'clinic.patient.born_on': 'dates',
    'clinic.visit.note': 'free text',
    // By what is in its documents, and by a code of a patient in it.
    'clinic.audit_log.detail': 'free text',
    'clinic.document.path': 'other codes',
    'public.person.eMail': 'e-mail',
    'public.person.hint': 'e-mail',
    'public.person.SSN': 'social security',
    'public.person.mobile': 'telephone',
    'public.person.home_ip': 'network addresses',
    'public.person.zip': 'places',
    'public.person.remarks': 'free text',
    'public.person.letter': 'free text',
    'public.person.photo': 'pictures',
    'public.person.card': 'accounts and policies',
  }))
    assert.equal(kindOf(column), kind, column)
  for (const column of ['public.person.count', 'public.person.code', 'public.person.id', 'clinic.study.phase', 'clinic.observation.value'])
    assert.equal(kindOf(column), undefined, column)
  assert.match(found.get('public.person.hint')!.because.join(), /9 of 9 sampled values have the form of e-mail/)
  assert.match(found.get('public.person.letter')!.because.join(), /1 of 9 sampled values are a text with e-mail in it/)
  assert.match(found.get('public.person.remarks')!.because.join(), /next_of_kin \(names\)/)
  assert.match(found.get('clinic.document.path')!.because.join(), /hold a value of clinic\.patient\.subject_code/)
  assert.ok(json['unread'].some(({ column }: { column: string }) => column === 'public.person.photo'))
  const names = await clinic.cluster.psql(
    'clinic',
    `select family_name from clinic.patient union select "eMail" from public.person union select "SSN" from public.person`,
  )
  for (const value of names.trim().split('\n'))
    assert.ok(!new RegExp(`\\b${value.replaceAll('.', '\\.')}\\b`).test(stdout), `${value} is printed`)
  assert.equal(await state(), before)
})

test('what a scan proposes is what a plan takes, and leaves nothing open but what has no mask', async () => {
  const { json } = await scan()
  const without = json['findings'].filter(({ rule }: { rule: unknown }) => rule === null).map(({ column }: { column: string }) => column)
  assert.deepEqual(without, ['clinic.audit_log.at', 'clinic.organization.created_at', 'clinic.study.began_on'])
  const { json: plan } = await planWith({ masks: json['masks'] })
  assert.deepEqual(
    plan['notMasked'].map(({ column }: { column: string }) => column),
    without,
  )
  await clinic.restored('proposed', await clinic.settings('proposed.json', { masks: json['masks'] }))
})

test('INV-921 a plan names what is masked because of what it refers to, and what looks like an identifier and is not masked', async () => {
  const { json } = await planWith(clinicMasks)
  const visit = json['columns'].find(({ table, column }: Record<string, string>) => table === 'visit' && column === 'patient_id')
  assert.equal(visit.because, 'it is linked with clinic.patient.id')
  const open = json['notMasked'].map(({ column }: { column: string }) => column)
  assert.ok(open.includes('public.person.SSN'))
  assert.ok(!open.includes('clinic.patient.family_name'))
  assert.ok(json['warnings'].some((line: string) => /audit_log\.at \(shift\) is part of the key/.test(line)))
})
