import type { Endpoint } from './endpoint.ts'
import { repositories } from './repositories.ts'
import { service } from './service.ts'

/** THE LIST: every endpoint there is, by capability. The service serves them all, and a test says so. */
export const contract = { service, repositories } as const satisfies Readonly<Record<string, Readonly<Record<string, Endpoint>>>>

export const endpoints: readonly Endpoint[] = Object.values(contract).flatMap((capability) => Object.values<Endpoint>(capability))
