import { z } from 'zod'
import { Fault } from '#base/fault.ts'
import { quoteName, sqlStateOf, type Connection } from './connection.ts'

const role = z.string().min(1)

/** What stands for a role that the backup names: it exists, is created without login or password, or is another one. */
export const roleChoiceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('exists'), role }),
  z.object({ kind: z.literal('create'), role }),
  z.object({ kind: z.literal('map'), role, to: role }),
])
export type RoleChoice = z.infer<typeof roleChoiceSchema>

/**
 * One choice for each role that is needed, in the same order (SAFETY rule 23). A role that the server has needs none, yet
 * may be mapped. Fault: RESTORE_ROLE_MISSING, which names every role that is neither there nor chosen for.
 */
export function chooseRoles(needed: readonly string[], present: readonly string[], choices: readonly RoleChoice[]): RoleChoice[] {
  const there = new Set(present)
  const chosen = new Map(choices.map((choice) => [choice.role, choice]))
  const missing: string[] = []
  const complete = needed.map((name): RoleChoice => {
    const choice = chosen.get(name)
    if (choice?.kind === 'map') {
      if (!there.has(choice.to)) missing.push(choice.to)
      return choice
    }
    // Created meanwhile is as good as created by us, and is not ours to drop.
    if (there.has(name)) return { kind: 'exists', role: name }
    if (choice?.kind !== 'create' || name.startsWith('pg_')) missing.push(name)
    return { kind: 'create', role: name }
  })
  if (missing.length === 0) return complete
  const names = [...new Set(missing)].join(', ')
  throw new Fault('RESTORE_ROLE_MISSING', `the server has no role ${names}, and the plan chooses none`, { roles: names })
}

/** What a role of the backup is called in the target. */
export function roleNames(choices: readonly RoleChoice[]): (role: string) => string {
  const mapped = new Map(choices.map((choice) => [choice.role, choice.kind === 'map' ? choice.to : choice.role]))
  return (name) => mapped.get(name) ?? name
}

export async function presentRoles(connection: Connection): Promise<string[]> {
  return (await connection.query<{ name: string }>('select rolname as name from pg_catalog.pg_roles')).map((row) => row.name)
}

/** Creates those chosen to be created; returns them, so that a staging that is given up can take them away again. */
export async function createRoles(connection: Connection, choices: readonly RoleChoice[]): Promise<string[]> {
  const created: string[] = []
  for (const choice of choices) {
    if (choice.kind !== 'create') continue
    // Never with a password: nobody can log in until an administrator says so.
    await connection.query(`create role ${quoteName(choice.role)} nologin`)
    created.push(choice.role)
  }
  return created
}

/** Drops roles that this staging made, unless something has come to depend on them: then they are returned. */
export async function dropRoles(connection: Connection, created: readonly string[]): Promise<string[]> {
  const kept: string[] = []
  for (const name of created) {
    try {
      await connection.query(`drop role if exists ${quoteName(name)}`)
    } catch (error) {
      if (sqlStateOf(error) !== '2BP01') throw error
      kept.push(name)
    }
  }
  return kept
}
