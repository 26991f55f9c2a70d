import { endpoints } from '#contract/contract.ts'
import type { Endpoint } from '#contract/endpoint.ts'
import { installationPermissions, mayRole, permissionMatrix, roles, type Permission } from '#contract/permissions.ts'

// `node tools/permission-page.ts > docs/api/permissions.md` prints who may do what; a test holds the page in step.

/** Each permission with its roles, then each endpoint with what it takes. */
export function permissionPage(): string {
  const permissions = Object.keys(permissionMatrix) as Permission[]
  const cells = permissions.map((permission) => {
    const marks = roles.map((role) => (mayRole(role, permission) ? 'yes' : ''))
    return `| \`${permission}\` | ${marks.join(' | ')} | ${installationPermissions.includes(permission) ? 'the installation' : 'a tenant, or all'} |`
  })
  return `# Who may do what

Printed from [the matrix](../../src/contract/permissions.ts) and the contract that the service itself runs by; a test asks every endpoint as
every role, in its own tenant, in another, and everywhere, and compares.

A role is held in one tenant or in the whole installation. Somebody without the permission gets 403, somebody signed out 401. What belongs
to a tenant where they do not have it is not found: 404, or it is not in the list. Every refusal is an event in [the trail](../guide/audit.md).
An API key has a part of what its owner may do.

| permission | ${roles.join(' | ')} | held in |
| --- | ${roles.map(() => '---').join(' | ')} | --- |
${cells.join('\n')}

## By endpoint

"Trail": the act is written down in the transaction that does it; a refusal is in any case.

| endpoint | name | takes | trail |
| --- | --- | --- | --- |
${endpoints.map(rowOf).join('\n')}
`
}

function rowOf({ method, path, name, permission, isAudited, isForSessions }: Endpoint): string {
  const special = { open: 'nothing', 'signed-in': 'to be signed in' } as const
  const takes = permission === 'open' || permission === 'signed-in' ? special[permission] : `\`${permission}\``
  return `| \`${method} ${path}\` | \`${name}\` | ${takes}${isForSessions ? ', no key' : ''} | ${isAudited ? 'yes' : ''} |`
}

if (import.meta.main) process.stdout.write(permissionPage())
