import { InvalidArgumentError, type Command } from 'commander'
import { Fault } from '#base/fault.ts'
import type { Client } from '#contract/client.ts'
import { people, type Person } from '#contract/people.ts'
import { roles, type Role } from '#contract/permissions.ts'
import { tenants } from '#contract/tenants.ts'
import type { CommandContext } from '#cli/command.ts'
import { clientFor } from '#cli/online/connection.ts'
import { withServer, type ServerOptions } from '#cli/server.ts'
import { wholeNumber } from '#cli/options.ts'

interface ListOptions extends ServerOptions {
  readonly search?: string
  readonly page: number
}

interface RoleOption {
  readonly role: Role
  /** Everywhere without one. */
  readonly tenant: string | undefined
}

interface CreateOptions extends ServerOptions {
  readonly title: string
  readonly email?: string
  readonly role: readonly RoleOption[]
}

export function addPeople(program: Command, context: CommandContext): void {
  const group = program.command('people').description('accounts of a service and what they may do')
  withServer(group.command('list'))
    .description('accounts, by name')
    .option('--search <text>', 'only those with this in name, title or address')
    .option('--page <number>', 'which page of 25', wholeNumber(1, 1_000_000), 1)
    .option('--json', 'end with one line of JSON on stdout')
    .action((options: ListOptions) => list(options, context))
  withServer(group.command('create'))
    .description('a new account; prints a link that sets its password, once')
    .argument('<name>', 'what they type to sign in')
    .requiredOption('--title <text>', 'who that is, as signatures show it')
    .option('--email <address>')
    .option('--role <role[:tenant]>', `${roles.join(', ')}; in a tenant or everywhere; repeatable`, collectRole, [])
    .option('--json', 'end with one line of JSON on stdout')
    .action((name: string, options: CreateOptions) => create(name, options, context))
  withServer(group.command('retire'))
    .description('close an account for good; its sessions and keys end')
    .argument('<name>', 'of the account')
    .requiredOption('--reason <text>', 'why, for the trail')
    .option('--json', 'end with one line of JSON on stdout')
    .action((name: string, options: ServerOptions & { readonly reason: string }) => retire(name, options, context))
}

function collectRole(text: string, before: readonly RoleOption[]): readonly RoleOption[] {
  const [role, tenant] = text.split(':')
  const known = roles.find((one) => one === role)
  if (known === undefined) throw new InvalidArgumentError(`a role is one of ${roles.join(', ')}`)
  return [...before, { role: known, tenant }]
}

async function list(options: ListOptions, { output, signal }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  const { search, page } = options
  const found = await client.call(people.list, { query: { page, ...(search !== undefined && { search }) }, signal })
  for (const person of found.rows) output.line(`${person.name.padEnd(20)}  ${person.title.padEnd(30)}  ${rolesOf(person)}`)
  output.result({ status: 'completed', ...found })
}

function rolesOf({ grants, hasFurtherRoles }: Person): string {
  const named = [...new Set(grants.map(({ role, tenantId }) => (tenantId === null ? `${role} everywhere` : role)))]
  return [...named, ...(hasFurtherRoles ? ['and in other tenants'] : [])].join(', ') || 'no role'
}

async function create(name: string, options: CreateOptions, { output, signal }: CommandContext): Promise<void> {
  const client = await clientFor(options)
  const { title, email, role } = options
  const grants = await Promise.all(role.map(async (one) => ({ role: one.role, tenantId: await tenantId(client, one.tenant, signal) })))
  const body = { name, title, grants, ...(email !== undefined && { email }) }
  const { person, passwordLink } = await client.call(people.create, { body, signal })
  output.line(`${person.name} (${person.title}): ${rolesOf(person)}`)
  if (passwordLink) output.line(`The password is set here, once, until ${passwordLink.expiresAt}: ${passwordLink.link}`)
  output.result({ status: 'completed', person, passwordLink })
}

async function tenantId(client: Client, name: string | undefined, signal: AbortSignal): Promise<string | null> {
  if (name === undefined) return null
  const { rows } = await client.call(tenants.list, { query: { pageSize: 200 }, signal })
  const found = rows.find((tenant) => tenant.name === name)
  if (!found) throw new Fault('NOT_FOUND', `there is no tenant ${name}`, { name })
  return found.id
}

async function retire(
  name: string,
  options: ServerOptions & { readonly reason: string },
  { output, signal }: CommandContext,
): Promise<void> {
  const client = await clientFor(options)
  const { rows } = await client.call(people.list, { query: { search: name, pageSize: 200 }, signal })
  const person = rows.find((one) => one.name.toLowerCase() === name.toLowerCase())
  if (!person) throw new Fault('NOT_FOUND', `there is no open account ${name}`, { name })
  await client.call(people.retire, { params: { id: person.id }, body: { reason: options.reason }, signal })
  output.line(`${person.name} is closed.`)
  output.result({ status: 'completed', person: person.id })
}
