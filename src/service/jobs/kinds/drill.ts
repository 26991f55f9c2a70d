import { z } from 'zod'
import { defaultSettings } from '#base/settings.ts'
import { knownBackup } from '#service/backups/backups.ts'
import { within } from '#service/catalog/scope.ts'
import { noteDrillBegun, noteDrillEnd } from '#service/drills/drill-end.ts'
import { knownDrill } from '#service/drills/drills.ts'
import { jobKind } from '#service/jobs/job-kind.ts'
import { drillOutputSchema, type work } from '#service/jobs/work/drill.work.ts'
import { knownRepository, repositorySecrets } from '#service/repositories/repositories.ts'
import { stateDirectoryOf } from '#service/restores/restores.ts'
import { knownSystem, systemSources } from '#service/systems/systems.ts'

/** Restores a backup into a private place on the worker that has the job, and keeps the evidence. */
export const drillKind = jobKind<Record<string, never>, typeof work>({
  name: 'drill',
  order: z.strictObject({}),
  output: drillOutputSchema,
  work: new URL('../work/drill.work.ts', import.meta.url),
  begin: (_house, tx, { subjectId }) => noteDrillBegun(tx, subjectId!),
  prepare: (house, { subjectId, repositoryId, tenantId }) =>
    house.catalog.as(within(tenantId), async (tx) => {
      const backup = await knownBackup(tx, (await knownDrill(tx, subjectId!)).backup_id)
      const { settings } =
        backup.system_id === null ? { settings: defaultSettings } : await systemSources(house, tx, await knownSystem(tx, backup.system_id))
      return {
        input: {
          backup: backup.id,
          repository: repositorySecrets(house, await knownRepository(tx, repositoryId!)),
          settings,
          stateDirectory: stateDirectoryOf(house),
        },
      }
    }),
  statusOf: ({ outcome }) => (outcome === 'proven' ? 'completed' : 'completed_with_gaps'),
  tellsItself: () => true,
  settle: (house, tx, { id, subjectId }, outcome) => noteDrillEnd(house, tx, { id: subjectId!, runId: id, end: outcome }),
})
