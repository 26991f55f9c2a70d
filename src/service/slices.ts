import type { FastifyInstance } from 'fastify'
import { addAlerts } from './alerts/alerts.routes.ts'
import { addAnomalies } from './anomalies/anomalies.routes.ts'
import { addBackups } from './backups/backups.routes.ts'
import { addDrills } from './drills/drills.routes.ts'
import { addEvents } from './events/events.routes.ts'
import { addHolds } from './holds/holds.routes.ts'
import { addHealth } from './health/health.routes.ts'
import type { House } from './house.ts'
import { addJobs } from './jobs/jobs.routes.ts'
import { addNotices } from './notices/notices.routes.ts'
import { addAudit } from './audit/audit.routes.ts'
import { addRepositories } from './repositories/repositories.routes.ts'
import { addMasks } from './masks/masks.routes.ts'
import { addRecords } from './records/records.routes.ts'
import { addRetention } from './retention/retention.routes.ts'
import { addRestores } from './restores/restores.routes.ts'
import { addSystems } from './systems/systems.routes.ts'
import { addService } from './http/service.routes.ts'
import { addSchedules } from './schedules/schedules.routes.ts'
import { addSignatures } from './signatures/signatures.routes.ts'
import { addScreen } from './screen/screen.routes.ts'
import { addSpace } from './space/space.routes.ts'
import { addSelfBackup } from './self-backup/self-backup.ts'
import { addPeople } from './people/people.routes.ts'
import { addSignIn } from './people/sign-in.routes.ts'
import { addVerification } from './verification/verification.routes.ts'
import { addTenants } from './tenants/tenants.routes.ts'

/** Serves the endpoints of one capability. */
export type AddRoutes = (app: FastifyInstance, house: House) => void

/** THE LIST: a new capability is one folder and one line here. A slice uses the doors of those above it only. */
export const slices: readonly AddRoutes[] = [
  // In this order, one on a line.
  addService,
  addSignIn,
  addPeople,
  addTenants,
  addSignatures,
  addEvents,
  addRepositories,
  addSystems,
  addJobs,
  addAudit,
  addHolds,
  addRetention,
  addBackups,
  addRestores,
  addRecords,
  addMasks,
  addSchedules,
  addAnomalies,
  addDrills,
  addAlerts,
  addNotices,
  addSpace,
  addHealth,
  addVerification,
  addSelfBackup,
  addScreen,
]
