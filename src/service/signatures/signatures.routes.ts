import type { FastifyInstance } from 'fastify'
import { signatures } from '#contract/signatures.ts'
import { boundsOf } from '#service/catalog/page.ts'
import { serve } from '#service/http/gate.ts'
import type { House } from '#service/house.ts'
import { listSignatures } from './signatures.store.ts'

export function addSignatures(app: FastifyInstance, house: House): void {
  serve(app, house, signatures.list, async ({ query, read }) => {
    const { page, pageSize, subjectId } = query
    return { ...(await read((tx) => listSignatures(tx, { subjectId, ...boundsOf(query) }))), page, pageSize }
  })
}
