import path from 'node:path'
import { startCluster } from '#host/postgres-cluster.ts'
import { assertFound, postgresPrograms } from '#host/postgres-programs.ts'
import { makeClinic } from '#demo/clinic/make-clinic.ts'
import { memoryBar, speedBar, type Bar } from './bars.ts'
import { measure, type Job } from './measure.ts'
import { integrum, type Workplace } from './programs.ts'
import type { Outcome } from './report.ts'

/** Scale 24 of the clinic is 1 GiB. */
const clinicScale = 24
const closureMsMax = 10_000
const previewMsMax = 30_000
const seed = 3

/** Indexes on references between the clinic's tables; without them each reference costs a scan. */
const referenceIndexes = [
  'patient_study_id_idx',
  'visit_patient_id_began_at_idx',
  'observation_visit_id_idx',
  'lab_result_visit_id_idx',
  'document_patient_id_kind_idx',
]

/** One study of the clinic, taken out and brought back: how long people wait for its closure, for its preview, and until it is back (DESIGN §8). */
export async function benchRecords(place: Workplace): Promise<Outcome> {
  const settings = { shared_buffers: '1GB', max_wal_size: '4GB' }
  await using cluster = await startCluster(path.join(place.folder, 'records'), { isDurable: true, settings })
  const psql = path.join(assertFound(postgresPrograms('psql')).folder, 'psql')
  const env = { PGHOST: cluster.socketDirectory, PGUSER: cluster.user }
  const sql = async (database: string, text: string) =>
    await measure({ command: psql, args: ['-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1', '-d', database, '-c', text], env })
  const repository = path.join(place.folder, 'records-repository')
  const main = `main=${cluster.url('clinic')}`
  const run = (...args: readonly string[]): Job => integrum(place, repository, ...args)

  await sql('postgres', 'create database clinic')
  await makeClinic({
    target: cluster.url('clinic'),
    filesRoot: path.join(place.folder, 'records-files'),
    scale: clinicScale * place.scale,
    seed,
  })
  for (const index of referenceIndexes) await sql('clinic', `drop index clinic.${index}`)
  await sql('clinic', 'vacuum analyze')
  await measure(run('repository', 'create'))
  await measure(run('backup', '--system', 'bench', '--database', main))
  const { stdout: code } = await sql('clinic', 'select code from clinic.study order by id limit 1')
  const study = ['--entity', `study=${code.trim()}`]

  const closure = await measure(run('entities', 'closure', '--database', main, ...study))
  // The preview has to find that they are gone; what they hang on is left, so that nothing has to be searched for them.
  await sql(
    'clinic',
    `delete from clinic.lab_result where patient_id in (select id from clinic.patient where study_id = (select id from clinic.study where code = '${code.trim()}'))`,
  )
  const plan = path.join(place.folder, 'records-plan')
  const state = ['--state', path.join(place.folder, 'records-state')]
  const preview = await measure(run('restore', 'plan', '--backup', 'latest', '--database', main, ...study, '--out', plan, ...state))
  const applied = await measure(run('restore', 'run', plan, '--confirm', 'bench', ...state))
  const bars: Bar[] = [
    speedBar('closure of one study without indexes on references, against 10 s', 1, { oursMs: closure.durationMs, peerMs: closureMsMax }),
    speedBar('preview of one study, against 30 s', 1, { oursMs: preview.durationMs, peerMs: previewMsMax }),
    speedBar('one study brought back, every other row hashed twice, against the preview', undefined, {
      oursMs: applied.durationMs,
      peerMs: preview.durationMs,
    }),
    memoryBar('preview of one study', preview.memoryBytes),
    memoryBar('one study brought back', applied.memoryBytes),
  ]
  return { races: [], bars }
}
