import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { systemClock } from '#base/clock.ts'
import { durations } from '#base/units.ts'
import { systemRandom } from '#host/random.ts'
import { openRepository } from '#engine/repository/open.ts'
import type { Repository } from '#engine/repository/repository.ts'
import { openStorage } from '#engine/storage/storages.ts'
import { everything } from '#service/catalog/scope.ts'
import { knownRepository, repositorySecrets } from '#service/repositories/repositories.ts'
import type { TestCluster } from './postgres.ts'
import { testPerson, testTenant, type Answer, type TestService } from './service.ts'

/** A tenant with people, a repository and a system whose database and files are real. */
export interface ProtectedSystem {
  readonly tenant: string
  readonly system: string
  readonly repository: string
  /** Where the repository lies. */
  readonly place: string
  readonly files: string
  readonly administrator: string
  readonly operator: string
  readonly viewer: string
  readonly auditor: string
  /** An administrator of another tenant. */
  readonly stranger: string
}

/** Six rows in two tables, and three files with 4,103 bytes. */
export async function protectedSystem(here: TestService, cluster: TestCluster, name = 'emr'): Promise<ProtectedSystem> {
  const tenant = await testTenant(here.service, `${name}-clinic`)
  const other = await testTenant(here.service, `${name}-other`)
  const person = async (who: string, role: 'SYSTEM_ADMIN' | 'BACKUP_OPERATOR' | 'VIEWER' | 'AUDITOR', tenantId = tenant) =>
    (await testPerson(here.service, `${name}-${who}`, [{ role, tenantId }])).token
  const administrator = await person('administrator', 'SYSTEM_ADMIN')
  const place = path.join(here.directory, `${name}-backups`)
  const made = await here.ask('POST', '/api/v1/repositories', {
    token: administrator,
    body: { name: 'main', place: `local:${place}`, mode: 'create' },
  })
  assert.equal(made.status, 201, made.text)
  const files = path.join(here.directory, `${name}-files`)
  await mkdir(path.join(files, 'reports'), { recursive: true })
  await writeFile(path.join(files, 'note.txt'), 'hello')
  await writeFile(path.join(files, 'reports', 'first.bin'), Buffer.alloc(4096, 7))
  await writeFile(path.join(files, 'reports', 'second.txt'), 'x\n')
  await cluster.createDatabase(name)
  await cluster.psql(
    name,
    `create table patient (id int primary key, name text); insert into patient select i, 'patient ' || i from generate_series(1, 4) i;
     create schema ward; create table ward.bed (id int primary key); insert into ward.bed values (1), (2)`,
  )
  const system = await here.ask('POST', '/api/v1/systems', {
    token: administrator,
    body: {
      name,
      title: name.toUpperCase(),
      repositoryId: made.json.repository.id,
      databases: [{ name: 'main', url: cluster.url(name) }],
      roots: [{ name: 'uploads', path: files }],
    },
  })
  assert.equal(system.status, 201, system.text)
  return {
    tenant,
    system: system.json.id,
    repository: made.json.repository.id,
    place,
    files,
    administrator,
    operator: await person('operator', 'BACKUP_OPERATOR'),
    viewer: await person('viewer', 'VIEWER'),
    auditor: await person('auditor', 'AUDITOR'),
    stranger: await person('stranger', 'SYSTEM_ADMIN', other),
  }
}

/** Asks again until the answer is as it should be. */
export async function answerWhen(
  ask: () => Promise<Answer>,
  isThere: (answer: Answer) => boolean,
  waitMs: number = 60 * durations.second,
): Promise<Answer> {
  const untilMs = performance.now() + waitMs
  for (;;) {
    const answer = await ask()
    if (isThere(answer)) return answer
    assert.ok(performance.now() < untilMs, `still ${answer.status} ${answer.text.slice(0, 2000)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** The backup once its job has ended. */
export async function endedBackup(here: TestService, token: string, id: string) {
  const { json } = await answerWhen(
    () => here.ask('GET', `/api/v1/backup/${id}`, { token }),
    (answer) => !['pending', 'in_progress'].includes(answer.json.status),
  )
  return json
}

/** The job once it has ended. */
export async function endedJob(here: TestService, token: string, runId: string) {
  const { json } = await answerWhen(
    () => here.ask('GET', `/api/v1/jobs/${runId}`, { token }),
    (answer) => !['pending', 'in_progress'].includes(answer.json.status),
  )
  return json
}

/** Asks for a backup of the system. */
export async function askedBackup(
  here: TestService,
  { operator, system }: ProtectedSystem,
  order: object,
): Promise<{ readonly backupId: string; readonly runId: string }> {
  const made = await here.ask('POST', '/api/v1/backup/create', { token: operator, body: { systemId: system, ...order } })
  assert.equal(made.status, 202, made.text)
  return made.json
}

/** The same, and waits for its end. */
export async function madeBackup(here: TestService, clinic: ProtectedSystem, order: object): Promise<string> {
  const { backupId } = await askedBackup(here, clinic, order)
  const { status, fault } = await endedBackup(here, clinic.viewer, backupId)
  assert.equal(status, 'completed', JSON.stringify(fault))
  return backupId
}

export async function eventsOf(here: TestService, action: string, outcome: 'done' | 'refused' = 'done') {
  return await here.service.house.catalog.as(everything, (tx) =>
    tx
      .selectFrom('audit_events')
      .select(['subject_id', 'facts', 'reason'])
      .where('action', '=', action)
      .where('outcome', '=', outcome)
      .orderBy('seq')
      .execute(),
  )
}

/** Opened past the service, by the password that it keeps. */
export async function repositoryOf(here: TestService, { repository }: Pick<ProtectedSystem, 'repository'>): Promise<Repository> {
  const { house } = here.service
  const { place, password } = await house.catalog.as(everything, async (tx) =>
    repositorySecrets(house, await knownRepository(tx, repository)),
  )
  return await openRepository(openStorage(place, systemClock, systemRandom), password, { clock: systemClock, random: systemRandom })
}
