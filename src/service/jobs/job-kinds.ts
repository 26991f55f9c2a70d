import type { AnyJobKind } from './job-kind.ts'
import { backupKind } from './kinds/backup.ts'
import { exportKind } from './kinds/export.ts'
import { importKind } from './kinds/import.ts'
import { removeKind } from './kinds/remove.ts'
import { repositoryCheckKind } from './kinds/repository-check.ts'
import { verifyKind } from './kinds/verify.ts'

/** THE LIST: a new kind of job is a file in `kinds/`, one in `work/`, and one line here. */
export const jobKinds: readonly AnyJobKind[] = [
  // One on a line.
  repositoryCheckKind,
  backupKind,
  verifyKind,
  exportKind,
  importKind,
  removeKind,
]
