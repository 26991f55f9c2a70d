import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { defaultSettings } from '#base/settings.ts'
import { raiseAlert } from '#service/alerts/alerts.ts'
import type { Tx } from '#service/catalog/scope.ts'
import { everything } from '#service/catalog/scope.ts'
import { testPerson, testTenant, type TestService } from '#test/support/service.ts'

/** Rows that a request can be about, each new, straight into the catalog. All of them belong to `ours`. */
export interface ServiceWorld {
  readonly here: TestService
  readonly ours: string
  readonly theirs: string
  /** A name that nothing has yet. */
  name(beginning: string): string
  /** A directory with nothing in it. */
  readonly files: string
  /** A directory that is not there yet, for a repository. */
  directory(): string
  repository(): Promise<string>
  system(): Promise<string>
  backup(change?: { readonly isDeleted?: boolean; readonly status?: 'pending' | 'completed' }): Promise<string>
  schedule(): Promise<string>
  run(): Promise<string>
  event(): Promise<string>
  /** With one role, in ours. */
  person(): Promise<string>
  grantOf(person: string): Promise<string>
  keyOf(person: string): Promise<string>
  /** Of a restore, in the making. */
  plan(): Promise<string>
  /** One that waits, or that has ended and may be undone. */
  restore(status?: 'pending' | 'completed'): Promise<string>
  /** One that waits. */
  drill(): Promise<string>
  /** Open. */
  alert(): Promise<string>
  /** That reaches nobody. */
  channel(): Promise<string>
  /** Of a backup that was removed. */
  certificate(): Promise<string>
  /** That nobody has released. */
  hold(): Promise<string>
  /** Another one, with nothing in it. */
  tenant(): Promise<string>
}

