import type { AddCommand } from './command.ts'

/**
 * THE LIST: a new command is one file and one line here. A command is loaded only when it is the one that was asked for:
 * loading all of them takes longer than a small backup.
 */
export const commands: Readonly<Record<string, () => Promise<AddCommand>>> = {
  repository: async () => (await import('#cli/commands/repository.ts')).addRepository,
  backup: async () => (await import('#cli/commands/backup.ts')).addBackup,
  backups: async () => (await import('#cli/commands/backups.ts')).addBackups,
  health: async () => (await import('#cli/commands/health.ts')).addHealth,
  space: async () => (await import('#cli/commands/space.ts')).addSpace,
  verify: async () => (await import('#cli/commands/verify.ts')).addVerify,
  restore: async () => (await import('#cli/commands/restore.ts')).addRestore,
  drill: async () => (await import('#cli/commands/drill.ts')).addDrill,
  forget: async () => (await import('#cli/commands/forget.ts')).addForget,
  history: async () => (await import('#cli/commands/history.ts')).addHistory,
  entities: async () => (await import('#cli/commands/entities.ts')).addEntities,
  masks: async () => (await import('#cli/commands/masks.ts')).addMasks,
  export: async () => (await import('#cli/commands/export.ts')).addExport,
  import: async () => (await import('#cli/commands/import.ts')).addImport,
  'set-up': async () => (await import('#cli/commands/set-up.ts')).addSetUp,
  people: async () => (await import('#cli/commands/people.ts')).addPeople,
  login: async () => (await import('#cli/commands/login.ts')).addLogin,
  logout: async () => (await import('#cli/commands/login.ts')).addLogout,
  jobs: async () => (await import('#cli/commands/jobs.ts')).addJobs,
  alerts: async () => (await import('#cli/commands/alerts.ts')).addAlerts,
  schedules: async () => (await import('#cli/commands/schedules.ts')).addSchedules,
  retention: async () => (await import('#cli/commands/retention.ts')).addRetention,
  holds: async () => (await import('#cli/commands/holds.ts')).addHolds,
  serve: async () => (await import('#cli/commands/serve.ts')).addServe,
  catalog: async () => (await import('#cli/commands/catalog.ts')).addCatalog,
  audit: async () => (await import('#cli/commands/audit.ts')).addAudit,
  worker: async () => (await import('#cli/commands/worker.ts')).addWorker,
  dump: async () => (await import('#cli/commands/dump.ts')).addDump,
}
