import { defaultSettings, type SystemSettings } from '#base/settings.ts'
import { durations } from '#base/units.ts'
import { everything, type Tx } from '#service/catalog/scope.ts'
import type { House } from '#service/house.ts'
import { claimRun, endRun } from '#service/jobs/attempt.store.ts'
import { knownRun } from '#service/jobs/job-kind.ts'
import { backupKind } from '#service/jobs/kinds/backup.ts'

/** A tenant with a system that has a database and files, and a repository: rows alone, for what needs no bytes. */
export async function scheduledSystem(
  house: House,
  {
    name = 'emr',
    settings = defaultSettings,
    hasFiles = true,
  }: { readonly name?: string; readonly settings?: SystemSettings; readonly hasFiles?: boolean } = {},
): Promise<{ readonly tenant: string; readonly system: string }> {
  const [tenant, repository, system] = [house.random.uuid(), house.random.uuid(), house.random.uuid()]
  const now = house.clock.now()
  await house.catalog.as(everything, async (tx) => {
    await tx
      .insertInto('tenants')
      .values({ id: tenant, name: `${name}-clinic`, title: `Clinic of ${name}`, created_at: now })
      .execute()
    await tx
      .insertInto('repositories')
      .values({
        id: repository,
        tenant_id: tenant,
        name: 'main',
        place: 'local:/nowhere',
        repository_id: Buffer.from(house.random.bytes(32)).toString('hex'),
        password_sealed: Buffer.alloc(1),
        created_at: now,
        changed_at: now,
      })
      .execute()
    await tx
      .insertInto('systems')
      .values({
        id: system,
        tenant_id: tenant,
        name,
        title: name.toUpperCase(),
        repository_id: repository,
        databases: JSON.stringify([{ name: 'emr', url: 'postgresql://u@/emr' }]),
        roots: JSON.stringify(hasFiles ? [{ name: 'uploads', path: '/nowhere/uploads' }] : []),
        settings: JSON.stringify(settings),
        created_at: now,
        changed_at: now,
      })
      .execute()
  })
  return { tenant, system }
}

export interface MadeBackup {
  readonly newBytes?: number
  readonly logicalBytes?: number
  readonly durationMs?: number
}

/** Does for each backup that waits what its worker would write about it, but without bytes. Returns how many. */
export async function completeWaiting(house: House, made: MadeBackup = {}): Promise<number> {
  return await house.catalog.as(everything, async (tx) => {
    const waiting = await tx
      .selectFrom('runs')
      .select('id')
      .where('kind', '=', 'backup')
      .where('status', '=', 'pending')
      .orderBy('created_at')
      .execute()
    for (const { id } of waiting) await complete(house, tx, { id, made })
    return waiting.length
  })
}

async function complete(house: House, tx: Tx, { id, made }: { readonly id: string; readonly made: MadeBackup }): Promise<void> {
  const { newBytes = 1_000, logicalBytes = 100_000, durationMs = durations.minute } = made
  const at = house.clock.now()
  const row = (await claimRun(tx, id, { worker: 'a test', at: new Date(at.getTime() - durationMs) }))!
  const run = knownRun(backupKind, row)
  await backupKind.begin!(house, tx, run)
  const output = {
    snapshot: id.replaceAll('-', ''),
    checksum: id.replaceAll('-', ''),
    logicalBytes,
    storedBytes: newBytes,
    compressionRatio: null,
    gapCount: 0,
    metadata: {},
  }
  await endRun(tx, row, { status: 'completed', fault: null, output, at })
  await backupKind.settle(house, tx, run, { kind: 'completed', output })
}