export async function serviceWorld(here: TestService): Promise<ServiceWorld> {
  const [ours, theirs] = [await testTenant(here.service, 'our-clinic'), await testTenant(here.service, 'their-clinic')]
  await mkdir(path.join(here.directory, 'places'))
  const files = path.join(here.directory, 'files')
  await mkdir(files)
  let number = 0
  const name = (beginning: string) => `${beginning}-of-ours-${(number += 1)}`
  const { house } = here.service
  const write = async (work: (tx: Tx, made: { id: string; at: Date }) => Promise<unknown>) => {
    const id = house.random.uuid()
    await house.catalog.as(everything, (tx) => work(tx, { id, at: house.clock.now() }))
    return id
  }
  const { token } = await testPerson(here.service, 'who-made-the-world', [{ role: 'SYSTEM_ADMIN', tenantId: null }])
  const pending = async (): Promise<{ readonly backupId: string; readonly runId: string }> => {
    const body = { systemId: await world.system(), type: 'files', name: name('backup') }
    const { status, json, text } = await here.ask('POST', '/api/v1/backup/create', { token, body })
    assert.equal(status, 202, text)
    return json
  }
  const world: ServiceWorld = {
    here,
    ours,
    theirs,
    name,
    files,
    directory: () => path.join(here.directory, 'places', name('place')),
    repository: () =>
      write((tx, { id, at }) =>
        tx
          .insertInto('repositories')
          .values({
            id,
            tenant_id: ours,
            name: name('repository'),
            place: `local:${path.join(here.directory, 'places', name('nowhere'))}`,
            repository_id: Buffer.from(house.random.bytes(32)).toString('hex'),
            password_sealed: house.sealing.seal('a password of ours', `repository:${id}`),
            created_at: at,
            changed_at: at,
          })
          .execute(),
      ),
    system: async () => {
      const repository = await world.repository()
      return await write((tx, { id, at }) =>
        tx
          .insertInto('systems')
          .values({
            id,
            tenant_id: ours,
            name: name('system'),
            title: 'A system of ours',
            repository_id: repository,
            databases: JSON.stringify([{ name: 'emr', url: 'postgresql://nobody@127.0.0.1:1/emr' }]),
            roots: JSON.stringify([{ name: 'uploads', path: files }]),
            settings: JSON.stringify(defaultSettings),
            created_at: at,
            changed_at: at,
          })
          .execute(),
      )
    },
    backup: async ({ isDeleted = false, status = 'completed' } = {}) => {
      if (status === 'pending') return (await pending()).backupId
      const system = await world.system()
      return await write(async (tx, { id, at }) => {
        const { repository_id: repository } = await tx
          .selectFrom('systems')
          .select('repository_id')
          .where('id', '=', system)
          .executeTakeFirstOrThrow()
        await tx
          .insertInto('backups')
          .values({
            id,
            tenant_id: ours,
            system_id: system,
            system_name: 'system-of-ours',
            repository_id: repository,
            name: name('backup'),
            type: 'full',
            status,
            snapshot: Buffer.from(house.random.bytes(32)).toString('hex'),
            created_by: 'somebody',
            created_at: at,
            completed_at: at,
            ...(isDeleted && {
              deleted_at: at,
              deleted_by: 'somebody',
              delete_reason: 'no reason',
              removal_due_at: new Date(at.getTime() + 86_400_000),
            }),
          })
          .execute()
      })
    },
    schedule: async () => {
      const system = await world.system()
      return await write((tx, { id, at }) =>
        tx
          .insertInto('backup_schedules')
          .values({
            id,
            tenant_id: ours,
            system_id: system,
            name: name('schedule'),
            backup_type: 'full',
            is_active: true,
            cron_expression: '0 2 * * *',
            time_zone: 'UTC',
            created_by: 'somebody',
            created_at: at,
            changed_at: at,
          })
          .execute(),
      )
    },
    run: async () => (await pending()).runId,
    event: async () => {
      const { recordSystemEvent } = await import('#service/audit/audit.ts')
      let id = ''
      await house.catalog.as(everything, async (tx) => {
        id = (await recordSystemEvent(tx, house, { action: 'backup.completed', tenantId: ours })).event.id
      })
      return id
    },
    person: async () => (await testPerson(here.service, name('person'), [{ role: 'VIEWER', tenantId: ours }])).id,
    grantOf: async (person) =>
      await house.catalog.as(
        everything,
        async (tx) => (await tx.selectFrom('role_grants').select('id').where('user_id', '=', person).executeTakeFirstOrThrow()).id,
      ),
    keyOf: (person) =>
      write((tx, { id, at }) =>
        tx
          .insertInto('api_keys')
          .values({
            id,
            user_id: person,
            name: name('key'),
            token_hash: Buffer.from(house.random.bytes(32)),
            permissions: ['jobs.read'],
            created_at: at,
            expires_at: new Date(at.getTime() + 86_400_000),
          })
          .execute(),
      ),
    plan: async () => {
      const { status, json, text } = await here.ask('POST', '/api/v1/restore/preview', { token, body: { backupId: await world.backup() } })
      assert.equal(status, 202, text)
      return json.planId as string
    },
    restore: async (status = 'completed') => {
      const backup = await world.backup()
      return await write(async (tx, { id, at }) => {
        const { system_id: system } = await tx.selectFrom('backups').select('system_id').where('id', '=', backup).executeTakeFirstOrThrow()
        await tx
          .insertInto('restore_operations')
          .values({
            id,
            tenant_id: ours,
            system_id: system,
            system_name: 'system-of-ours',
            backup_id: backup,
            kind: 'restore',
            status,
            restored_by: 'somebody',
            created_at: at,
            reason: 'a test',
            ...(status === 'completed' && { started_at: at, completed_at: at, undo_until: new Date(at.getTime() + 86_400_000) }),
          })
          .execute()
      })
    },
    drill: async () => {
      const { status, json, text } = await here.ask('POST', '/api/v1/drills', { token, body: { backupId: await world.backup() } })
      assert.equal(status, 202, text)
      return json.drillId as string
    },
    alert: async () => {
      const concerns = house.random.uuid()
      await house.catalog.as(everything, (tx) =>
        raiseAlert(house, tx, { kind: 'backup-gaps', tenantId: ours, concerns, fact: 'something is not there', hint: 'Look for it.' }),
      )
      return await house.catalog.as(
        everything,
        async (tx) =>
          (await tx.selectFrom('alerts').select('id').where('key', '=', `backup-gaps:${concerns}`).executeTakeFirstOrThrow()).id,
      )
    },
    channel: async () => {
      const body = { tenantId: ours, kind: 'slack', name: name('channel'), settings: {}, secrets: { url: 'http://127.0.0.1:1/hook' } }
      const { status, json, text } = await here.ask('POST', '/api/v1/notices/channels', { token, body })
      assert.equal(status, 201, text)
      return json.id as string
    },
    certificate: async () => {
      const backup = await world.backup()
      return await write((tx, { id, at }) =>
        tx
          .insertInto('deletion_certificates')
          .values({
            id,
            tenant_id: ours,
            backup_id: backup,
            backup_name: name('backup'),
            system_name: 'emr',
            removed_at: at,
            document: '{}',
          })
          .execute(),
      )
    },
    hold: async () => {
      const backup = await world.backup()
      return await write((tx, { id, at }) =>
        tx
          .insertInto('legal_holds')
          .values({ id, tenant_id: ours, backup_id: backup, reason: 'a claim', reference: 'A-12', placed_at: at, placed_by: 'somebody' })
          .execute(),
      )
    },
    tenant: () => testTenant(here.service, name('tenant')),
  }
  return world
}
