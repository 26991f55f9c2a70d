import { Fault } from '#base/fault.ts'
import type { Client } from '#contract/client.ts'
import { systems, type SystemView } from '#contract/systems.ts'

/** The registered system of that name. SYSTEM_NOT_FOUND when there is none that this login sees. */
export async function systemNamed(client: Client, name: string, signal: AbortSignal): Promise<SystemView> {
  const { rows } = await client.call(systems.list, { query: { search: name, pageSize: 200 }, signal })
  const found = rows.filter((system) => system.name === name)
  if (found.length === 1) return found[0]!
  const fact =
    found.length === 0 ? `no system named ${name} is registered` : `${found.length} systems are named ${name}, in several tenants`
  throw new Fault('SYSTEM_NOT_FOUND', fact, { name })
}
