import { lockRoot } from '#host/flock.ts'
import { lockDatabase, type TargetLock } from '#engine/sources/postgres/target-lock.ts'
import type { DatabaseRecord } from '#engine/sources/postgres/database-record.ts'
import type { RootRecord } from '#engine/sources/files/root-record.ts'

/** One place for the whole machine, whatever state directory a command uses. */
const lockDirectory = '/run/lock/integrum'

export interface TargetLocks extends AsyncDisposable {
  /** TARGET_BUSY when a claim was lost meanwhile, as by a restart of the server. */
  confirm(): Promise<void>
}

export interface Targets {
  readonly databases: readonly { readonly record: Pick<DatabaseRecord, 'live' | 'liveOid'> }[]
  readonly roots: readonly { readonly record: Pick<RootRecord, 'path'> }[]
}

/** SAFETY rule 2: one job at a time per target, on this machine and on any other. */
export async function lockTargets({ databases, roots }: Targets, signal?: AbortSignal): Promise<TargetLocks> {
  await using opened = new AsyncDisposableStack()
  for (const { record } of roots) opened.use(await lockRoot(record.path, lockDirectory))
  const locks: TargetLock[] = []
  for (const { record } of databases) locks.push(opened.use(await lockDatabase(record.live, record.liveOid, signal)))
  const held = opened.move()
  return {
    confirm: async () => {
      for (const lock of locks) await lock.confirm()
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}
