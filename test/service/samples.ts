import type { ServiceWorld } from '#test/support/service-world.ts'

/** A request that whoever may do it can do. */
export interface Sample {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, unknown>>
  /** Of an upload, as it is. */
  readonly upload?: string
  /** What whoever is let in gets, where it is not success: the world that tests make has its limits. */
  readonly admitted?: Outcome | readonly Outcome[]
  /** It takes long: asked for once, and elsewhere seen to be let in. */
  readonly isHeavy?: boolean
  /** What a stranger with the same role elsewhere gets, where it is not that nothing is found. */
  readonly foreign?: 'empty'
}

export interface Outcome {
  readonly status: number
  readonly code?: string
}

type Make = (world: ServiceWorld) => Promise<Sample> | Sample

/** What the world makes without being told more. */
type Makeable = { [Name in keyof ServiceWorld]: ServiceWorld[Name] extends () => Promise<string> ? Name : never }[keyof ServiceWorld]

const nothing: Make = () => ({ foreign: 'empty' })
const about =
  (what: Makeable, more: Omit<Sample, 'params'> = {}): Make =>
  async (world) => ({ ...more, params: { id: await world[what]() } })

const newBackup =
  (more: Readonly<Record<string, unknown>>): Make =>
  async (world) => ({ body: { systemId: await world.system(), ...more } })

/** By somebody who has neither a password nor an authenticator. */
const signature = { password: 'wrong', totp: '000000', meaning: 'I am responsible for it' }
const signed = { confirm: 'system-of-ours', reason: 'the disk broke', signature }
const unsigned = { body: signed, admitted: { status: 409, code: 'TOTP_NEEDED' } }
const notReady = { admitted: { status: 409, code: 'PLAN_NOT_READY' } }

/** Nobody listens where its database is. */
const noDatabase = { status: 502, code: 'DATABASE_UNREACHABLE' }

/** Its repository is a row alone. */
const unreadable = { admitted: { status: 409, code: 'REPOSITORY_NOT_FOUND' } }

/** Nobody listens there. */
const channel = { settings: {}, secrets: { url: 'http://127.0.0.1:1/hook' } }

const draftOf = async (world: ServiceWorld) => ({
  repositoryId: await world.repository(),
  roots: [{ name: 'uploads', path: world.files }],
})

