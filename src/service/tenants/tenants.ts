import type { z } from 'zod'
import { Fault } from '#base/fault.ts'
import type { tenantSchema } from '#contract/tenants.ts'
import { isDuplicate } from '#service/catalog/catalog.ts'
import type { Tx } from '#service/catalog/scope.ts'
import { findTenant, insertTenant, lockTenant, type NewTenant, type StoredTenant } from './tenants.store.ts'

export function viewOf({ id, name, title, createdAt, retiredAt }: StoredTenant): z.infer<typeof tenantSchema> {
  return { id, name, title, createdAt: createdAt.toISOString(), retiredAt: retiredAt?.toISOString() ?? null }
}

export async function knownTenant(tx: Tx, id: string): Promise<StoredTenant> {
  return (await findTenant(tx, id)) ?? notFound(id)
}

/** One to be changed: nobody else changes it, or adds to it, until the end of the transaction. */
export async function openTenant(tx: Tx, id: string): Promise<StoredTenant> {
  const row = (await lockTenant(tx, id)) ?? notFound(id)
  return row.retiredAt === null ? row : notFound(id)
}

function notFound(id: string): never {
  throw new Fault('NOT_FOUND', `there is no tenant ${id}`, { field: 'id' })
}

export async function createTenant(tx: Tx, tenant: NewTenant): Promise<StoredTenant> {
  try {
    await insertTenant(tx, tenant)
  } catch (error) {
    throw isDuplicate(error) ? new Fault('NAME_TAKEN', `there is or was a tenant ${tenant.name}`, { field: 'name' }) : error
  }
  return await knownTenant(tx, tenant.id)
}

export function tenantInUse({ name }: StoredTenant, systems: readonly string[]): Fault {
  const named = systems.slice(0, 5).join(', ')
  return new Fault('TENANT_IN_USE', `the tenant ${name} has ${systems.length} systems: ${named}${systems.length > 5 ? ' …' : ''}`)
}
