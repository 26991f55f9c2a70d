import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { makeClinic } from '#demo/clinic/make-clinic.ts'
import { assertFound, postgresPrograms } from '#host/postgres-programs.ts'
import { run } from '#host/run.ts'
import { workplace, type Workplace } from '#test/support/command-line.ts'
import { testCluster, type TestCluster } from '#test/support/postgres.ts'

const column = (table: string, name: string, mask: object) => ({ schema: 'clinic', table, column: name, ...mask })
const of = (...subject: string[]) => ({ mask: 'shift', subject })

/** Everything in the clinic that tells who somebody is. Names of columns that refer to a patient are not among it: they follow. */
export const clinicMasks = {
  entities: {
    polymorphic: [
      {
        schema: 'clinic',
        table: 'audit_log',
        typeColumn: 'entity_type',
        idColumn: 'entity_id',
        targets: { patient: { schema: 'clinic', table: 'patient' }, visit: { schema: 'clinic', table: 'visit' } },
      },
    ],
  },
  masks: {
    columns: [
      column('patient', 'id', { mask: 'hash' }),
      column('patient', 'subject_code', { mask: 'hash', keepsFormat: true }),
      column('patient', 'family_name', { mask: 'name', part: 'family' }),
      column('patient', 'given_name', { mask: 'name', part: 'given' }),
      column('patient', 'born_on', of('id')),
      column('patient', 'enrolled_at', of('id')),
      column('patient', 'contact', { mask: 'text' }),
      column('staff', 'name', { mask: 'name' }),
      column('visit', 'began_at', of('patient_id')),
      column('visit', 'ended_at', of('patient_id')),
      column('visit', 'note', { mask: 'text' }),
      column('observation', 'observed_at', of('visit_id', 'patient_id')),
      column('observation', 'comment', { mask: 'null' }),
      column('lab_result', 'reported_at', of('patient_id')),
      column('medication', 'period', of('patient_id')),
      column('consent', 'signed_by', { mask: 'name' }),
      column('consent', 'signed_at', of('patient_id')),
      column('consent', 'withdrawn_at', of('patient_id')),
      column('consent', 'signature', { mask: 'text' }),
      column('document', 'path', { mask: 'hash' }),
      column('document', 'sha256', { mask: 'text' }),
      column('document', 'metadata', { mask: 'text' }),
      column('audit_log', 'at', of('entity_id')),
      column('audit_log', 'actor', { mask: 'hash' }),
      column('audit_log', 'detail', { mask: 'fixed', value: '{"masked":true}' }),
    ],
  },
}

export interface MaskedClinic extends AsyncDisposable {
  readonly cluster: TestCluster
  readonly place: Workplace
  readonly files: string
  settings(name: string, content: object): Promise<string>
  /** A masked backup, restored as a database of that name. What the backup told. */
  restored(database: string, settings: string, ...words: readonly string[]): Promise<Readonly<Record<string, any>>>
}

export async function maskedClinic(scale: number): Promise<MaskedClinic> {
  await using stack = new AsyncDisposableStack()
  const cluster = await testCluster()
  stack.defer(() => cluster.stop())
  const place = stack.use(await workplace())
  const files = place.file('files')
  await cluster.createDatabase('clinic')
  await makeClinic({ target: cluster.url('clinic'), filesRoot: files, scale, seed: 11 })
  await place.expect(0, 'repository', 'create')
  const source = ['--system', 'emr', '--database', `main=${cluster.url('clinic')}`, '--files', `documents=${files}`]
  const owned = stack.move()
  return {
    cluster,
    place,
    files,
    settings: async (name, content) => {
      const file = place.file(name)
      await writeFile(file, JSON.stringify(content))
      return file
    },
    restored: async (database, settings, ...words) => {
      const { json } = await place.expect(0, 'backup', ...source, '--settings', settings, '--masked', ...words)
      const plan = place.file(`${database}.plan`)
      await place.expect(0, 'restore', 'plan', '--backup', json['backup'], '--database', `main=${cluster.url(database)}`, '--out', plan)
      await place.expect(0, 'restore', 'run', plan, '--confirm', 'emr', '--no-safety-backup', '--reason', 'a new database')
      return json
    },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  }
}

/** What PostgreSQL's own dump says of a whole database, as text. */
export async function dumpOf(cluster: TestCluster, database: string): Promise<string> {
  const { folder } = assertFound(postgresPrograms('pg_dump'))
  const result = await run(path.join(folder, 'pg_dump'), ['-h', cluster.socketDirectory, '-U', cluster.user, '-d', database])
  assert.equal(result.exitCode, 0, result.stderr)
  return result.stdout
}
