import { Fault } from '#base/fault.ts'
import type { Scope, Tx } from '#service/catalog/scope.ts'
import { tenantsIn } from './tenants.store.ts'

/**
 * In which tenant a new thing is made: the one that was named, else the only one where the caller may make it. One that is
 * retired or that is not theirs is not found.
 */
export async function tenantFor(tx: Tx, scope: Scope, given: string | undefined): Promise<string> {
  const known = (await tenantsIn(tx, scope)).map(({ id }) => id)
  if (given !== undefined) {
    if (known.includes(given)) return given
    throw new Fault('NOT_FOUND', `there is no tenant ${given}`, { field: 'tenantId' })
  }
  const [only, another] = known
  if (only !== undefined && another === undefined) return only
  const fact = only === undefined ? 'there is no tenant yet' : 'the tenant is not named, and there are several'
  throw new Fault('INPUT_INVALID', fact, { field: 'tenantId' })
}
