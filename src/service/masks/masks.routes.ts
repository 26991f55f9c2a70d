import type { FastifyInstance } from 'fastify'
import { durations } from '#base/units.ts'
import { masks } from '#contract/masks.ts'
import type { House } from '#service/house.ts'
import { serve } from '#service/http/gate.ts'
import { answeredWork } from '#service/jobs/answered-work.ts'
import type { MasksScanInput } from '#service/jobs/work/masks-scan.work.ts'
import { answerOf } from '#service/records/live-records.ts'
import { activeSystem, systemSources } from '#service/systems/systems.ts'

const scanFile = new URL('../jobs/work/masks-scan.work.ts', import.meta.url)
const answerMsMax = 3 * durations.minute

/** Who let rows be looked at is written down, with how much was found and no value. */
export function addMasks(app: FastifyInstance, house: House): void {
  serve(app, house, masks.scan, async ({ params, signal, read, act }) => {
    const { system, sources } = await read(async (tx) => {
      const row = await activeSystem(tx, params.id)
      return { system: row, sources: await systemSources(house, tx, row) }
    })
    const input: MasksScanInput = { databases: sources.databases, settings: sources.settings }
    const prepared = { input, databasePasswords: sources.databasePasswords }
    const { end, isLate } = await answeredWork(house, { work: scanFile, prepared, msMax: answerMsMax }, signal)
    const reply = masks.scan.reply.parse(answerOf(end, isLate))
    const findings = reply.databases.flatMap((one) => one.findings)
    return await act(async () => ({
      reply,
      tenantId: system.tenant_id,
      subject: { kind: 'system', id: system.id, name: system.name },
      facts: { findings: findings.length, notMasked: findings.filter(({ isMasked }) => !isMasked).length },
    }))
  })
}
