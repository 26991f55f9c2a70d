import { generateSync } from 'otplib'
import { systemClock } from '#base/clock.ts'
import { Fault } from '#base/fault.ts'
import { backups } from '#contract/backups.ts'
import { clientOf, type Client } from '#contract/client.ts'
import { jobs, type Job } from '#contract/jobs.ts'
import { me } from '#contract/me.ts'
import { people } from '#contract/people.ts'
import type { Role } from '#contract/permissions.ts'
import { repositories } from '#contract/repositories.ts'
import { schedules } from '#contract/schedules.ts'
import { signIn } from '#contract/sign-in.ts'
import { signingPolicy } from '#contract/signing-policy.ts'
import { systems } from '#contract/systems.ts'

/** Somebody of the demonstration's clinic, and how they sign in. */
export interface DemoPerson {
  readonly name: string
  readonly title: string
  readonly role: Role
  readonly password: string
  /** Of their authenticator, in base32; without one they cannot sign. */
  readonly totpSecret?: string
}

export interface FurnishOrder {
  readonly url: string
  /** Of the link that the service printed at its first start. */
  readonly setUpToken: string
  readonly databaseUrl: string
  readonly filesRoot: string
  /** A directory that is not there yet. */
  readonly repository: string
}

export interface Furnished {
  readonly people: readonly DemoPerson[]
  readonly tenantId: string
  readonly systemId: string
  readonly repositoryId: string
  readonly backupId: string
  /** Of whoever set it up. */
  readonly token: string
}

const password = 'nine lamps over the harbour'
const staff = [
  { name: 'omar', title: 'Omar Haddad', role: 'BACKUP_OPERATOR' },
  { name: 'ruth', title: 'Ruth Lindqvist', role: 'RESTORE_APPROVER' },
  { name: 'adam', title: 'Adam Kowalski', role: 'AUDITOR' },
  { name: 'vera', title: 'Vera Okafor', role: 'VIEWER' },
] as const

/** An installation as its administrator leaves it on the first day, made through the interface that everybody has. */
export async function furnish(order: FurnishOrder): Promise<Furnished> {
  const begun = await clientOf({ url: order.url }).call(signIn.setUp, {
    body: {
      token: order.setUpToken,
      name: 'admin',
      title: 'Ada Berg',
      password,
      tenant: { name: 'harbour-clinic', title: 'Harbour Clinic' },
    },
  })
  const admin = clientOf({ url: order.url, token: begun.token })
  const totpSecret = await enrol(admin)
  const others = await Promise.all(staff.map((person) => addPerson(admin, order.url, { ...person, tenantId: begun.tenantId })))
  const { repository } = await admin.call(repositories.create, {
    body: { name: 'first-repository', place: `local:${order.repository}`, mode: 'create' },
  })
  const system = await admin.call(systems.register, {
    body: {
      name: 'demo-clinic',
      title: 'Clinical records',
      repositoryId: repository.id,
      databases: [{ name: 'clinic', url: order.databaseUrl }],
      roots: [{ name: 'documents', path: order.filesRoot }],
    },
  })
  await admin.call(schedules.defaults, { body: { systemId: system.id } })
  const { backupId, runId } = await admin.call(backups.create, { body: { systemId: system.id, type: 'full' } })
  await completed(admin, runId)
  return {
    people: [{ name: 'admin', title: 'Ada Berg', role: 'SYSTEM_ADMIN', password, totpSecret }, ...others],
    tenantId: begun.tenantId,
    systemId: system.id,
    repositoryId: repository.id,
    backupId,
    token: begun.token,
  }
}

/** An authenticator for whoever that client acts for, and the signing policy accepted: from now on they can sign. */
export async function enrol(client: Client): Promise<string> {
  const { secret } = await client.call(me.beginTotp, { body: { password } })
  await client.call(me.confirmTotp, { body: { code: codeAt(secret, -1) } })
  await client.call(me.acceptSigningPolicy, { body: { version: signingPolicy.version } })
  return secret
}

/** Of the present step of 30 s, or of one so many steps away: each is good once, and that of the one before suffices to enrol. */
export function codeAt(secret: string, steps = 0): string {
  return generateSync({ secret, epoch: Math.floor(systemClock.now().getTime() / 1000) + steps * 30 })
}

type StaffMember = (typeof staff)[number] & { readonly tenantId: string }

async function addPerson(admin: Client, url: string, { name, title, role, tenantId }: StaffMember): Promise<DemoPerson> {
  const { passwordLink } = await admin.call(people.create, { body: { name, title, grants: [{ role, tenantId }] } })
  const token = passwordLink?.link.split('#')[1] ?? ''
  await clientOf({ url }).call(people.usePasswordLink, { body: { token, password } })
  if (role !== 'RESTORE_APPROVER') return { name, title, role, password }
  const signedIn = await clientOf({ url }).call(signIn.password, { body: { name, password } })
  return { name, title, role, password, totpSecret: await enrol(clientOf({ url, token: signedIn.token })) }
}

/** Waits for a job to end well; anything else is a fault. */
export async function completed(client: Client, runId: string): Promise<Job> {
  for (;;) {
    const job = await client.call(jobs.read, { params: { id: runId } })
    if (job.status === 'completed') return job
    if (job.status !== 'pending' && job.status !== 'in_progress')
      throw new Fault('DATABASE_TOOL', `${job.title} ended as ${job.status}: ${job.fault?.fact ?? 'without a fault'}`)
    await systemClock.sleep(200)
  }
}
