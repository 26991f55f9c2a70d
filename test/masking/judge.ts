import assert from 'node:assert/strict'
import type { TestCluster } from '#test/support/postgres.ts'
import { dumpOf } from './masked-clinic.ts'

const lines = (text: string) => text.split('\n').filter((line) => line !== '')

/** Every value that names one of the patients, or somebody of the staff. */
async function identifiersOf(cluster: TestCluster, database: string): Promise<string[]> {
  const found = await cluster.psql(
    database,
    `select subject_code from clinic.patient
     union select given_name || ' ' || family_name from clinic.patient union select family_name from clinic.patient union select given_name from clinic.patient
     union select contact ->> 'phone' from clinic.patient
     union select signed_by from clinic.consent union select name from clinic.staff
     union select path from clinic.document union select encode(sha256, 'hex') from clinic.document union select encode(signature, 'hex') from clinic.consent
     union select detail ->> 'from' from clinic.audit_log`,
  )
  return lines(found)
}

/** Looks for each original value in all that PostgreSQL's dump of the copy says, rows and definitions. How many were looked for. */
export async function assertNobodyFound(cluster: TestCluster, original: string, copy: string): Promise<number> {
  const identifiers = await identifiersOf(cluster, original)
  const before = wordsOf(await dumpOf(cluster, original))
  const text = await dumpOf(cluster, copy)
  const after = wordsOf(text)
  for (const value of identifiers) {
    const words = [...wordsOf(value)]
    assert.ok(
      words.length > 0 && words.every((word) => before.has(word)),
      `${value} stands in the original, or the search would find nothing anywhere`,
    )
    // A short name such as Xu is looked for as a word, anything longer wherever it stands; a text without all of its words has it nowhere.
    const isThere = words.every((word) => after.has(word)) && (value.length <= 5 || text.includes(value))
    assert.ok(!isThere, `${value} stands in the copy`)
  }
  return identifiers.length
}

/** What COPY writes before bytes is no part of them. */
function wordsOf(text: string): Set<string> {
  return new Set(text.match(/(?<=\\\\x)[0-9a-f]+|(?!(?<=\\\\)x)[\p{L}\p{N}’]+/gu))
}

/** Rows are as many, every foreign key holds, and what joins in the original joins as often in the copy. */
export async function assertJoined(cluster: TestCluster, original: string, copy: string): Promise<void> {
  const both = async (sql: string) => [await cluster.psql(original, sql), await cluster.psql(copy, sql)]
  const tables = lines(
    await cluster.psql(original, `select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = 'clinic' order by 1`),
  )
  const counts = tables.map((table) => `select '${table}', count(*) from ${table}`).join(' union all ')
  // Rows of a partition may lie in another one, if their key is masked.
  const partitioned = `select (select count(*) from clinic.lab_result), (select count(*) from clinic.audit_log)`
  const kept = (text: string) => lines(text).filter((line) => !/(lab_result|audit_log)_/.test(line))
  const [before, after] = await both(counts)
  assert.deepEqual(kept(after!).sort(), kept(before!).sort())
  for (const sql of [
    partitioned,
    `select count(*) from clinic.visit join clinic.patient on patient.id = visit.patient_id`,
    `select count(*) from clinic.observation o join clinic.visit v on v.id = o.visit_id and v.patient_id = o.patient_id`,
    `select count(*) from clinic.lab_result l join clinic.visit v on v.id = l.visit_id and v.patient_id = l.patient_id`,
    `select count(*) from clinic.document d join clinic.visit v on v.id = d.visit_id and v.patient_id = d.patient_id`,
    `select entity_type, count(*) from clinic.audit_log l where case entity_type when 'patient' then exists (select from clinic.patient where id = l.entity_id)
       else exists (select from clinic.visit where id = l.entity_id) end group by 1 order by 1`,
    `select n, count(*) from (select patient_id, count(*) as n from clinic.visit group by 1) as per group by 1 order by 1`,
    `select count(*) from pg_constraint where contype = 'f' and convalidated`,
    `select count(distinct (family_name)), count(distinct subject_code), count(distinct given_name) from clinic.patient`,
    `select count(*) from clinic.patient join clinic.consent on consent.patient_id = patient.id`,
    // What lies between the dates of one patient, and how often.
    `select enrolled_at - born_on, count(*) from clinic.patient group by 1 order by 1`,
    `select v.began_at - p.enrolled_at, v.ended_at - v.began_at, v.minutes, count(*) from clinic.visit v join clinic.patient p on p.id = v.patient_id group by 1, 2, 3 order by 1, 2, 3`,
    `select max(o.observed_at) - min(v.began_at), count(*) from clinic.observation o join clinic.visit v on v.id = o.visit_id group by v.id order by 1, 2`,
    `select lower(m.period) - p.born_on, upper(m.period) - lower(m.period), count(*) from clinic.medication m join clinic.patient p on p.id = m.patient_id group by 1, 2 order by 1, 2`,
    `select reported_at - began_at, count(*) from clinic.lab_result l join clinic.visit v on v.id = l.visit_id group by 1 order by 1`,
    `select l.at - p.enrolled_at, count(*) from clinic.audit_log l join clinic.patient p on p.id = l.entity_id where entity_type = 'patient' group by 1 order by 1`,
  ]) {
    const [one, other] = await both(sql)
    assert.equal(other, one, sql)
    assert.notEqual(one!.trim(), '0')
  }
}
