import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { everything } from '#service/catalog/scope.ts'
import { hashPassword } from '#service/people/password.ts'
import type { Role } from '#contract/permissions.ts'
import { printDatabaseUrl } from '#engine/sources/postgres/target.ts'
import { enrol } from './authenticator.ts'
import { testCluster, type TestCluster } from './postgres.ts'
import { testPassword, testPerson, testService, testTenant, type Answer, type TestService } from './service.ts'
import { isOver, jobWhen } from './test-jobs.ts'

export interface Signer {
  readonly token: string
  readonly name: string
  /** A signature that was not given before: two of them are good at any moment. */
  readonly sign: (meaning?: string) => { password: string; totp: string; meaning: string }
}

export interface Seen {
  readonly database: string
  readonly file: string
}

/** A small application under a service with a worker, its repository and one backup of it: what a restore is tried on. */
export class RestoredSystem implements AsyncDisposable {
  readonly here: TestService
  readonly cluster: TestCluster
  readonly tenant: string
  readonly admin: string
  systemId = ''
  backupId = ''
  #people = 0

  private constructor(here: TestService, cluster: TestCluster, { tenant, admin }: { readonly tenant: string; readonly admin: string }) {
    this.here = here
    this.cluster = cluster
    this.tenant = tenant
    this.admin = admin
  }

  /** `begin` brings workers of its own instead of the one in the service. */
  static async make(begin?: (here: TestService) => Promise<void>): Promise<RestoredSystem> {
    const [here, cluster] = await Promise.all([testService({ isWorker: begin === undefined }), testCluster()])
    await begin?.(here)
    const tenant = await testTenant(here.service, 'clinic')
    const admin = (await testPerson(here.service, 'ada', [{ role: 'SYSTEM_ADMIN', tenantId: tenant }])).token
    const made = new RestoredSystem(here, cluster, { tenant, admin })
    await mkdir(made.root)
    await cluster.createDatabase('app')
    await cluster.psql('app', 'create table t (id int primary key, word text)')
    await made.write('backed up')
    await made.#register()
    return made
  }

  async #register(): Promise<void> {
    const place = `local:${path.join(this.here.directory, 'backups')}`
    const { repository } = await this.expect(201, 'POST', '/api/v1/repositories', { name: 'main', place, mode: 'create' })
    const system = await this.expect(201, 'POST', '/api/v1/systems', {
      name: 'app',
      title: 'The application',
      databases: [{ name: 'main', url: printDatabaseUrl(this.cluster.target('app')) }],
      roots: [{ name: 'files', path: this.root }],
      repositoryId: repository.id,
    })
    this.systemId = system.id
    const begun = await this.expect(202, 'POST', '/api/v1/backup/create', { systemId: system.id, type: 'full' })
    await this.ended(begun.runId)
    this.backupId = begun.backupId
  }

  /** What is live now, in the database and beside it. */
  async write(word: string): Promise<void> {
    await this.cluster.psql('app', `delete from t; insert into t select g, '${word}' from generate_series(1, 100) g`)
    await writeFile(path.join(this.root, 'word'), word)
  }

  async look(): Promise<Seen> {
    const database = (await this.cluster.psql('app', "select string_agg(distinct word, ',') || ' ' || count(*) from t")).trim()
    return { database, file: await readFile(path.join(this.root, 'word'), 'utf8') }
  }

  async ask(
    method: string,
    place: string,
    { token = this.admin, body }: { readonly token?: string; readonly body?: unknown } = {},
  ): Promise<Answer> {
    return await this.here.ask(method, place, { token, ...(body !== undefined && { body }) })
  }

  async expect(status: number, method: string, place: string, body?: unknown): Promise<any> {
    const answer = await this.ask(method, place, { body })
    assert.equal(answer.status, status, answer.text)
    return answer.json
  }

  async ended(runId: string, status = 'completed'): Promise<any> {
    const job = await jobWhen(this.here.service.house, runId, isOver, 120_000)
    assert.equal(job.status, status, JSON.stringify(job))
    return job
  }

  /** A plan that is ready. */
  async plan(request: Record<string, unknown> = {}): Promise<any> {
    const begun = await this.expect(202, 'POST', '/api/v1/restore/preview', { backupId: this.backupId, ...request })
    await this.ended(begun.runId)
    return await this.expect(200, 'GET', `/api/v1/restore/plans/${begun.planId}`)
  }

  /** Somebody who can sign. */
  async signer(roles: readonly Role[] = ['RESTORE_APPROVER'], tenantId: string | null = this.tenant): Promise<Signer> {
    const { house } = this.here.service
    const name = `signer-${(this.#people += 1)}`
    const { id, token } = await testPerson(
      this.here.service,
      name,
      roles.map((role) => ({ role, tenantId })),
    )
    const hash = await hashPassword(testPassword, house.random)
    await house.catalog.as(everything, (tx) => tx.updateTable('users').set({ password_hash: hash }).where('id', '=', id).execute())
    const authenticator = await enrol(this.here, token)
    return { token, name, sign: (meaning = 'ordered this restore') => ({ password: testPassword, totp: authenticator.next(), meaning }) }
  }

  /** Signs and begins it; the id of the restore and of its run. */
  async execute(planId: string, signer: Signer, more: Record<string, unknown> = {}): Promise<{ restoreId: string; runId: string }> {
    const body = { planId, confirm: 'app', reason: 'the ward lost its data', signature: signer.sign(), ...more }
    const answer = await this.ask('POST', '/api/v1/restore/execute', { token: signer.token, body })
    assert.equal(answer.status, 202, answer.text)
    return answer.json
  }

  /** Where its files are. */
  get root(): string {
    return path.join(this.here.directory, 'files')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.here[Symbol.asyncDispose]()
    await this.cluster.stop()
  }
}
