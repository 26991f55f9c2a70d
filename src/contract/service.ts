import { z } from 'zod'
import { endpoint } from './endpoint.ts'

/** About the service itself. */
export const service = {
  health: endpoint({
    name: 'service.health',
    method: 'GET',
    path: '/healthz',
    summary: 'the process answers',
    permission: 'open',
    reply: z.object({ status: z.literal('ok'), version: z.string() }),
  }),
  ready: endpoint({
    name: 'service.ready',
    method: 'GET',
    path: '/readyz',
    summary: 'the catalog answers, the sealing key is its own, and jobs are taken',
    description: 'Otherwise 503, with the part that is not ready and why.',
    permission: 'open',
    reply: z.object({ status: z.literal('ready'), parts: z.array(z.string()) }),
  }),
  openApi: endpoint({
    name: 'service.open-api',
    method: 'GET',
    path: '/api/v1/openapi.json',
    summary: 'this interface as OpenAPI 3.1',
    permission: 'open',
    reply: z.record(z.string(), z.unknown()),
  }),
} as const