/** One for each endpoint of the contract, by its name. A new endpoint has a new line here, or the tests of the contract fail. */
export const samples: Readonly<Record<string, Make>> = {
  'service.health': nothing,
  'service.ready': nothing,
  'service.open-api': nothing,

  'health.summary': nothing,
  'health.systems': nothing,
  'health.system': about('system'),
  'health.history': about('system'),
  'health.metrics': nothing,
  'space.list': nothing,
  'space.days': about('repository'),

  'sign-in.set-up-state': nothing,
  'sign-in.set-up': () => ({
    body: { token: 'itu_nothing', name: 'somebody', title: 'Somebody', password: 'a good long password' },
    admitted: { status: 403, code: 'SET_UP_LINK' },
  }),
  'sign-in.password': () => ({
    body: { name: 'nobody', password: 'wrong' },
    admitted: { status: 401, code: 'SIGN_IN_REFUSED' },
    isHeavy: true,
  }),
  'sign-in.totp': () => ({ body: { code: '000000' }, admitted: { status: 401, code: 'NOT_SIGNED_IN' } }),
  'sign-in.end': nothing,
  'sign-in.ways': nothing,
  'sign-in.oidc': () => ({ admitted: { status: 404, code: 'OIDC_OFF' } }),
  'sign-in.oidc-callback': () => ({ admitted: { status: 401, code: 'OIDC_REFUSED' } }),

  'me.show': nothing,
  'me.begin-totp': () => ({ body: { password: 'wrong' }, admitted: { status: 403, code: 'REAUTHENTICATION' }, isHeavy: true }),
  'me.confirm-totp': () => ({ body: { code: '000000' }, admitted: { status: 409, code: 'TOTP_NEEDED' } }),
  'me.renew-recovery-codes': () => ({
    body: { password: 'wrong', code: '000000' },
    admitted: { status: 409, code: 'TOTP_NEEDED' },
  }),
  'me.remove-totp': () => ({
    body: { password: 'wrong', proof: { code: '000000' } },
    admitted: { status: 409, code: 'TOTP_NEEDED' },
  }),
  'me.signing-policy': nothing,
  'me.accept-signing-policy': () => ({ body: { version: 1 } }),
  'me.change-password': () => ({
    body: { currentPassword: 'wrong', newPassword: 'another good long one' },
    admitted: { status: 403, code: 'REAUTHENTICATION' },
    isHeavy: true,
  }),
  'keys.list': nothing,
  'keys.create': (world) => ({
    // Of whoever asks, not of ours.
    body: {
      name: world.name('key').replace('-of-ours', ''),
      permissions: ['jobs.read'],
      expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
    },
    // Nobody passes on what they do not have.
    admitted: [{ status: 201 }, { status: 403, code: 'FORBIDDEN' }],
  }),
  'keys.revoke': () => ({ params: { id: '00000000-0000-4000-8000-000000000000' }, admitted: { status: 404, code: 'NOT_FOUND' } }),
  'signatures.list': nothing,

  'people.list': nothing,
  'people.details': about('person'),
  'people.create': (world) => ({
    body: { name: world.name('anna'), title: 'Anna Berg', grants: [{ role: 'VIEWER', tenantId: world.ours }] },
  }),
  'people.edit': about('person', { body: { title: 'Dr. Berg' } }),
  'people.retire': about('person', { body: { reason: 'left' } }),
  'people.grant': async (world) => ({ params: { id: await world.person() }, body: { role: 'AUDITOR', tenantId: world.ours } }),
  'people.revoke': async (world) => {
    const id = await world.person()
    return { params: { id, grantId: await world.grantOf(id) } }
  },
  'people.password-link': about('person'),
  'people.use-password-link': () => ({
    body: { token: 'itp_nothing', password: 'a good long password' },
    admitted: { status: 403, code: 'PASSWORD_LINK' },
  }),
  'people.reset-totp': about('person', { body: { reason: 'lost' } }),
  'people.unlock': about('person', { body: { reason: 'asked by telephone' } }),
  'people.keys': about('person'),
  'people.revoke-key': async (world) => {
    const id = await world.person()
    return { params: { id, keyId: await world.keyOf(id) } }
  },

  'tenants.list': nothing,
  'tenants.details': about('tenant'),
  'tenants.create': (world) => ({ body: { name: world.name('tenant'), title: 'A tenant' } }),
  'tenants.edit': about('tenant', { body: { title: 'Another title' } }),
  'tenants.retire': about('tenant', { body: { reason: 'closed' } }),

  'settings.session-times': nothing,
  'settings.set-session-times': () => ({ body: { idleMinutes: 15, longestHours: 12 } }),

  'events.stream': nothing,

  'audit.list': nothing,
  'audit.details': about('event'),
  'audit.checkpoints': nothing,
  'audit.verify': () => ({ body: { withRepositories: false }, foreign: 'empty' }),
  'audit.export': nothing,
  'audit.rotate-key': () => ({ body: { reason: 'yearly' } }),

  'backups.settle-anomaly': about('backup', {
    body: { verdict: 'accepted', reason: 'it was meant' },
    admitted: { status: 409, code: 'ANOMALY_NONE' },
  }),

  'verification.show': about('repository'),
  'verification.set': about('repository', { body: { everyDays: 7 } }),

  'drills.start': async (world) => ({ body: { backupId: await world.backup() } }),
  'drills.list': nothing,
  'drills.details': about('drill'),
  'drills.report': about('drill', { admitted: { status: 409, code: 'DRILL_NO_REPORT' } }),
  'drills.trend': about('system'),
  'drills.policy': about('system'),
  'drills.set-policy': about('system', { body: { everyNthBackup: 7 } }),

  'repositories.list': nothing,
  'repositories.create': (world) => ({
    body: { tenantId: world.ours, name: world.name('made'), place: `local:${world.directory()}`, mode: 'create' },
    isHeavy: true,
  }),
  'repositories.details': about('repository'),
  'repositories.edit': async (world) => ({ params: { id: await world.repository() }, body: { name: world.name('renamed') } }),
  'repositories.retire': about('repository', { body: { reason: 'not used' } }),
  'repositories.change-password': about('repository', {
    body: { password: 'another good long one' },
    admitted: { status: 409, code: 'STORAGE_UNREACHABLE' },
  }),
  'repositories.check': about('repository', { body: { depth: 'quick' } }),

  'systems.list': nothing,
  'systems.register': async (world) => ({
    body: { tenantId: world.ours, name: world.name('emr'), title: 'EMR', ...(await draftOf(world)) },
  }),
  'systems.details': about('system'),
  'systems.edit': about('system', { body: { title: 'Another' } }),
  'systems.retire': about('system', { body: { reason: 'closed' } }),
  'systems.test': about('system', { isHeavy: true }),
  'systems.history': about('system', { body: { kind: 'patient', key: 'nobody' }, ...unreadable, isHeavy: true }),
  'systems.test-draft': async (world) => ({ body: await draftOf(world), isHeavy: true }),

  'jobs.list': nothing,
  'jobs.read': about('run'),
  'jobs.log': about('run'),
  'jobs.cancel': about('run', { body: { reason: 'not now' } }),

  'settings.oidc': nothing,
  'settings.set-oidc': () => ({
    body: { issuer: 'https://127.0.0.1:1', clientId: 'integrum', clientSecret: 'nothing' },
    admitted: { status: 502, code: 'OIDC_PROVIDER' },
  }),
  'settings.remove-oidc': nothing,

  'restores.preview': async (world) => ({ body: { backupId: await world.backup() } }),
  'restores.plan': about('plan'),
  'restores.validate': async (world) => ({ body: { backupId: await world.backup() }, isHeavy: true }),
  'restores.execute': async (world) => ({ body: { planId: await world.plan(), ...signed }, ...notReady }),
  'restores.approve': about('plan', unsigned),
  'restores.history': nothing,
  'restores.details': about('restore'),
  'restores.undo': about('restore', unsigned),
  'restores.release': about('restore', unsigned),
  'masks.scan': about('system', { body: {}, admitted: noDatabase, isHeavy: true }),
  'records.kinds': about('system', { admitted: noDatabase, isHeavy: true }),
  'records.tables': about('system', { admitted: noDatabase, isHeavy: true }),
  'records.find': about('system', { body: { kind: 'patient', key: 'A-1' }, admitted: noDatabase, isHeavy: true }),
  'records.change': about('plan', notReady),
  'records.rows': about('plan', { ...notReady, query: { schema: 'clinic', table: 'patient' } }),
  'records.files': about('plan', { ...notReady, query: { root: 'files' } }),
  'records.document': about('plan', notReady),
  'restores.cancel': async (world) => ({ params: { id: await world.restore('pending') }, body: { reason: 'not now' } }),

  'backups.estimate': newBackup({ type: 'files' }),
  'backups.tables': about('backup'),
  'backups.selection': about('backup', unreadable),
  'backups.compare': async (world) => ({ params: { id: await world.backup(), other: await world.backup() } }),
  'backups.files': about('backup', unreadable),
  'backups.download-file': about('backup', { ...unreadable, query: { path: 'files/uploads/a' } }),
  'backups.archive': about('backup', { body: { format: 'tar.zst' } }),
  'backups.download': about('backup', { admitted: { status: 202 } }),
  'backups.import': async (world) => ({ query: { systemId: await world.system() }, upload: 'no archive at all' }),
  'backups.create': newBackup({ type: 'full' }),
  'backups.list': nothing,
  'backups.calendar': () => ({ query: { from: '2026-01-01', to: '2026-12-31' }, foreign: 'empty' }),
  'backups.details': about('backup'),
  'backups.verify': about('backup', { body: { isQuick: true } }),
  'backups.cancel': async (world) => {
    return { params: { id: await world.backup({ status: 'pending' }) } }
  },
  'backups.delete': about('backup', { body: { reason: 'not needed' } }),
  'backups.undelete': async (world) => ({ params: { id: await world.backup({ isDeleted: true }) } }),

  'schedules.list': nothing,
  'schedules.details': about('schedule'),
  'schedules.create': async (world) => ({
    body: { systemId: await world.system(), name: world.name('nightly'), backupType: 'full', cronExpression: '0 2 * * *' },
  }),
  'schedules.edit': async (world) => ({
    params: { id: await world.schedule() },
    body: { name: world.name('hourly'), backupType: 'full', cronExpression: '0 * * * *' },
  }),
  'schedules.delete': about('schedule'),
  'schedules.toggle': about('schedule', { body: {} }),
  'schedules.ticks': about('schedule'),
  'schedules.proposal': about('schedule'),
  'schedules.defaults': async (world) => ({ body: { systemId: await world.system(), timeZone: 'Europe/Berlin' } }),
  'schedules.preview': () => ({ body: { cronExpression: '0 2 * * *' }, foreign: 'empty' }),

  'alerts.list': nothing,
  'alerts.details': about('alert'),
  'alerts.acknowledge': about('alert', { body: { note: 'looked at' } }),
  'alerts.settle': about('alert', { body: { note: 'it was a test' } }),

  'channels.list': nothing,
  'channels.kinds': nothing,
  'channels.create': (world) => ({ body: { tenantId: world.ours, kind: 'slack', name: world.name('channel'), ...channel } }),
  'channels.edit': async (world) => ({ params: { id: await world.channel() }, body: { name: world.name('renamed'), settings: {} } }),
  'channels.delete': about('channel'),
  'channels.test': about('channel'),
  'channels.deliveries': nothing,

  'notice-settings.repeating': nothing,
  'notice-settings.set-repeating': () => ({ body: { info: 0, warning: 24, critical: 6 } }),
  'notice-settings.ping': nothing,
  'notice-settings.set-ping': () => ({ body: { url: 'https://127.0.0.1:1/ping', everyMinutes: 5 } }),
  'notice-settings.remove-ping': nothing,
  'retention.policies': nothing,
  'retention.set': async (world) => ({
    body: { systemId: await world.system(), policy: { keep: { daily: 14, weekly: 8, monthly: 24 } }, reason: 'longer' },
  }),
  'retention.preview': async (world) => ({ body: { systemId: await world.system() } }),
  'retention.run': async (world) => ({
    body: { systemId: await world.system(), digest: 'a'.repeat(64), reason: 'now' },
    admitted: { status: 409, code: 'PLAN_STALE' },
  }),
  'retention.certificates': nothing,
  'retention.certificate': about('certificate'),
  'retention.clock': nothing,
  'retention.accept-clock': () => ({
    body: { reason: 'the clinic was closed', signature },
    admitted: { status: 409, code: 'TOTP_NEEDED' },
  }),
  'settings.removal-grace': nothing,
  'settings.set-removal-grace': () => ({ body: { days: 7 } }),
  'holds.list': nothing,
  'holds.details': about('hold'),
  'holds.held': nothing,
  'holds.place': async (world) => ({ body: { backupId: await world.backup(), reason: 'a claim', reference: 'A-12' } }),
  'holds.release': about('hold', { body: { reason: 'settled', signature }, admitted: { status: 409, code: 'TOTP_NEEDED' } }),

  'admin.create-database-backup': newBackup({}),
  'admin.create-files-backup': newBackup({}),
  'admin.create-full-backup': newBackup({}),
  'admin.list-backups': nothing,
  'admin.preview-restore': async (world) => ({ body: { backupId: await world.backup() } }),
  'admin.execute-restore': async (world) => ({ body: { planId: await world.plan(), ...signed }, ...notReady }),
  'admin.download-backup': about('backup', { admitted: { status: 202 } }),
  'admin.verify-backup': about('backup', { body: { isQuick: true } }),
}
