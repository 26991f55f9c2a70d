import { z } from 'zod'
import { unreachable } from '#base/unreachable.ts'
import { lockedBackup } from '#service/backups/backups.ts'
import { untrustedBackups } from '#service/backups/removal.store.ts'
import { assertNotKept, noteNotRemoved, noteRemoved } from '#service/backups/removal.ts'
import { within } from '#service/catalog/scope.ts'
import { jobKind } from '#service/jobs/job-kind.ts'
import { removeOutputSchema, type work } from '#service/jobs/work/remove.work.ts'
import { assertStillGoes } from '#service/retention/guard.ts'
import { knownRepository, repositorySecrets } from '#service/repositories/repositories.ts'

/** Removes a deleted backup whose grace period is over, if it may still go. */
export const removeKind = jobKind<Record<string, never>, typeof work>({
  name: 'remove',
  order: z.strictObject({}),
  output: removeOutputSchema,
  work: new URL('../work/remove.work.ts', import.meta.url),
  prepare: async (house, { subjectId, repositoryId, tenantId }) => {
    return await house.catalog.as(within(tenantId), async (tx) => {
      // With the row locked: whoever holds it by now was here before, and whoever comes later is told that it is too late.
      const backup = await lockedBackup(tx, subjectId!)
      assertNotKept(backup)
      await assertStillGoes(house, tx, backup)
      const repository = repositorySecrets(house, await knownRepository(tx, repositoryId!))
      return { input: { id: backup.id, repository, untrusted: await untrustedBackups(tx, repositoryId!) } }
    })
  },
  // What must stay is no failure: it stands with the backup and in the trail.
  tellsItself: ({ code }) => code.startsWith('RETENTION_') || code === 'BACKUP_KEPT',
  settle: async (house, tx, { id: runId, subjectId }, outcome) => {
    switch (outcome.kind) {
      case 'completed':
        return await noteRemoved(house, tx, { id: subjectId!, runId, forgotten: outcome.output.forgotten })
      case 'failed':
        return await noteNotRemoved(house, tx, { id: subjectId!, runId, fault: outcome.fault })
      case 'cancelled':
        return await noteNotRemoved(house, tx, {
          id: subjectId!,
          runId,
          fault: { code: 'CANCELLED', fact: `cancelled by ${outcome.by}`, hint: 'It is tried again.' },
        })
      default:
        return unreachable(outcome)
    }
  },
})
