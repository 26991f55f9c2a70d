import scalar from '@scalar/fastify-api-reference'
import type { FastifyInstance } from 'fastify'
import { endpoints } from '#contract/contract.ts'
import { service } from '#contract/service.ts'
import type { House } from '#service/house.ts'
import { productVersion } from '#host/version.ts'
import { serve } from './gate.ts'
import { openApiOf } from './openapi.ts'
import { readyParts } from './readiness.ts'

export function addService(app: FastifyInstance, house: House): void {
  const document = openApiOf(endpoints)
  serve(app, house, service.health, async () => ({ status: 'ok' as const, version: productVersion() }))
  serve(app, house, service.ready, async () => ({ status: 'ready' as const, parts: await readyParts(house) }))
  serve(app, house, service.openApi, async () => document)
  void app.register(async (docs) => {
    // Its page brings its own script, written inline, and styles: it alone has a policy of its own.
    docs.addHook('onSend', async (_request, reply) => {
      reply.header(
        'content-security-policy',
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; worker-src blob:; frame-ancestors 'none'",
      )
    })
    await docs.register(scalar, { routePrefix: '/docs', configuration: { url: '/api/v1/openapi.json', withDefaultFonts: false } })
  })
}
