import type { FastifyInstance } from 'fastify'
import { history } from '#contract/history.ts'
import { noModel } from '#engine/entities/entity-model.ts'
import type { House } from '#service/house.ts'
import { serve } from '#service/http/gate.ts'
import { knownRepository, repositorySecrets } from '#service/repositories/repositories.ts'
import { knownSystem } from '#service/systems/systems.ts'
import { readHistory } from './history.ts'

export function addHistory(app: FastifyInstance, house: House): void {
  serve(app, house, history.read, async ({ params, body, read, act, signal }) => {
    const { system, repository } = await read(async (tx) => {
      const found = await knownSystem(tx, params.id)
      return { system: found, repository: await knownRepository(tx, found.repository_id) }
    })
    const { kind, key, database, tables, fields, since, until, rowsMax } = body
    // Before anything is read: that somebody looked stands in the trail whatever comes of it.
    await act(async () => ({
      reply: undefined,
      tenantId: system.tenant_id,
      subject: { kind: 'system', id: system.id, name: system.name },
      // Keys name patients: whoever has the sealing key can tell whether it was a given one.
      facts: { kind, keyDigest: house.sealing.digest(key, 'record-key'), tables, fields: fields ?? [] },
    }))
    const settings = system.settings.entities ?? noModel
    const order = { kind, key, system: system.name, source: database, settings, since, until }
    return await readHistory(
      house,
      { repository: repositorySecrets(house, repository), order, choice: { tables, fields, rowsMax } },
      signal,
    )
  })
}
