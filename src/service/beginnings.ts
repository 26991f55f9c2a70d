import type { House } from './house.ts'
import { recoverLeft } from './restores/recover-left.ts'

/** What a slice puts right when the service starts, before it takes a job or a request. */
export type Begin = (house: House) => Promise<void>

/** THE LIST, in order. A beginning that fails keeps the service from starting. */
export const beginnings: readonly Begin[] = [recoverLeft]
