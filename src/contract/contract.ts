import { adminAliases } from './admin-aliases.ts'
import { alerts } from './alerts.ts'
import { audit } from './audit.ts'
import { backupContent } from './backup-content.ts'
import { backups } from './backups.ts'
import { drills } from './drills.ts'
import { channels } from './channels.ts'
import type { Endpoint } from './endpoint.ts'
import { health } from './health.ts'
import { events } from './events.ts'
import { history } from './history.ts'
import { holds } from './holds.ts'
import { jobs } from './jobs.ts'
import { keys } from './keys.ts'
import { masks } from './masks.ts'
import { me } from './me.ts'
import { noticeSettings } from './notice-settings.ts'
import { people } from './people.ts'
import { settings } from './settings.ts'
import { tenants } from './tenants.ts'
import { repositories } from './repositories.ts'
import { records } from './records.ts'
import { retention } from './retention.ts'
import { restores } from './restores.ts'
import { schedules } from './schedules.ts'
import { space } from './space.ts'
import { service } from './service.ts'
import { signatures } from './signatures.ts'
import { signIn } from './sign-in.ts'
import { systems } from './systems.ts'
import { verification } from './verification.ts'

/** THE LIST: every endpoint there is, by capability. The service serves them all, and a test says so. */
export const contract = {
  service,
  signIn,
  me,
  keys,
  people,
  tenants,
  settings,
  signatures,
  events,
  audit,
  repositories,
  systems,
  jobs,
  backups,
  backupContent,
  history,
  restores,
  records,
  masks,
  schedules,
  drills,
  alerts,
  channels,
  noticeSettings,
  retention,
  holds,
  health,
  space,
  verification,
  adminAliases,
} as const satisfies Readonly<Record<string, Readonly<Record<string, Endpoint>>>>

export const endpoints: readonly Endpoint[] = Object.values(contract).flatMap((capability) => Object.values<Endpoint>(capability))
