import path from 'node:path'
import type { z } from 'zod'
import { parse } from '#base/parse.ts'
import { selectionSchema } from '#base/selection.ts'
import { judgeBackup } from '#service/anomalies/anomalies.ts'
import { noteBackupBegun, noteBackupEnd } from '#service/backups/backup-end.ts'
import { backupJobOrderSchema } from '#service/backups/backup-order.ts'
import { knownBackup, selectionUse } from '#service/backups/backups.ts'
import { updateBackup } from '#service/backups/backups.store.ts'
import { storedFactsSchema } from '#service/backups/summary.ts'
import { within } from '#service/catalog/scope.ts'
import { jobKind } from '#service/jobs/job-kind.ts'
import type { work } from '#service/jobs/work/backup.work.ts'
import { knownRepository, repositorySecrets } from '#service/repositories/repositories.ts'
import { noteScheduledEnd } from '#service/schedules/schedules.ts'
import { assertRoom } from '#service/space/space.ts'
import { knownSystem, systemSources } from '#service/systems/systems.ts'

/** Makes the backup whose row is there since somebody asked for it. */
export const backupKind = jobKind<z.infer<typeof backupJobOrderSchema>, typeof work>({
  name: 'backup',
  order: backupJobOrderSchema,
  output: storedFactsSchema,
  work: new URL('../work/backup.work.ts', import.meta.url),
  begin: (_house, tx, { subjectId }) => noteBackupBegun(tx, subjectId!),
  prepare: async (house, { subjectId, systemId, repositoryId, tenantId, order, attempt }) => {
    const { system, sources, repository, sealed } = await house.catalog.as(within(tenantId), async (tx) => {
      const row = await knownSystem(tx, systemId!)
      return {
        system: row,
        sources: await systemSources(house, tx, row),
        repository: await knownRepository(tx, repositoryId!),
        sealed: (await knownBackup(tx, subjectId!)).selection_sealed,
      }
    })
    // What an earlier attempt has stored is not asked for twice.
    if (attempt === 1) await assertRoom(house, { tenantId, systemId: system.id, type: order.type, repository })
    const { databases, roots, settings, databasePasswords } = sources
    const exclude = { ...settings.exclude }
    for (const [root, patterns] of Object.entries(order.exclusions)) exclude[root] = [...(exclude[root] ?? []), ...patterns]
    return {
      input: {
        id: subjectId!,
        system: system.name,
        name: order.name,
        description: order.description,
        repository: repositorySecrets(house, repository),
        // The masks themselves say which files go along.
        databases: order.type === 'files' && !order.isMasked ? [] : databases,
        roots: order.type === 'database' && !order.isMasked ? [] : roots,
        settings: { ...settings, exclude },
        compressionLevel: order.compressionLevel,
        isMasked: order.isMasked,
        cacheDirectory: path.join(house.config.dataDirectory, 'cache'),
        selection: sealed ? parse(selectionSchema, house.sealing.unseal(sealed, selectionUse(subjectId!)), 'the selection') : undefined,
      },
      databasePasswords,
    }
  },
  statusOf: ({ gapCount }) => (gapCount > 0 ? 'completed_with_gaps' : 'completed'),
  tellsItself: () => true,
  settle: async (house, tx, { subjectId, repositoryId }, outcome) => {
    const end =
      outcome.kind === 'completed'
        ? ({ kind: 'completed', facts: outcome.output, place: (await knownRepository(tx, repositoryId!)).place } as const)
        : outcome
    const row = await noteBackupEnd(house, tx, { id: subjectId!, end })
    await updateBackup(tx, subjectId!, { selection_sealed: null })
    await noteScheduledEnd(house, tx, row)
    if (end.kind === 'completed') await judgeBackup(house, tx, row.id)
  },
})
